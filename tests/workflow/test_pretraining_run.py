"""Pre-training on generated T1s, then fine-tuning on the maps of ten other phantoms."""

from __future__ import annotations

import re

import numpy as np
import pytest
import yaml
from small_study import TINY, Workflow

from contrage.plan.pretraining import merged
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]

REPORT = {"Writing the tables", "Drawing the figures", "Writing the page"}
REPORT |= {"Making models for new scans"}
REPORT |= {"Adding up what the jobs took", "Evaluating: intervals"}
COARSE = {key: TINY["cohort"]["phantom"][key] for key in ("t1_voxel_mm", "stiffness_voxel_mm")}
CONFIG = TINY | {
    "experiment": "tuned",
    "benchmark": {"losses": ["dynlocrep"], "norms": [], "pretrained": ["dynlocrep"]},
    "pretraining": {
        "cohort": {"name": "t1s", "phantom": {"participants": 10, **COARSE}},
        "training": {"epochs": 2, "batch_size": 4},
    },
}
BEFORE = {"Pre-training: Training exp, seed 0, fold 0", "Pre-training: Probing exp"}
TUNED = {"Training dynlocrep-pretrained, seed 0, fold 0", "Probing dynlocrep-pretrained"}
PLAIN = {"Training dynlocrep, seed 0, fold 0", "Probing dynlocrep"}


@pytest.fixture(scope="module")
def tuned(phantoms: Workflow) -> Workflow:
    (phantoms.folder / "tuned.yaml").write_text(yaml.safe_dump(CONFIG))
    done = phantoms.run(config="tuned.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return phantoms


ASKED = {"Asking whether trainings can run"}


def planned(workflow: Workflow, change: dict) -> set[str]:
    """Return the jobs that a changed configuration plans."""
    (workflow.folder / "changed.yaml").write_text(yaml.safe_dump(merged(CONFIG, change)))
    return workflow.jobs("changed.yaml")


def test_the_same_row_stands_in_the_table_with_and_without_it(tuned: Workflow):
    results = tuned.folder / "results"
    table = read_tsv(results / "tuned/tables/mae.tsv")
    assert table["loss"].tolist() == ["dynlocrep", "dynlocrep-pretrained"]
    features = [
        np.load(results / f"tuned/features/{row}/seed-0/fold-0.npz")["features"]
        for row in table["loss"]
    ]
    assert np.abs(features[0] - features[1]).max() > 1e-3
    log = results / "tuned/logs/train/dynlocrep-pretrained/seed-0_fold-0.log"
    assert "starts from results/tuned-pretraining/training/exp/seed-0" in log.read_text()
    assert "starts from" not in log.parent.with_name("dynlocrep").joinpath(log.name).read_text()


def test_pretraining_is_on_the_t1s_of_its_own_cohort(tuned: Workflow):
    results = tuned.folder / "results"
    assert (results / "derivatives/t1s/array/T1w_res-8.npy").is_file()
    assert not (results / "derivatives/t1s/array/stiffness_res-8.npy").exists()
    ages = [
        read_tsv(results / f"{run}/dataset/scans.tsv")["age"]
        for run in ("tuned", "tuned-pretraining")
    ]
    assert ages[0].tolist() != ages[1].tolist(), "the same numbers, but other people"
    assert not read_tsv(results / "tuned-pretraining/dataset/excluded.tsv").size


def test_the_report_says_how_good_the_start_was(tuned: Workflow):
    page = (tuned.folder / "results/tuned/report.html").read_text()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "DynLocRep, pre-trained" in text
    assert "pre-trained with Exponential for 2 epochs on the T1w images of the cohort t1s" in text
    assert re.search(r"\(10 scans\); on the 2 held out of these its error is \d", text)
    assert "with one loss" in text


def test_a_second_run_has_nothing_to_do(tuned: Workflow):
    assert planned(tuned, {}) == set()


def test_another_loss_to_tune_with_leaves_the_pretraining_alone(tuned: Workflow):
    jobs = planned(tuned, {"losses": {"dynlocrep": {"sigma": 5.0}}})
    assert jobs == PLAIN | TUNED | REPORT


def test_another_pretraining_is_followed_by_what_starts_from_it_alone(tuned: Workflow):
    for change, asked in (
        ({"pretraining": {"training": {"epochs": 3}}}, ASKED),
        ({"losses": {"exp": {"sigma": 5.0}}}, set()),
    ):
        assert planned(tuned, change) == BEFORE | TUNED | REPORT | asked


def test_without_it_nothing_of_it_is_planned(tuned: Workflow):
    jobs = planned(tuned, {"benchmark": {"pretrained": []}})
    assert jobs == REPORT | ASKED, "another row is asked about, not trained"


def test_a_trained_model_is_a_file_to_start_from(tuned: Workflow):
    file = "results/tuned-pretraining/training/exp/seed-0/fold-0/model.pt"
    change = {"training": {"start_from": file}, "benchmark": {"pretrained": []}}
    assert planned(tuned, change) == PLAIN | REPORT | ASKED


def test_a_mistake_in_the_block_is_named_before_the_first_job(tuned: Workflow):
    for change, message in (
        ({"training": {"epocs": 3}}, "pretraining.training.epocs: no such key"),
        ({"loss": "expo"}, "no loss 'expo'"),
        ({"cohort": {"phantom": {"seed": 2024}}}, "nobody of the cohort t1s is left"),
    ):
        wrong = merged(CONFIG, {"pretraining": change})
        (tuned.folder / "wrong.yaml").write_text(yaml.safe_dump(wrong))
        failed = tuned.run("-n", config="wrong.yaml")
        assert failed.returncode != 0
        assert message in failed.stdout + failed.stderr
