"""What the figures are drawn from, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from contrage import modalities
from contrage.evaluation.given import by_row
from contrage.files import read_image
from contrage.layout import Results, preproc_file
from contrage.modalities import Modality
from contrage.report.elements.searched import read_draws
from contrage.report.planned import by_name, curves_by_row, snapshots_by_row
from contrage.report.style import GREY, INK, NO_SITE, STUDY_COLOURS, loss_colours, study_colours
from contrage.settings.steps.report import FiguresStep
from contrage.tables import read_tsv
from contrage.target import Target
from contrage.target_words import TargetInWords

SHARED = ("mae", "norms", "baselines")
OF_EVALUATIONS = ("gap", "gap_people", "roc", "roc_curves", "slopes", "slopes_people")
OF_EVALUATIONS += ("calibration", "calibration_curve", "against_diagnosis", "intervals")
OF_EVALUATIONS += ("lipschitz", "lipschitz_people", "lipschitz_draws", "logits_curves", "saliency")
"""Tables that figures are drawn from."""

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass
class Ingredients:
    """Settings, files and tables of one experiment.

    Parameters
    ----------
    settings : FiguresStep
    derivatives, output : Path
        Folders: the cohort's images, the figures.
    scans : DataFrame
        One row per scan in the data set.
    rows : list of str
        The loss configurations, in the order of the MAE table (best first).
    tables : dict
        mae, norms and baselines, and those of evaluations, where they exist; search, the draws of
        its rows.
    predictions_of, curves_of : dict
        Row → files, seed by seed and fold by fold.
    snapshots_of : dict
        Row → epoch → features of the watched training after it.
    attributions_of : dict
        Row → what the step saliency found.
    maps : Path or None
        The folder of the maps of all people.
    """

    settings: FiguresStep
    derivatives: Path
    output: Path
    scans: pd.DataFrame
    rows: list[str]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    predictions_of: dict[str, list[Path]] = field(default_factory=dict)
    curves_of: dict[str, list[Path]] = field(default_factory=dict)
    snapshots_of: dict[str, dict[int, Path]] = field(default_factory=dict)
    attributions_of: dict[str, list[Path]] = field(default_factory=dict)
    maps: Path | None = None

    @property
    def target(self) -> TargetInWords:
        """What is predicted."""
        return self.settings.target

    @property
    def targets(self) -> pd.Series:
        """Its value for every scan."""
        return target_of(self.scans, self.target)

    @property
    def loss_colours(self) -> dict[str, str]:
        """Colour of every row, ablation included."""
        return loss_colours([*self.settings.rows, *self.settings.norm_rows.values()])

    @property
    def study_colours(self) -> dict[str, str]:
        """Colour of every study; empty if the cohort names none."""
        return study_colours(self.scans["site"]) if "site" in self.scans else {}

    def grouped(
        self, data: pd.DataFrame, *, most: int = len(STUDY_COLOURS), counted: bool = False
    ) -> tuple[pd.DataFrame, dict[str, str]]:
        """Return rows with a column ``group``, and the colour of every group: their studies.

        All rows are one group without studies, and with too many to tell their colours apart.
        """
        colours = self.study_colours
        if not 0 < len(colours) <= most:
            colours, data = {"all scans": INK}, data.assign(group="all scans")
        else:
            colours, data = (
                colours | {NO_SITE: GREY},
                data.assign(group=data["site"].fillna(NO_SITE)),
            )
        sizes = data["group"].value_counts()
        names = {g: f"{g} ({sizes[g]})" if counted else g for g in colours if g in sizes}
        return data.replace({"group": names}), {names[g]: colours[g] for g in names}

    @property
    def map_name(self) -> str:
        """The image trained on, as in its file name."""
        return self.settings.image

    @property
    def kind(self) -> Modality:
        """The words for it."""
        return modalities.load(self.map_name)

    def predictions(self, row: str) -> list[pd.DataFrame]:
        """Predictions of a row, one frame per seed; their columns are target and predicted."""
        from contrage.evaluation.predictions import read

        return [read(path, self.target) for path in self.predictions_of.get(row, [])]

    def image(self, scan: str, name: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return a scan's image in template space and its affine, or None without the file.

        Parameters
        ----------
        scan : str
            ``sub-X`` or ``sub-X_ses-Y``.
        name : str
            stiffness, dampingratio, T1w, magnitude or mask.
        """
        if not self.has_image(scan, name):
            return None
        import numpy as np

        volume = read_image(self._image_path(scan, name))
        return np.asarray(volume.dataobj, dtype=np.float32), volume.affine

    def has_image(self, scan: str, name: str) -> bool:
        """Return whether the image is there; that of a scan that failed is an empty file."""
        path = self._image_path(scan, name)
        return path.is_file() and path.stat().st_size > 0

    def _image_path(self, scan: str, name: str) -> Path:
        return self.derivatives / preproc_file(scan, name, self.settings.grid_mm)


def target_of(scans: pd.DataFrame, target: Target) -> pd.Series:
    """Return the target of a table's scans as numbers, in the order of its lines."""
    import pandas as pd

    if not target.is_binary:
        return scans[target.column]
    return pd.Series(target.of(scans.to_dict("records"), "scans.tsv"), scans.index)


def gather(
    settings: FiguresStep,
    scans: Path,
    derivatives: Path,
    output: Path,
    *,
    tables: list[Path],
    predictions: list[Path] | None = None,
    curves: str = "",
    snapshots: list[Path] | None = None,
    attributions: list[Path] | None = None,
    maps: Path | None = None,
) -> Ingredients:
    """Read the tables that several figures share, and sort the files by row."""
    files = by_name(tables)
    found = {n: read_tsv(files[n]) for n in (*SHARED, *OF_EVALUATIONS) if n in files}
    found["search"] = read_draws(files.get("search"), settings.search)
    rows = list(settings.rows)
    trained = dict.fromkeys([*settings.rows, *settings.norm_rows.values()])
    if "mae" in found:
        rows = list(found["mae"].sort_values("mae_mean")["loss"])
    return Ingredients(
        settings,
        Path(derivatives),
        Path(output),
        read_tsv(scans),
        rows,
        found,
        by_row(Results.predictions, predictions),
        curves_by_row(curves, trained, settings.seeds, settings.folds) if curves else {},
        snapshots_by_row(snapshots),
        by_row(Results.attributions, attributions),
        Path(maps) if maps else None,
    )
