"""Rows that learn permuted ages, and penalties chosen on unseen people, as parts of a run."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_study import Workflow, checkout
from test_table import CONFIG as TABLE
from test_table import write_table

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("null")]

CONFIG = {
    **TABLE,
    "dataset": {"split": {"scheme": "kfold", "folds": 2}},
    "benchmark": {"losses": ["l1", "exp"], "norms": [], "null": ["exp"]},
    "training": {**TABLE["training"], "batch_size": 6},
    "probe": {"alpha": "unseen"},
}
REPORT = {"Writing the tables", "Drawing the figures", "Writing the page"}
REPORT |= {"Making models for new scans"}
REPORT |= {"Adding up what the jobs took", "Evaluating: intervals"}
ROWS = ("l1", "exp", "exp-null")
PROBES = {f"Probing {row}" for row in ROWS}


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("null") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    finished = workflow.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


def results(done: Workflow) -> Path:
    return done.folder / "results/small"


def planned(workflow: Workflow, block: str, **changes) -> set[str]:
    config = copy.deepcopy(CONFIG)
    config[block] = {**config[block], **changes}
    (workflow.folder / "changed.yaml").write_text(yaml.safe_dump(config))
    return workflow.jobs("changed.yaml")


def test_the_null_learned_other_ages_and_was_tested_on_the_true_ones(done):
    true = read_tsv(results(done) / "dataset/scans.tsv").set_index("scan_id")["age"]
    frame = read_tsv(results(done) / "predictions/exp-null/seed-0.tsv")
    for _, fold in frame.groupby("fold"):
        test, training = (fold[fold["split"] == side] for side in ("test", "train"))
        assert (test["age"].to_numpy() == true[test["scan_id"]].to_numpy()).all()
        ages = true[training["scan_id"]].to_numpy()
        assert sorted(training["age"]) == sorted(ages)
        assert (training["age"].to_numpy() == ages).mean() < 0.5


def test_who_chose_the_penalty_has_no_feature_of_a_test_scan(done):
    folds = read_json(results(done) / "dataset/splits/seed-0.json")["folds"]
    for row in ROWS:
        for entry in folds:
            place = results(done) / f"unseen/{row}/seed-0/fold-{entry['fold']}"
            with np.load(place / "features.npz") as stored:
                assert sorted(stored["scan_id"]) == sorted(entry["train"])
            assert not (place / "model.pt").exists(), "its weights are not kept"


def test_tables_and_page_tell_of_both(done):
    folder = results(done)
    assert read_tsv(folder / "tables/mae.tsv")["loss"].tolist() == ["l1", "exp"]
    assert "exp-null" in set(read_tsv(folder / "tables/baselines.tsv")["baseline"])
    assert set(read_tsv(folder / "tables/alphas.tsv")["loss"]) == set(ROWS)
    jobs = read_tsv(folder / "tables/runtimes.tsv").set_index("step")["jobs"]
    assert jobs[["train", "unseen_train", "unseen_split", "null_ages"]].tolist() == [6, 6, 4, 2]
    html = (folder / "report.html").read_text()
    assert "Exponential on permuted ages" in html
    assert "its penalty chosen on people from whom a second encoder had not learned" in html


def test_nothing_is_left_to_do(done):
    assert done.jobs() == set()


def test_other_candidates_repeat_probes_and_no_training(done):
    jobs = planned(done, "probe", unseen={"alphas": [1, 1000]})
    assert jobs == PROBES | REPORT | {"Fitting the baselines, seed 0"}


def test_the_authors_choice_trains_nothing(done):
    jobs = planned(done, "probe", alpha="training")
    assert jobs == PROBES | REPORT | {"Fitting the baselines, seed 0"}


def test_a_further_seed_trains_itself_alone_and_repeats_the_probes(done):
    jobs = planned(done, "training", seeds=[0, 1])
    trained = {job for job in jobs if job.startswith("Training")}
    assert len(trained) == 2 * 2 * len(ROWS) and all(", seed 1, fold" in job for job in trained)
    assert jobs >= PROBES and "Fitting the baselines, seed 0" not in jobs


def test_another_row_of_the_null_trains_that_row_alone(done):
    jobs = planned(done, "benchmark", null=["l1"])
    assert {f"Training l1-null, seed 0, fold {fold}" for fold in (0, 1)} <= jobs
    assert not [job for job in jobs if job.startswith("Training") and "l1-null" not in job]


@pytest.mark.parametrize(
    ("block", "changes", "said"),
    [
        ("benchmark", {"null": ["rnc"]}, "benchmark.null: rnc is not among benchmark.losses"),
        ("probe", {"unseen": {"fraction": 0.01}}, "probe.unseen.fraction: 0.01 of the 20 training"),
        ("training", {"batch_size": 17}, "are to learn from for the probe's penalty"),
    ],
)
def test_what_cannot_work_is_told_before_the_first_job(done, block, changes, said):
    config = copy.deepcopy(CONFIG)
    config[block] = {**config[block], **changes}
    (done.folder / "wrong.yaml").write_text(yaml.safe_dump(config))
    failed = done.run("-n", config="wrong.yaml")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert said in printed
    assert "Traceback" not in printed
