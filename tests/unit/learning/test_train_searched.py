"""A search from the split to the main training: what it may see, and what is done with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dataset_steps import inner_split_step
from evaluation_steps import probe_of
from forms import TABLE
from training_steps import asked, feasible_step

from contrage.dataset.inner_split import inner_split
from contrage.dataset.normalise import feature_statistics
from contrage.errors import SettingsError
from contrage.evaluation.choose import choose
from contrage.evaluation.probe import probe_training
from contrage.files import read_json, write_json
from contrage.learning import checkpoint
from contrage.learning.feasible import check_feasible
from contrage.learning.train import train
from contrage.plan.draws import draw_settings
from contrage.settings.steps.evaluation import ChooseStep

RANGES = {
    "nn_final": {"low": 1, "high": 6, "kind": "integer"},
    "temperature": {"low": 0.01, "high": 1.0, "kind": "log"},
}


@pytest.fixture
def table(cohort, settings):
    """The cohort of 24 scans with 7 features in place of an image."""
    rng = np.random.default_rng(3)
    cohort.images = rng.normal(0, 1, (24, 7)) + 0.05 * cohort.ages[:, None]
    settings["loss"] = {"loss": "dynlocrep"}
    settings["training"] |= {"encoder": "mlp", "batch_size": 4, "learning_rate": 0.01}
    settings["dataset"]["form"] = TABLE
    return cohort


def write(cohort) -> None:
    """Write table, array and split as the steps before the search do."""
    cohort.write()
    split = json.loads((cohort.folder / "split.json").read_text())
    split["folds"][0] |= feature_statistics(cohort.images, np.array(cohort.train))
    (cohort.folder / "split.json").write_text(json.dumps(split))


def searched(cohort, settings, draws: int = 3) -> dict[str, Any]:
    """Run a search as the workflow does; return every byte of scores and choice."""
    write(cohort)
    folder = cohort.folder / "search"
    inner = {"scans": folder / "inner.tsv", "split": folder / "inner.json", "fold": 0}
    inner_split(
        inner_split_step(**settings["dataset"]),
        **cohort.inputs,
        inner_scans=inner["scans"],
        output=inner["split"],
    )
    drawn = draw_settings(RANGES, draws, 0, "dynlocrep")
    inputs, metrics = {**cohort.inputs, **inner}, []
    for number, one in enumerate(drawn):
        outputs = cohort.outputs(f"search/draw-{number}")
        drawn_settings = settings | {"loss": {**settings["loss"], **one}}
        train(asked(drawn_settings), **inputs, **outputs)
        metrics.append(score(outputs["features"], inner, settings))
    choose(
        ChooseStep("dynlocrep", 0, 0, tuple(drawn)), metrics=metrics, output=folder / "best.json"
    )
    return {path.name: path.read_bytes() for path in [*metrics, folder / "best.json"]}


def score(features: Path, inner: dict, settings: dict) -> Path:
    """Probe one draw on the validation part."""
    folder = features.parent
    metrics = folder.with_suffix(".json")
    wanted = probe_of("dynlocrep", alphas=[0.1, 1, 10], folds=3)
    outputs = {"predictions": folder / "predictions.tsv", "metrics": metrics}
    files = {"scans": [inner["scans"]], "split": inner["split"]}
    probe_training(wanted, 0, features=[features], **files, **outputs)
    return metrics


def test_other_images_and_ages_of_the_test_scans_change_no_score_and_no_choice(table, settings):
    before = searched(table, settings)
    assert len({before[f"draw-{number}.json"] for number in range(3)}) == 3, "draws differ"
    table.images[table.test] = 1e6
    table.ages[table.test] = 99.0
    assert searched(table, settings) == before


def test_a_training_scan_does_change_scores(table, settings):
    """The test above could notice something."""
    before = searched(table, settings, draws=1)
    table.images[table.train[:9]] *= -1
    assert searched(table, settings, draws=1) != before


def test_the_main_training_is_that_of_the_settings_that_were_found(table, settings):
    write(table)
    best = table.folder / "best.json"
    write_json(best, {"settings": {"nn_final": 2, "temperature": 0.3}, "draw": 1})
    found, given = table.outputs("found"), table.outputs("given")
    train(asked(settings), **table.inputs, **found, best=best)
    settings["loss"] |= {"nn_final": 2, "temperature": 0.3}
    train(asked(settings), **table.inputs, **given)
    assert found["model"].read_bytes() == given["model"].read_bytes()
    saved = torch.load(found["model"], weights_only=True)["settings"]["loss"]
    assert saved == {"loss": "dynlocrep", "nn_final": 2, "temperature": 0.3}


def test_a_checkpoint_of_other_settings_that_were_found_is_not_gone_on_with(
    table, settings, monkeypatch
):
    """The fingerprint knows what the search found."""
    write(table)
    marks, load = [], checkpoint.load
    monkeypatch.setattr(
        checkpoint, "load", lambda path, mark: marks.append(mark) or load(path, mark)
    )
    best = table.folder / "best.json"
    for value in (2, 3):
        write_json(best, {"settings": {"nn_final": value}})
        train(asked(settings), **table.inputs, **table.outputs("main"), best=best)
    assert len(set(marks)) == 2


def test_a_draw_that_its_loss_refuses_is_named_before_any_training(tmp_path):
    record = tmp_path / "feasible.json"
    wanted = {"batch_size": 8, "training_scans": 8}
    good = {"loss": "dynlocrep", "norm": "cosine"}
    check_feasible(feasible_step(**wanted, draws={"dynlocrep": [good]}), output=record)
    assert read_json(record)["draws"] == {"dynlocrep": [good]}
    bad = {**good, "norm": "taxicab"}
    with pytest.raises(SettingsError, match=r"search\.rows\.dynlocrep, draw 1: .*norm"):
        check_feasible(feasible_step(**wanted, draws={"dynlocrep": [good, bad]}), output=record)
    with pytest.raises(SettingsError, match="no more than 7 scans are for the search"):
        few = feasible_step(batch_size=8, training_scans=7, draws={"dynlocrep": [good]})
        check_feasible(few, output=record)
