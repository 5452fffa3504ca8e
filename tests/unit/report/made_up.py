"""An experiment of made-up files and the steps to report on it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import pytest
import synthetic
from PIL import Image

from contrage.imaging.template.source import NILEARN
from contrage.layout import Results
from contrage.report import figures as all_figures
from contrage.report.figures import figures
from contrage.report.maps import maps
from contrage.report.page import page
from contrage.report.runtimes import runtimes
from contrage.report.tables import tables
from contrage.settings.build import as_plain, build, fields_of
from contrage.settings.steps.page import PageStep
from contrage.settings.steps.report import FiguresStep, MapsStep, RuntimesStep, TablesStep
from contrage.tables import read_tsv
from contrage.target import Target
from contrage.target_words import TargetInWords

Step = TypeVar("Step")
NAMES = ("mae", "norms", "baselines", "alphas", "cohort")


@contextmanager
def undrawn() -> Iterator[None]:
    """Let figures be saved without being drawn: only their words are looked at."""
    dot = io.BytesIO()
    Image.new("L", (1, 1)).save(dot, "PNG")

    def savefig(self, file: Path, **_: Any) -> None:
        Path(file).write_bytes(dot.getvalue())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", savefig)
        yield


@contextmanager
def chosen(only: tuple[str, ...]) -> Iterator[None]:
    """Let there be no other figures than those that functions of these names draw, if any."""
    every = {draw.__name__: draw for draw in all_figures.drawings()}
    with pytest.MonkeyPatch.context() as patch:
        if only:
            patch.setattr(all_figures, "drawings", lambda: [every[name] for name in only])
        yield


@dataclass
class Report:
    """A made-up experiment and the steps to report on it."""

    root: Path
    settings: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """The whole configuration, to be changed by tests."""
        return self.settings["config"]

    def asked(self, kind: type[Step]) -> Step:
        """What the rules would ask of a step."""
        config = self.config
        found = self.settings | {
            "target": config["target"],
            "statistics": config["statistics"],
            "quality": config["preprocessing"]["quality"],
            "image": config["cohort"]["image"],
            "grid_mm": config["preprocessing"]["registration"]["voxel_mm"],
            "factor": 4,
            "template": as_plain(NILEARN.settings()),
            "truth": config["cohort"]["source"] == "phantom",
            "search": config["search"]["rows"],
            "recorded": None,
            "show_ids": config["report"]["show_ids"],
            "embedding_method": config["report"]["embedding_method"],
        }
        if fields_of(kind).get("target") is Target:  # no words and no unit
            found["target"] = as_plain(TargetInWords(**config["target"]).learned)
        return build(kind, {name: found[name] for name in fields_of(kind)})

    @property
    def results(self) -> Path:
        return self.root / "results" / "demo"

    @property
    def derivatives(self) -> Path:
        return self.root / "results" / "derivatives" / "phantom"

    @property
    def html(self) -> str:
        return (self.results / "report.html").read_text(encoding="utf-8")

    def path(self, *parts: str) -> Path:
        return self.results.joinpath(*parts)

    def named(self, pattern: str) -> list[Path]:
        """What the rules name of a kind, by rows, seeds and folds."""
        norms, nulls = self.settings["norm_rows"], self.settings["null_rows"]
        rows = dict.fromkeys([*self.settings["rows"], *norms.values(), *nulls])
        seeds, folds = self.settings["seeds"], self.settings["folds"]
        places = product(rows, seeds, folds if "{fold}" in pattern else [0])
        return [self.path(pattern.format(row=r, seed=s, fold=f)) for r, s, f in places]

    def files(self, pattern: str) -> list[Path]:
        """The same, as far as a test wrote them."""
        return [file for file in self.named(pattern) if file.is_file()]

    def snapshots(self) -> list[Path]:
        seed = self.settings["seeds"][0]
        of = product(self.settings["embedding_rows"], synthetic.EPOCHS)
        names = [Results.snapshot.format(row=r, seed=seed, fold=0, epoch=e) for r, e in of]
        return [self.path(name) for name in names if self.path(name).is_file()]

    def tables(self) -> list[Path]:
        names = [*NAMES, "excluded", "runtimes", *["search"] * bool(self.config["search"]["rows"])]
        source = self.config["cohort"]["source"]
        names += ["site"] * (source not in ("table", "arrays"))
        names += self.settings["evaluations"]
        files = [self.path("tables", f"{name}.tsv") for name in names]
        return [file for file in files if file.is_file()]

    def make_tables(self) -> None:
        tables(
            self.asked(TablesStep),
            predictions=self.named(Results.predictions),
            metrics=self.named(Results.metrics),
            of_baselines=[
                self.path(Results.baselines.format(seed=seed)) for seed in self.settings["seeds"]
            ],
            scans=self.path("dataset", "scans.tsv"),
            excluded=self.path("dataset", "excluded.tsv"),
            excluded_table=self.path("tables", "excluded.tsv"),
            **{name: self.path("tables", f"{name}.tsv") for name in NAMES},
        )
        runtimes(
            self.asked(RuntimesStep),
            scans=self.derivatives / "scans.tsv",
            results=self.results,
            derivatives=self.derivatives,
            table=self.path("tables", "runtimes.tsv"),
        )

    def make_maps(self) -> None:
        """Write the maps of all people; without this there are none, as with a table."""
        scans = self.path("dataset", "scans.tsv")
        maps(
            self.asked(MapsStep),
            scans=scans,
            array=synthetic.write_array(self.root, read_tsv(scans)),
            attributions=sorted(self.path("saliency").glob("*/attributions.npz")),
            output=self.path(Results.maps),
        )

    @property
    def maps(self) -> Path | None:
        return self.path(Results.maps) if self.path(Results.maps).is_dir() else None

    def make_figures(self, *only: str, drawn: bool = True) -> None:
        """Make all figures, or those that are named; without `drawn` their words alone."""
        with chosen(only), nullcontext() if drawn else undrawn():
            figures(
                self.asked(FiguresStep),
                predictions=self.files(Results.predictions),
                curves=str(self.path(Results.curve)),
                snapshots=self.snapshots(),
                attributions=sorted(self.path("saliency").glob("*/attributions.npz")),
                tables=self.tables(),
                scans=self.path("dataset", "scans.tsv"),
                derivatives=self.derivatives,
                maps=self.maps,
                output=self.path("figures"),
            )

    def make_page(self, **more: Any) -> None:
        page(
            self.asked(PageStep),
            tables=self.tables(),
            figures=self.path("figures"),
            predictions=self.files(Results.predictions),
            metrics=self.files(Results.metrics),
            curves=str(self.path(Results.curve)),
            scans=self.path("dataset", "scans.tsv"),
            output=self.path("report.html"),
            **({"maps": self.maps} | more),
        )
