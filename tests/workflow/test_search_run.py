"""A random search is part of the run: draws, the best, and the main training that has it."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
import yaml
from small_study import Workflow, checkout
from test_table import CONFIG as TABLE
from test_table import write_table

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("search")]

CONFIG = {
    **TABLE,
    "dataset": {"split": {"scheme": "holdout"}},
    "benchmark": {"losses": ["exp", "dynlocrep"], "norms": [], "null": ["exp"]},
    "training": {**TABLE["training"], "seeds": [0, 1]},
    "search": {
        "draws": 2,
        "rows": {
            "exp": {"sigma": {"low": 0.5, "high": 9, "kind": "float"}},
            "dynlocrep": {"nn_final": {"low": 1, "high": 7, "kind": "integer"}},
        },
    },
}
REPORT = {"Writing the tables", "Drawing the figures", "Writing the page"}
REPORT |= {"Making models for new scans"}
REPORT |= {"Adding up what the jobs took", "Evaluating: intervals"}


@pytest.fixture(scope="module")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("search") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    return workflow


@pytest.fixture(scope="module")
def done(small: Workflow) -> Workflow:
    finished = small.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return small


def follows(row: str) -> set[str]:
    """What is to be done once the draws of a row have changed; exp has a null."""
    return {
        f"Asking whether all draws of {row} can run",
        f"Choosing settings of {row}, split 0, fold 0",
        "Writing the table of the search",
        *retrained(row),
        *(retrained("exp-null") if row == "exp" else ()),
        *REPORT,
    }


def retrained(row: str) -> set[str]:
    jobs = {f"Training {row}, seed {seed}, fold 0" for seed in (0, 1)}
    return jobs | {f"Probing {row}"}


def draws(row: str, *numbers: int) -> set[str]:
    jobs = {f"Training draw {number} of {row}, split 0, fold 0" for number in numbers}
    return jobs | {f"Scoring the draws of {row}, split 0, fold 0"}


def planned(workflow: Workflow, **search) -> set[str]:
    config = copy.deepcopy(CONFIG)
    config["search"].update(search)
    (workflow.folder / "changed.yaml").write_text(yaml.safe_dump(config))
    return workflow.jobs("changed.yaml")


def test_every_main_training_has_the_settings_of_the_best_draw(done):
    results = done.folder / "results/small"
    table = read_tsv(results / "tables/search.tsv")
    assert len(table) == 4
    for row, name in (("exp", "sigma"), ("dynlocrep", "nn_final")):
        best = read_json(results / f"search/{row}/split-0/fold-0/best.json")
        mine = table[table["row"] == row]
        assert best["validation_mae"] == pytest.approx(mine["validation_mae"].min())
        assert mine.loc[mine["chosen"], "draw"].tolist() == [best["draw"]]
        for seed in (0, 1):
            path = results / f"training/{row}/seed-{seed}/fold-0/model.pt"
            settings = torch.load(path, weights_only=True)["settings"]["loss"]
            assert settings[name] == best["settings"][name]


def test_no_draw_has_features_of_a_test_scan(done):
    import numpy as np

    results = done.folder / "results/small"
    (fold,) = read_json(results / "dataset/splits/seed-0.json")["folds"]
    draws = sorted(results.glob("search/*/split-0/fold-0/draw-*"))
    assert len(draws) == 4
    for folder in draws:
        with np.load(folder / "features.npz") as stored:
            assert sorted(stored["scan_id"]) == sorted(fold["train"])
        tested = set(read_tsv(folder / "predictions.tsv")["scan_id"])
        assert tested == set(fold["train"])
        assert not (folder / "model.pt").exists(), "weights of draws are not kept"


def test_the_page_shows_the_search(done):
    html = (done.folder / "results/small/report.html").read_text()
    assert 'id="table-search"' in html
    assert 'id="figure-search"' in html


def test_nothing_is_left_to_do(done):
    assert done.jobs() == set()


def test_more_draws_train_the_new_ones_and_what_follows(done):
    expected = follows("exp") | follows("dynlocrep") | draws("exp", 2) | draws("dynlocrep", 2)
    assert planned(done, draws=3) == expected


def test_another_range_searches_its_row_again_and_no_other(done):
    rows = {**CONFIG["search"]["rows"], "exp": {"sigma": [1, 20]}}
    expected = follows("exp") | draws("exp", 0, 1)
    assert planned(done, rows=rows) == expected


def test_a_row_that_is_no_longer_searched_is_trained_as_configured(done):
    rows = {"dynlocrep": CONFIG["search"]["rows"]["dynlocrep"]}
    jobs = planned(done, rows=rows)
    assert {f"Training exp, seed {seed}, fold 0" for seed in (0, 1)} <= jobs
    assert not [job for job in jobs if "draw" in job or "dynlocrep" in job]


def test_a_range_that_cannot_be_drawn_from_is_named_before_the_first_job(small):
    config = copy.deepcopy(CONFIG)
    config["search"]["rows"] = {"exp": {"sigma": {"low": 3, "high": 1, "kind": "float"}}}
    (small.folder / "wrong.yaml").write_text(yaml.safe_dump(config))
    failed = small.run("-n", config="wrong.yaml")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "search.rows.exp.sigma: low 3 is above high 1" in printed
    assert "Traceback" not in printed
