"""A training shared by two processes is the training of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning.machine.processes import World
from contrage.learning.train import train
from contrage.tables import read_tsv


@pytest.fixture
def command(root: Path):
    """Run a training as the workflow does."""

    def run(settings, inputs, outputs) -> subprocess.CompletedProcess:
        files = {**inputs, **outputs}
        options = [part for name, file in files.items() for part in (f"--{name}", str(file))]
        environment = os.environ | {"PYTHONPATH": str(root / "workflow"), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "contrage",
                "train",
                "--settings",
                json.dumps(settings),
                *options,
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def features(outputs) -> np.ndarray:
    with np.load(outputs["features"]) as arrays:
        return arrays["features"]


def test_shares_of_a_batch_are_the_batch():
    batch = torch.arange(7)
    parts = [World(rank, 3).share(batch) for rank in range(3)]
    assert [len(part) for part in parts] == [3, 2, 2]
    assert torch.equal(torch.cat(parts), batch)


@pytest.mark.parametrize("loss", ["dynlocrep", "l1", "supremix"])
def test_two_processes_learn_what_one_does(cohort, settings, command, loss):
    """Batch norm, the loss's pairs and the gradient are those of the joint batch.

    18 scans in batches of 8: the last one is shared by halves of one scan each.
    """
    settings |= {"row": loss, "loss": {"loss": loss}}
    settings["training"] |= {"epochs": 2, "ema": 0.9, "gradient_clip": 1.0}
    settings["training"] |= {
        "early_stop": {"on": "inner", "fraction": 0.2, "patience": 5, "every": 1}
    }
    settings["probe"] = {"alphas": [0.1, 1.0, 10.0]}
    one, two = cohort.outputs("one"), cohort.outputs("two")
    train(asked(settings), **cohort.inputs, **one)
    settings["training"]["gpus_per_job"] = 2
    done = command(settings, cohort.inputs, two)
    assert done.returncode == 0, done.stderr
    curves = [
        read_tsv(each["curve"])[["loss", "validation_mae"]].astype(float) for each in (one, two)
    ]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-3)
    np.testing.assert_allclose(features(one), features(two), atol=2e-3)
    weights = [torch.load(each["model"], weights_only=True)["encoder"] for each in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    for name, weight in weights[0].items():
        torch.testing.assert_close(weight, weights[1][name], rtol=1e-2, atol=2e-3)


WINDOW = {"formulation": "paper", "window": 5, "sigma": 2.0}
MIXUP = {"kind": "c-mixup", "alpha": 2.0, "bandwidth": 5.0, "include_self": True}


@pytest.mark.parametrize(
    "asked_for",
    [{"lds": WINDOW, "fds": WINDOW | {"momentum": 0.9}}, {"mixup": MIXUP}],
    ids=["rare targets", "mixup"],
)
def test_two_processes_weigh_smooth_and_mix_what_one_does(cohort, settings, command, asked_for):
    settings |= {"row": "l1", "loss": {"loss": "l1"}, "bin_width": 10.0}
    settings["training"] |= {"epochs": 3, **asked_for}
    one, two = cohort.outputs("one"), cohort.outputs("two")
    train(asked(settings), **cohort.inputs, **one)
    settings["training"]["gpus_per_job"] = 2
    done = command(settings, cohort.inputs, two)
    assert done.returncode == 0, done.stderr
    losses = [read_tsv(each["curve"])["loss"].astype(float) for each in (one, two)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    np.testing.assert_allclose(features(one), features(two), atol=2e-3)


def test_two_processes_draw_views_of_their_own_and_the_seed_repeats_them(cohort, settings, command):
    settings["training"] |= {"epochs": 2, "gpus_per_job": 2, "augmentation": ["noise", "flip"]}
    for name in ("one", "two"):
        done = command(settings, cohort.inputs, cohort.outputs(name))
        assert done.returncode == 0, done.stderr
    assert np.array_equal(features(cohort.outputs("one")), features(cohort.outputs("two")))


def test_error_in_one_process_stops_all_and_is_told_in_a_line(cohort, settings, command):
    settings["training"] |= {"gpus_per_job": 2, "learning_rate": 1e30}
    done = command(settings, cohort.inputs, cohort.outputs("run"))
    assert done.returncode == 1
    assert "lower training.learning_rate" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3


def test_batch_too_small_to_share_is_refused(cohort, settings):
    from contrage.learning.train import check

    settings["training"] |= {"gpus_per_job": 3, "batch_size": 8}
    with pytest.raises(SettingsError, match=r"training\.batch_size: 8 .* 3 processes; make it 12"):
        check(asked(settings).training, 18, [])
