"""What an earlier run has left behind is not told: not its seeds, folds, rows, scans and rules."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic
from made_up import Report

from contrage.evaluation.given import by_row
from contrage.layout import Results
from contrage.report import trainings
from contrage.report.planned import curves_by_row
from contrage.tables import read_tsv, write_tsv

SEEDS = [5, 6]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """An experiment of the seeds 5 and 6, with images and snapshots."""
    settings = synthetic.settings(SEEDS) | {"rows": ["exp", "dynlocrep"], "norm_rows": {}}
    synthetic.write_experiment(tmp_path, seeds=SEEDS)
    folder = tmp_path / "results" / "demo" / "features" / "dynlocrep"
    (folder / "seed-0").rename(folder / "seed-5")
    return Report(tmp_path, settings)


def leave_behind(report: Report) -> None:
    """Put files of another seed, fold, epoch, row, scan and rule beside those of the run."""
    for kind, name in (("predictions", "seed-5.tsv"), ("metrics", "seed-5.json")):
        for seed in (0, 7):
            row = report.path(kind, "exp")
            shutil.copy(row / name, row / name.replace("5", str(seed)))
        shutil.copytree(report.path(kind, "exp"), report.path(kind, "another"))
    few = read_tsv(report.path("predictions", "exp", "seed-5.tsv")).head(9)
    write_tsv(report.path("predictions", "exp", "seed-0.tsv"), few)
    curve = read_tsv(report.path("training", "exp", "seed-5", "fold-0", "curve.tsv"))
    endless = curve.assign(loss=np.inf)
    for place in ("exp/seed-0/fold-0", "exp/seed-5/fold-1", "another/seed-5/fold-0"):
        write_tsv(report.path("training", *place.split("/"), "curve.tsv"), endless)
    features = report.path("features", "dynlocrep")
    shutil.copytree(features / "seed-5", features / "seed-0")
    shutil.copy(features / "seed-5/fold-0_epoch-20.npz", features / "seed-5/fold-0_epoch-40.npz")
    shutil.copy(report.path("baselines", "seed-5.tsv"), report.path("baselines", "seed-0.tsv"))
    line = pd.DataFrame([{"s": 9999.0, "max_rss": 1.0, "cpu_time": 1.0}])
    for name in ("train/exp/seed-0", "train/another/seed-5", "search_train/exp/draw-1"):
        write_tsv(report.path("benchmarks", f"{name}.tsv"), line)
    write_tsv(report.derivatives / "benchmarks/register/sub-99/sub-99.tsv", line)
    write_tsv(report.derivatives / "benchmarks/phantom/sub-001/sub-001.tsv", line)
    sidecar = sorted(report.derivatives.glob("sub-*/sub-*_desc-preproc.json"))[0]
    shutil.copy(sidecar, report.derivatives / "sub-099_desc-preproc.json")
    (report.derivatives / "sub-099").mkdir()
    shutil.copy(sidecar, report.derivatives / "sub-099" / "sub-099_desc-preproc.json")


def made(report: Report) -> dict[str, bytes]:
    report.make_tables()
    report.make_figures()
    report.make_page()
    files = [*report.path("tables").iterdir(), *report.path("figures").iterdir()]
    files.append(report.path("report.html"))
    return {str(file.relative_to(report.root)): file.read_bytes() for file in files}


def test_another_seed_fold_row_scan_and_rule_on_disk_give_the_same_bytes(report) -> None:
    alone = made(report)
    leave_behind(report)
    beside = made(report)
    assert beside.keys() == alone.keys()
    assert [name for name in alone if beside[name] != alone[name]] == []


def test_counts_and_warnings_go_by_the_seeds_and_folds_of_the_run(report) -> None:
    def of(pattern: str) -> dict[str, list[Path]]:
        return by_row(pattern, report.files(pattern))

    own = trainings.tested(of(Results.predictions), ["exp"])
    leave_behind(report)
    assert trainings.tested(of(Results.predictions), ["exp"]) == own == 12
    metrics, place = of(Results.metrics), str(report.path(Results.curve))
    rows, seeds = report.settings["rows"], report.settings["seeds"]
    curves = curves_by_row(place, rows, seeds, [0])
    assert trainings.broken(curves, ["exp", "dynlocrep"]) == []
    assert trainings.networks(metrics, rows)["loss"].tolist() == ["exp", "dynlocrep"]
    assert trainings.broken(curves_by_row(place, rows, seeds, [0, 1]), ["exp"]) == ["exp"]


def test_a_table_of_sites_of_an_earlier_cohort_of_scans_is_not_told(report) -> None:
    table = {"seen": "mask", "field_of_view": "own", "note": "there is only one site"}
    report.make_tables()
    write_tsv(report.path("tables", "site.tsv"), pd.DataFrame([table]))
    report.make_page()
    assert "No control of the" in report.html
    report.config["cohort"] |= {"source": "arrays", "image": "vbm"}
    report.make_page()
    assert "No control of the" not in report.html


def test_no_step_of_the_report_searches_a_folder(root) -> None:
    files = [file for file in (root / "workflow/contrage/report").rglob("*.py")]
    search = re.compile(r"\b(r?glob|iterdir|walk|scandir|listdir)\(")
    found = [file.name for file in files if search.search(file.read_text(encoding="utf-8"))]
    assert len(files) > 20 and found == []
