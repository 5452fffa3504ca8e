"""An experiment of made-up files, reported on once for all tests that only look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import synthetic

from contrage.report.figures import figures
from contrage.report.page import page
from contrage.report.tables import tables


@dataclass
class Report:
    """A made-up experiment and the steps to report on it."""

    root: Path
    settings: dict[str, Any]

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

    def make_tables(self) -> None:
        names = ("mae", "norms", "baselines", "alphas", "cohort", "runtimes")
        tables(
            self.settings,
            results=self.results,
            scans=self.path("dataset", "scans.tsv"),
            excluded=self.path("dataset", "excluded.tsv"),
            excluded_table=self.path("tables", "excluded.tsv"),
            derivatives=self.derivatives,
            cohort_scans=self.derivatives / "scans.tsv",
            **{name: self.path("tables", f"{name}.tsv") for name in names},
        )

    def make_figures(self) -> None:
        figures(
            self.settings,
            results=self.results,
            scans=self.path("dataset", "scans.tsv"),
            derivatives=self.derivatives,
            output=self.path("figures"),
        )

    def make_page(self, **more: Any) -> None:
        page(
            self.settings,
            tables=self.path("tables"),
            figures=self.path("figures"),
            results=self.results,
            output=self.path("report.html"),
            **more,
        )


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A full report; tests must not change it."""
    report = Report(tmp_path_factory.mktemp("whole"), synthetic.settings())
    synthetic.write_experiment(report.root)
    report.make_tables()
    report.make_figures()
    report.make_page()
    return report


@pytest.fixture
def bare(tmp_path: Path) -> Report:
    """An experiment without images, snapshots or ablation, to be changed at will."""
    settings = synthetic.settings() | {"norm_rows": {}, "rows": ["exp", "dynlocrep"]}
    report = Report(tmp_path, settings)
    synthetic.write_experiment(tmp_path, n_images=0, embedding=False)
    return report
