"""The third paper's recipe as docs/training.md has it: a configuration that works, and says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from given import config as complete

from contrage.cohort.scans import Cohort, Scan
from contrage.plan import jobs, refuse, rows
from contrage.plan.experiment import Experiment
from contrage.settings.yaml_door import read_text

LAID_UNDER = {
    "experiment": "own",
    "cohort": {"source": "bids", "image": "T1w", "path": "data", "name": "own"},
    "report": {"embedding_rows": []},
}


@pytest.fixture(scope="module")
def recipe(root: Path) -> dict[str, Any]:
    text = (root / "docs/training.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## The third paper's recipe\n.*?```yaml\n(.*?)```", text, re.DOTALL)
    stated = read_text(block, "docs/training.md")
    stated["benchmark"] |= {"norms": [], "pretrained": []}
    stated["training"]["encoder"] = "resnet50"
    return complete(**LAID_UNDER, **stated)


def asked(recipe: dict[str, Any], row: str):
    parts = ["train"] * 130 + ["val"] * 5 + ["test"] * 5
    scans = [
        Scan(f"sub-{n:03d}", 20.0 + n % 60, columns={"split": part}) for n, part in enumerate(parts)
    ]
    of = Experiment.of(recipe, Cohort(scans, [], []))
    return (jobs.stage if rows.is_staged(recipe, row) else jobs.training)(of, row, 0, 0)


def test_it_is_accepted_and_has_what_is_printed(recipe):
    refuse.check_rows_and_data(recipe)
    training = asked(recipe, "supremix").training
    assert (training.epochs, training.batch_size, training.optimiser) == (200, 128, "adam")
    assert (training.learning_rate, training.schedule.name) == (1e-3, "cosine")
    assert training.schedule.warmup_epochs == 10
    assert (training.weight_decay, training.weight_decay_on) == (1e-4, "weights")
    assert (training.gradient_clip, training.ema, training.head) == (1.0, 0.999, (2048, 128))


def test_every_tenth_epoch_is_looked_at_and_none_ends_the_training(recipe):
    stop = asked(recipe, "supremix").training.early_stop
    assert (stop.on, stop.every, stop.patience) == ("val", 10, None)


def test_the_linear_layer_learns_l1_on_the_frozen_encoder_of_the_best_epoch(recipe):
    stage = asked(recipe, "supremix-linear")
    assert (stage.train, stage.loss, stage.training.head) == ("head", {"loss": "l1"}, (1,))
    assert (stage.training.epochs, stage.training.learning_rate) == (100, 1e-3)
    assert (stage.start.row, stage.start.checkpoint) == ("supremix", "best")
    assert stage.training.early_stop is None
    assert rows.head_rows(recipe) == ["supremix-linear"]
