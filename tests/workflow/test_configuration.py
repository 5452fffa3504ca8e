"""Configurations as people write them, up to the plan of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from small_study import Workflow, checkout

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("configuration")]

CONFIG = {
    "experiment": "field",
    "cohort": {"source": "table", "image": "table", "name": "field", "path": "table.csv"},
    "dataset": {"split": {"scheme": "holdout", "test_fraction": 0.25}},
    "benchmark": {"losses": ["l1"], "norms": [], "pretrained": []},
    "training": {"seeds": [0], "epochs": 1, "batch_size": 8, "encoder": "mlp", "device": "cpu"},
    "statistics": {"bootstrap": 200},
    "report": {"embedding_rows": []},
}


@pytest.fixture(scope="module")
def table(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A checkout, whose path has what shells take for their own, with a table of 24 people."""
    folder = tmp_path_factory.mktemp("configuration") / "it's $HOME and more"
    workflow = checkout(root, folder)
    rows = [f"p{number},{20 + number},{number % 7},{number % 5}" for number in range(24)]
    (folder / "table.csv").write_text("\n".join(["participant_id,age,f1,f2", *rows]) + "\n")
    (folder / "own.yaml").write_text(yaml.safe_dump(CONFIG))
    return workflow


def planned(workflow: Workflow, *arguments: str, extra: str = "") -> str:
    """Return what a dry run prints, with commands; `extra` stands below the configuration."""
    file = workflow.folder / "tried.yaml"
    file.write_text(yaml.safe_dump(CONFIG) + extra, encoding="utf-8")
    done = workflow.run("-n", "-p", *arguments, config="tried.yaml")
    return done.stdout + done.stderr


def settings_of_training(printed: str) -> dict:
    """Return what the planned training is asked for."""
    (found,) = re.findall(r"contrage train --settings '(\{.*?\})' --log", printed)
    return json.loads(found)


def training(printed: str) -> dict:
    """Return the settings of the planned training."""
    return settings_of_training(printed)["training"]


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ("trainning: {epochs: 3}\n", "trainning: no such key; did you mean training?"),
        ("dataset:\n  voxel_mm: 2\n", "dataset stands there twice, in lines 11 and "),
        ("probe: {folds: 010}\n", "probe.folds: 010 is octal in YAML (8); write 10"),
        ("search: {seed: 1.5}\n", "search.seed: 1.5 is not possible; it takes a whole number"),
    ],
)
def test_a_mistake_is_told_in_a_few_lines(table, extra, sentence):
    printed = planned(table, extra=extra)
    assert sentence in printed
    assert len(printed.splitlines()) < 8
    assert "Traceback" not in printed


def test_a_block_whose_lines_are_comments_and_an_exponent_are_as_meant(table):
    printed = planned(table, extra="preprocessing:\n  # skull_strip: {method: none}\n")
    assert training(printed)["learning_rate"] == 1e-3
    text = yaml.safe_dump(CONFIG).replace("  device: cpu", "  device: cpu\n  learning_rate: 1e-4")
    (table.folder / "tried.yaml").write_text(text)
    done = table.run("-n", "-p", config="tried.yaml")
    assert training(done.stdout + done.stderr)["learning_rate"] == 1e-4


def test_jobs_have_the_configuration_of_the_command_line(table):
    change = 'training={"epochs": 2, "learning_rate": "1e-2", "gradient_clip": null}'
    assert training(planned(table, "--config", change))["epochs"] == 2
    model = "results/007/training/l1/seed-0/fold-0/model.pt"
    done = table.run("--config", change, "experiment=007", "--", model, config="own.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    curve = (table.folder / model).with_name("curve.tsv").read_text().splitlines()
    assert len(curve) == 3
    again = table.run("-n", "--config", change, "experiment=007", "--", model, config="own.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_several_files_lie_over_each_other(table):
    (table.folder / "more.yaml").write_text("training:\n  # nothing\nprobe: {folds: 3}\n")
    done = table.run("-n", "-p", "--configfile", "own.yaml", "more.yaml", config="own.yaml")
    assert training(done.stdout + done.stderr)["batch_size"] == 8


def test_a_typing_error_below_the_pretraining_is_named_with_its_key(table):
    printed = planned(table, extra="pretraining: {training: {epoch: 3}}\n")
    assert "pretraining.training.epoch: no such key" in printed


def test_a_study_without_the_row_that_is_watched_by_default_keeps_no_snapshots(table):
    own = {key: value for key, value in CONFIG.items() if key != "report"}
    (table.folder / "plain.yaml").write_text(yaml.safe_dump(own))
    done = table.run("-n", "-p", config="plain.yaml")
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    trainings = [line for line in printed.splitlines() if "contrage train" in line]
    assert trainings and not any("--snapshots" in line for line in trainings)


def test_an_early_stop_is_judged_by_the_probes_alphas_and_no_other_training_knows_them(table):
    alphas = "probe: {alphas: [0.5, 3.0]}\n"
    assert settings_of_training(planned(table, extra=alphas))["probe"] is None
    stop = 'training={"early_stop": {"patience": 3}, "batch_size": 4}'
    stopped = settings_of_training(planned(table, "--config", stop, extra=alphas))
    assert stopped["probe"] == {"alphas": [0.5, 3.0]}


def test_the_pretraining_is_planned_with_settings_of_its_own(table):
    change = "pretraining={'training': {'epochs': '7'}, 'cohort': {'phantom': {'seed': 5}}}"
    people = "cohort={'phantom': {'participants': 30}, 'name': 'thirty'}"
    rows = 'benchmark={"losses": ["exp"], "norms": [], "pretrained": ["exp"]}'
    done = table.run(
        *("-n", "-p", "--config", change, people, rows, 'report={"embedding_rows": []}'),
        *("--", "results/demo-pretraining/training/exp/seed-0/fold-0/model.pt"),
        config="config/config.yaml",
    )
    printed = done.stdout + done.stderr
    assert training(printed)["epochs"] == 7


@pytest.mark.parametrize("key", ["path", "exclude"])
def test_braces_in_a_path_are_refused_with_the_key(table, key):
    done = table.run("-n", "--config", f'cohort={{"{key}": "br{{ace}}/x"}}', config="own.yaml")
    assert f"cohort.{key}: br{{ace}}/x: braces in a path" in done.stdout + done.stderr


def test_a_checkout_with_braces_in_its_path_is_refused(root, tmp_path):
    workflow = checkout(root, tmp_path / "c{1}")
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(CONFIG))
    done = workflow.run("-n", config="own.yaml")
    assert "the workflow lies in" in done.stdout + done.stderr
    assert "braces in a path are not possible" in done.stdout + done.stderr
