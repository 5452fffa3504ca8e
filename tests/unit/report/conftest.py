"""An experiment of made-up files, reported on once for all tests that only look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic
from made_up import Report

from contrage.evaluation.elements import element
from contrage.report import figures
from contrage.tables import write_tsv


@pytest.fixture(scope="session", autouse=True)
def flattened_once() -> Iterator[None]:
    """Take the t-SNE of the same features once: it is more than half of all that figures cost."""
    from contrage.report.elements import embedding

    found: dict[tuple[tuple[int, ...], bytes], np.ndarray] = {}
    flatten = embedding.flatten

    def remembered(features: np.ndarray) -> np.ndarray:
        key = features.shape, features.tobytes()
        if key not in found:
            found[key] = flatten(features)
        return found[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "flatten", remembered)
        yield


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A full report; tests must not change it."""
    report = Report(tmp_path_factory.mktemp("whole"), synthetic.settings())
    synthetic.write_experiment(report.root)
    report.make_tables()
    report.make_maps()
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


OF_EVERY_REPORT = {"predicted_vs_true", "training_curves", "histogram", "coverage", "quality"}
"""Figures that `whole` has, and that take most of the time of a report."""


@pytest.fixture
def evaluated(bare, monkeypatch):
    """Write tables of evaluations, and return the report on them, without what every one draws.

    Pictures are drawn where `drawn` says so; what they say is there in any case.
    """
    own = [each for each in figures.drawings() if each.__name__ not in OF_EVERY_REPORT]
    monkeypatch.setattr(figures, "drawings", lambda: own)

    def report(tables: dict[str, pd.DataFrame], drawn: bool = False):
        bare.make_tables()
        for name, table in tables.items():
            write_tsv(bare.path("tables", f"{name}.tsv"), table)
        told = {name: element(name) for name in tables}
        bare.settings["evaluations"] = {
            name: {"title": each.title, "columns": each.columns} for name, each in told.items()
        }
        bare.make_figures(drawn=drawn)
        bare.make_page()
        return bare

    return report
