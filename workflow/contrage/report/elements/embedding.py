"""Figure of the feature space at chosen epochs (Fig. 4)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contrage.dataset.roles import ALWAYS, LEARNED_FROM, NONE
from contrage.errors import SettingsError
from contrage.files import read_npz
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import GREY, INK, STUDY_COLOURS, Figure, loss_name, save
from contrage.tables import read_tsv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure as Canvas

NEIGHBOURS = 5
MOST_DISTANCES = 2**22
"""That are held at once."""
BY_TSNE, BY_UMAP = "tsne", "umap"
UMAP_NEIGHBOURS = 15
METHODS = {BY_TSNE: "t-SNE", BY_UMAP: "UMAP"}
NOT_TOLD, OTHERS, FAINT = "not told", "others", "#c5cad3"
KEPT = "kept"
STOPPED = (
    "Training stopped early: later epochs never were, and kept are the weights that the results "
    "come from."
)
MARKERS, SIZES = {"train": "o", "test": "^"}, {"train": 24, "test": 46}


def embedding(given: Ingredients) -> Figure | None:
    """Draw the features in a plane at each epoch that was kept."""
    import matplotlib.pyplot as plt

    shown = {row: _panels(given.snapshots_of.get(row, {})) for row in given.settings.embedding_rows}
    shown = {row: panels for row, panels in shown.items() if panels}
    if not shown:
        return None
    most = max(map(len, shown.values()))
    columns = {1: 1, 2: 2, 4: 2}.get(most, 3)
    lines = [list(panels.items())[i : i + columns] for panels in shown.values()
             for i in range(0, len(panels), columns)]  # fmt: skip
    owners = [row for row, panels in shown.items() for _ in range(0, len(panels), columns)]
    width = {1: 4.0, 2: 3.2}.get(columns, 2.4)
    canvas, grid = plt.subplots(
        len(lines), columns, squeeze=False, subplot_kw={"box_aspect": 1},
        figsize=(1.8 + width * columns, 0.6 + (width + 0.2) * len(lines)),
    )  # fmt: skip
    hue = _hue(given)
    for cells, row, panels in zip(grid, owners, lines, strict=True):
        for axes, (title, path) in zip(cells, panels, strict=False):
            gap = _panel(axes, given, row, path, hue)
            who = "" if len(shown) == 1 else f"{loss_name(row)}, "
            axes.set_title(f"{who}{title}{gap}", fontsize=9.5)
        for axes in cells[len(panels) :]:
            axes.set_axis_off()
    if hue.norm is not None:
        colours = plt.cm.ScalarMappable(hue.norm, hue.palette)
        canvas.colorbar(colours, ax=grid, label=given.target.label(), shrink=0.7, aspect=30)
    handles = [
        plt.Line2D([], [], ls="", marker=m, color=INK, label=f"{s} scans", ms=6)
        for s, m in MARKERS.items()
    ]
    for name, colour in hue.groups.items():
        handles.append(plt.Line2D([], [], ls="", marker="s", color=colour, label=name, ms=6))
    canvas.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
    return _saved(given, canvas, shown)


@dataclass(frozen=True)
class Hue:
    """What points are coloured by.

    Attributes
    ----------
    of_scan : Series
        By scan_id: the target, or the name of a group.
    palette : str or dict
        As seaborn takes it.
    norm : Normalize or None
        Of the target; None of groups.
    """

    of_scan: pd.Series
    palette: str | dict[str, str]
    norm: Normalize | None

    @property
    def groups(self) -> dict[str, str]:
        """Return group → colour; of a target none."""
        return {} if isinstance(self.palette, str) else self.palette


def _hue(given: Ingredients) -> Hue:
    """Return what points are coloured by; of many sites the smallest are one group."""
    import matplotlib.pyplot as plt

    ids = given.scans["scan_id"]
    by = given.settings.embedding_by
    if by == "target" or by not in given.scans:
        scale = plt.Normalize(given.targets.min(), given.targets.max())
        return Hue(given.targets.set_axis(ids), "viridis", scale)
    told = given.scans[by].astype(str).where(given.scans[by].notna(), NOT_TOLD)
    largest = [name for name in told.value_counts().index if name != NOT_TOLD]
    named = sorted(largest[: len(STUDY_COLOURS)])
    told = told.where(told.isin([*named, NOT_TOLD]), OTHERS)
    palette = dict(zip(named, STUDY_COLOURS, strict=False)) | {OTHERS: GREY, NOT_TOLD: FAINT}
    return Hue(told.set_axis(ids), {g: palette[g] for g in palette if g in set(told)}, None)


def _saved(given: Ingredients, canvas: Canvas, shown: dict[str, dict[str, Path]]) -> Figure:
    method = METHODS[given.settings.embedding_method]
    names = " and ".join(loss_name(row) for row in shown)
    titles = {row: list(panels) for row, panels in shown.items()}
    stopped = any(title.startswith(KEPT) for each in titles.values() for title in each)
    told = "; ".join(f"{loss_name(row)}: {', '.join(each)}" for row, each in titles.items())
    return save(
        canvas,
        given.output,
        "embedding",
        "Feature space during training",
        f"{method} of the encoder's features ({names}; {_which(given)}), coloured by "
        f"{_coloured_by(given)} and computed anew for each "
        "panel: position, direction and spread of the clouds mean nothing, only who is near whom. "
        f"Gap: mean difference in {given.target.word} between a test scan and its "
        f"{NEIGHBOURS} nearest training scans in the full feature space."
        + (f" {STOPPED}" if stopped else ""),
        f"{method} of features coloured by {_coloured_by(given)}. {told}.",
    )


def _coloured_by(given: Ingredients) -> str:
    by = given.settings.embedding_by
    return given.target.word if by == "target" or by not in given.scans else by


def _which(given: Ingredients) -> str:
    """Say of which of a row's trainings the features are."""
    fold = ", first fold" if len(given.settings.folds) > 1 else ""
    return f"seed {given.settings.seeds[0]}{fold}"


def _panels(files: dict[int, Path]) -> dict[str, Path]:
    """Return the features to draw by title: each epoch once, and none that an early stop cut off.

    In the place of such an epoch lie the features of the weights that were kept.
    """
    epochs = {asked: int(read_npz(path).get("epoch", asked)) for asked, path in files.items()}
    kept = next((epoch for asked, epoch in epochs.items() if epoch != asked), None)
    found = {epoch: files[asked] for asked, epoch in epochs.items()}
    return {
        f"{KEPT} (epoch {epoch})" if epoch == kept else f"epoch {epoch}": found[epoch]
        for epoch in sorted(found)
    }


def _panel(axes: Axes, given: Ingredients, row: str, path: Path, hue: Hue) -> str:
    import pandas as pd
    import seaborn as sns

    stored = read_npz(path)
    names, features = stored["scan_id"].astype(str), stored["features"].astype(float)
    targets = given.targets.set_axis(given.scans["scan_id"]).reindex(names).to_numpy()
    told = _split(given, row, path)
    split = told.reindex(names).fillna(NONE if len(told) else LEARNED_FROM).to_numpy()
    drawn = np.isin(split, ALWAYS)  # other people are in no comparison
    features, targets, split = features[drawn], targets[drawn], split[drawn]
    points = pd.DataFrame({"hue": hue.of_scan.reindex(names).to_numpy()[drawn], "split": split})
    by_umap = given.settings.embedding_method == BY_UMAP
    flat = (flatten_by_umap if by_umap else flatten)(features)
    points = points.join(pd.DataFrame(flat))
    points = points.sort_values("split", ascending=False)  # those tested on top
    small = 0.5 if len(points) > 300 else 1
    sns.scatterplot(
        points, x=0, y=1, hue="hue", hue_norm=hue.norm, palette=hue.palette, style="split",
        markers=MARKERS, size="split", sizes={side: small * SIZES[side] for side in SIZES},
        edgecolor=list(points["split"].map({"train": "white", "test": INK})), linewidth=0.5,
        legend=False, ax=axes,
    )  # fmt: skip
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.margins(0.08)
    axes.spines[:].set_visible(True)
    gap = neighbour_gap(features, targets, split == "test")
    told = f"{gap:.{given.target.digits + 1}f} {given.target.short_unit}".rstrip()
    return f"  ·  gap {told}" if np.isfinite(gap) else ""


def _split(given: Ingredients, row: str, path: Path) -> pd.Series:
    """Return the roles of scans by scan, in the first fold of the seed that `path` belongs to."""
    import pandas as pd

    files = given.predictions_of.get(row, [])
    table = next((file for file in files if file.stem == path.parent.name), None)
    if table is None:
        return pd.Series(dtype=str)
    frame = read_tsv(table)
    if "fold" in frame:
        frame = frame[frame["fold"] == frame["fold"].min()]
    return frame.drop_duplicates("scan_id").set_index("scan_id")["split"]


def flatten(features: np.ndarray) -> np.ndarray:
    """Return a t-SNE of the features in two dimensions, the same for the same features.

    Parameters
    ----------
    features : ndarray of shape (scans, features)

    Returns
    -------
    ndarray of shape (scans, 2)
    """
    from sklearn.manifold import TSNE

    perplexity = max(1.0, min(30.0, (len(features) - 1) / 3))
    start = "pca" if min(features.shape) >= 2 and features.std(axis=0).any() else "random"
    tsne = TSNE(perplexity=perplexity, init=start, random_state=0)
    return tsne.fit_transform(_scaled(features))


def flatten_by_umap(features: np.ndarray) -> np.ndarray:
    """Return a UMAP (McInnes et al., arXiv:1802.03426, 2018) in place of a t-SNE.

    Raises
    ------
    SettingsError
        Without the package.
    """
    try:
        umap = import_module("umap")  # an extra, which environments of rules do not bring
    except ImportError:
        raise SettingsError(
            "report.embedding_method: umap needs umap-learn; pip install 'contrage[umap]', or set "
            "it to tsne"
        ) from None
    neighbours = max(2, min(UMAP_NEIGHBOURS, len(features) - 1))
    start = "spectral" if len(features) > UMAP_NEIGHBOURS else "random"
    asked = {"n_neighbors": neighbours, "init": start, "random_state": 0, "n_jobs": 1}
    return umap.UMAP(**asked).fit_transform(_scaled(features))


def _scaled(features: np.ndarray) -> np.ndarray:
    """Return z-scores; a feature that is the same for all is 0."""
    spread = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1)


def neighbour_gap(features: np.ndarray, targets: np.ndarray, test: np.ndarray) -> float:
    """Return the mean difference in target of test scans to their nearest training scans.

    Parameters
    ----------
    features : ndarray of shape (scans, features)
    targets : ndarray of shape (scans,)
    test : boolean ndarray of shape (scans,)

    Returns
    -------
    float
        NaN without a test scan or with fewer training scans than neighbours.
    """
    if not test.any() or (~test).sum() < NEIGHBOURS:
        return float("nan")
    from scipy.spatial.distance import cdist

    asked, known = features[test], features[~test]
    rows = max(1, MOST_DISTANCES // len(known))  # all at once would fill a machine's memory
    parts = []
    for start in range(0, len(asked), rows):
        apart = cdist(asked[start : start + rows], known)
        parts.append(np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS])
    near = np.concatenate(parts)
    return float(np.abs(targets[~test][near] - targets[test][:, None]).mean())
