"""Second stages, from a table to the page: within an experiment and from one that has finished."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from small_study import Workflow, checkout
from test_table import CONFIG, write_table

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("stages")]

PROBE = {"loss": "l1", "train": "head", "head": [1], "epochs": 4, "learning_rate": 0.01}
ROWS = {
    "exp-tuned": {"from": {"row": "exp"}, "stage": {"loss": "l1", "epochs": 3}},
    "exp-probe": {"from": {"row": "exp"}, "stage": PROBE},
    "l1-equal": {"loss": "l1", "epochs": 5},
}


def config(**changes: Any) -> dict[str, Any]:
    whole = copy.deepcopy(CONFIG)
    whole["dataset"] = {"split": {"scheme": "kfold", "folds": 2}}
    whole["benchmark"]["losses"] = ["exp", *ROWS]
    return {**whole, "rows": copy.deepcopy(ROWS), **changes}


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("stages") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(config()))
    finished = workflow.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


def planned(workflow: Workflow, **changes: Any) -> set[str]:
    """Rows that would be trained or read again with these changes of the configuration."""
    (workflow.folder / "other.yaml").write_text(yaml.safe_dump(config(**changes)))
    said = workflow.jobs("other.yaml")
    words = r"(?:Training the stage|Training|Probing|Predicting with the heads of) ([a-z0-9-]+)"
    return {found[1] for line in said if (found := re.match(words, line))}


def test_predictions_of_a_stage_are_its_heads_and_everyone_is_tested_once(done):
    results = done.folder / "results/small"
    for row in ("exp-tuned", "exp-probe"):
        frame = read_tsv(results / f"predictions/{row}/seed-0.tsv")
        assert list(frame)[:4] == ["participant_id", "age", "predicted_age", "split"]
        assert "own_prediction" not in frame
        assert frame[frame["split"] == "test"]["participant_id"].is_unique
        told = read_json(results / f"metrics/{row}/seed-0.json")
        assert told["start_epochs"] == [2, 2]
    own = read_json(results / "metrics/l1-equal/seed-0.json")
    assert own["epochs"] == [5, 5] and "alpha" in own


def test_a_frozen_encoder_is_the_one_it_started_from(done):
    place = "training/{}/seed-0/fold-1/model.pt"
    before, after, tuned = (
        torch.load(done.folder / "results/small" / place.format(row), weights_only=True)["encoder"]
        for row in ("exp", "exp-probe", "exp-tuned")
    )
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not all(torch.equal(tuned[name], before[name]) for name in before)


def test_the_page_tells_of_a_stage_its_start_and_its_equal_epochs_control(done):
    html = (done.folder / "results/small/report.html").read_text()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert "These rows started from the encoder of another training" in text
    assert "none: what more epochs alone would bring is not known" in text
    assert "add to rows exp-probe-equal: {loss: l1, epochs: 6}" in text
    (cells,) = re.findall(r"<tr>(?:(?!</tr>).)*head alone.*?</tr>", html, re.S)
    assert ", 4 epochs, head alone" in cells and '<td class="word">2</td>' in cells
    (cells,) = re.findall(r"<tr>(?:(?!</tr>).)*encoder and head.*?</tr>", html, re.S)
    assert ", 3 epochs, encoder and head" in cells and "none" not in cells and "equal" in cells


def test_nothing_is_left_to_do(done):
    assert not done.jobs()


def test_another_setting_of_the_other_row_trains_the_stages_again_and_nothing_else(done):
    changed = {"losses": {"exp": {"temperature": 0.2}}}
    assert planned(done, **changed) == {"exp", "exp-tuned", "exp-probe"}


def test_an_edit_of_the_other_rows_loss_trains_the_stages_again_and_nothing_else(done):
    file = done.folder / "workflow/contrage/losses/exp.py"
    before = file.read_text()
    file.write_text(before + "\n# edited\n")
    try:
        assert planned(done) == {"exp", "exp-tuned", "exp-probe"}
    finally:
        file.write_text(before)


def test_another_setting_of_a_stage_trains_it_alone(done):
    rows = copy.deepcopy(ROWS)
    rows["exp-probe"]["stage"]["epochs"] = 5
    assert planned(done, rows=rows) == {"exp-probe"}
    rows = {**ROWS, "l1-equal": {"loss": "l1", "epochs": 6}}
    assert planned(done, rows=rows) == {"l1-equal"}


def test_a_start_may_be_of_an_experiment_that_has_finished(done):
    rows = {"tuned": {**ROWS["exp-tuned"], "from": {"row": "exp", "experiment": "small"}}}
    second = config(experiment="second", rows=rows)
    second["benchmark"]["losses"] = ["l1", "tuned"]
    (done.folder / "second.yaml").write_text(yaml.safe_dump(second))
    ran = done.run(config="second.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    page = (done.folder / "results/second/report.html").read_text()
    assert "of small" in page
    before = done.folder / "results/small/training/exp/seed-0/fold-0/model.pt"
    log = done.folder / "results/second/logs/train_stage/tuned/seed-0_fold-0.log"
    assert "tuned starts from exp of small (seed 0, fold 0): weights of epoch 2" in log.read_text()
    assert before.is_file()


def test_a_start_that_has_not_finished_is_refused_before_the_first_job(done):
    rows = {"tuned": {**ROWS["exp-tuned"], "from": {"row": "exp", "experiment": "never"}}}
    second = config(experiment="third", rows=rows)
    second["benchmark"]["losses"] = ["tuned"]
    (done.folder / "third.yaml").write_text(yaml.safe_dump(second))
    ran = done.run("-n", config="third.yaml")
    assert ran.returncode != 0
    assert "rows.tuned.from.experiment: never is not in this plan" in ran.stdout + ran.stderr


def test_a_diagnosis_is_learned_from_an_encoder_of_ages_of_other_people(done):
    lines = [line.split(",") for line in (done.folder / "regions.csv").read_text().splitlines()]
    table = [[*lines[0], "dx"]]
    for number, line in enumerate(lines[1:]):
        table.append([f"9{line[0]}", *line[1:], "AD" if number % 3 == 0 else "HC"])
    (done.folder / "clinic.csv").write_text("\n".join(",".join(line) for line in table) + "\n")
    start = {"row": "exp", "experiment": "small", "seed": 0, "fold": 0}
    rows = {
        "exp-ad": {"from": start, "stage": {"loss": "bce", "head": [1], "epochs": 3}},
        "bce-equal": {"loss": "bce", "epochs": 5},
    }
    asked = config(experiment="clinic", rows=rows)
    asked["cohort"] |= {"name": "clinic", "path": "clinic.csv"}
    asked["target"] = {"column": "dx", "kind": "binary", "positive": "AD", "negative": "HC"}
    asked["benchmark"]["losses"] = list(rows)
    (done.folder / "clinic.yaml").write_text(yaml.safe_dump(asked))
    ran = done.run(config="clinic.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    results = done.folder / "results/clinic"
    frame = read_tsv(results / "predictions/exp-ad/seed-0.tsv")
    assert list(frame)[:4] == ["participant_id", "dx", "score", "probability"]
    assert frame[frame["split"] == "test"]["participant_id"].is_unique
    table = read_tsv(results / "tables/bacc.tsv").set_index("loss")
    assert table.loc["exp-ad", ["bacc_mean", "auc_mean", "bacc_fold_sd"]].notna().all()
    text = (results / "report.html").read_text()
    assert "of small, seed 0, fold 0" in text and "bce" in text and "none: what" not in text
