"""The training loop: repeatable, resumable, blind to the test scans."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_steps import probe_of
from training_steps import asked

from contrage.errors import ContrageError, SettingsError
from contrage.learning import checkpoint
from contrage.learning import train as training
from contrage.learning.loop.epoch import batches
from contrage.learning.train import train
from contrage.tables import read_tsv


class PowerCutError(Exception):
    """Stands for an interruption."""


def weights(path: Path) -> dict[str, torch.Tensor]:
    saved = torch.load(path, weights_only=True)
    return {f"{part}.{k}": v for part in ("encoder", "head") for k, v in saved[part].items()}


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


@pytest.mark.parametrize("loss", ["exp", "rnc", "dynlocrep", "l1"])
def test_same_seed_gives_the_same_bits(cohort, settings, loss):
    settings |= {"row": loss, "loss": {"loss": loss}}
    one, two = cohort.outputs("one"), cohort.outputs("two")
    train(asked(settings), **cohort.inputs, **one)
    torch.rand(5)
    train(asked(settings), **cohort.inputs, **two)
    assert_same_weights(one["model"], two["model"])
    with np.load(one["features"]) as first, np.load(two["features"]) as second:
        assert np.array_equal(first["features"], second["features"])


@pytest.mark.parametrize(
    "loss",
    [
        {"loss": "adacon", "regression_weight": 1.0},
        {"loss": "supremix", "group_by": "site"},
        {"loss": "supcon", "bin_width": 5},
    ],
    ids=lambda loss: loss["loss"],
)
def test_losses_that_want_more_than_ages_train(cohort, settings, loss):
    lines = (cohort.folder / "scans.tsv").read_text().splitlines()
    sited = [line.replace("n/a", "AB"[row % 2]) for row, line in enumerate(lines)]
    (cohort.folder / "scans.tsv").write_text("\n".join(sited) + "\n")
    settings |= {"row": "some", "loss": loss}
    settings["training"]["epochs"] = 15
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs)
    values = read_tsv(outputs["curve"])["loss"].astype(float)
    assert values.iloc[-1] < values.iloc[0]
    with np.load(outputs["features"]) as arrays:
        assert ("prediction" in arrays) == (loss["loss"] == "adacon")
        if "prediction" in arrays:
            ages = read_tsv(cohort.folder / "scans.tsv")["age"].astype(float)
            train_error = np.abs(arrays["prediction"] - ages)[cohort.train].mean()
            assert train_error < np.abs(ages - ages.mean()).mean()


def test_another_seed_gives_other_weights(cohort, settings):
    one, two = cohort.outputs("one"), cohort.outputs("two")
    train(asked(settings), **cohort.inputs, **one)
    train(asked(settings | {"seed": 1}), **cohort.inputs, **two)
    assert not torch.equal(
        weights(one["model"])["head.0.weight"], weights(two["model"])["head.0.weight"]
    )


def test_curve_has_a_line_per_epoch_with_the_decayed_learning_rate(cohort, settings):
    outputs = cohort.outputs("run")
    settings["training"]["epochs"] = 5
    train(asked(settings), **cohort.inputs, **outputs)
    curve = read_tsv(outputs["curve"])
    assert list(curve) == ["epoch", "loss", "learning_rate", "seconds"]
    assert curve["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert curve["learning_rate"].tolist() == pytest.approx([1e-3, 1e-3, 9e-4, 9e-4, 8.1e-4])


def test_loss_goes_down(cohort, settings):
    outputs = cohort.outputs("run")
    settings["training"]["epochs"] = 15
    train(asked(settings), **cohort.inputs, **outputs)
    loss = read_tsv(outputs["curve"])["loss"].astype(float)
    assert loss.iloc[-1] < loss.iloc[0] - 0.5


def test_test_scans_have_no_part_in_the_model(make_cohort, settings):
    honest, changed = make_cohort("honest"), make_cohort("changed")
    changed.images[changed.test] = changed.images[changed.test] * 3 + 1
    changed.ages[changed.test] += 20
    changed.write()
    for cohort in (honest, changed):
        train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    a, b = honest.outputs("run"), changed.outputs("run")
    assert a["model"].read_bytes() == b["model"].read_bytes()
    with np.load(a["features"]) as first, np.load(b["features"]) as second:
        train_rows, test_rows = sorted(honest.train), sorted(honest.test)
        assert np.array_equal(first["features"][train_rows], second["features"][train_rows])
        assert not np.allclose(first["features"][test_rows], second["features"][test_rows])


def test_statistics_of_the_training_split_do_matter(make_cohort, settings):
    one, two = make_cohort("one"), make_cohort("two")
    two.train[0], two.test[0] = two.test[0], two.train[0]
    two.write()
    for cohort in (one, two):
        train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    first, second = one.outputs("run"), two.outputs("run")
    assert first["model"].read_bytes() != second["model"].read_bytes()


def test_interrupted_training_ends_with_the_same_bits(cohort, settings, monkeypatch):
    settings["training"]["epochs"] = 6
    settings["snapshot_epochs"] = [2, 5]
    snapshots = [
        [cohort.folder / name / f"epoch-{epoch}.npz" for epoch in (2, 5)] for name in ("a", "b")
    ]
    whole, parts = cohort.outputs("whole"), cohort.outputs("parts")
    train(asked(settings), **cohort.inputs, **whole, snapshots=snapshots[0])

    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    run_epoch = training.run_epoch

    def fail_in_the_fourth(state, *rest):
        if state.epoch == 3:
            raise PowerCutError
        run_epoch(state, *rest)

    with monkeypatch.context() as patch, pytest.raises(PowerCutError):
        patch.setattr(training, "run_epoch", fail_in_the_fourth)
        train(asked(settings), **cohort.inputs, **parts, snapshots=snapshots[1])
    assert parts["resume"].is_file()
    assert not parts["model"].exists()

    done = []

    def count(state, *rest):
        done.append(state.epoch)
        run_epoch(state, *rest)

    monkeypatch.setattr(training, "run_epoch", count)
    train(asked(settings), **cohort.inputs, **parts, snapshots=snapshots[1])
    assert done == [3, 4, 5]
    assert not parts["resume"].exists()
    assert_same_weights(whole["model"], parts["model"])
    curves = [read_tsv(outputs["curve"]).drop(columns="seconds") for outputs in (whole, parts)]
    assert curves[0].equals(curves[1])
    for one, other in zip(*snapshots, strict=True):
        with np.load(one) as first, np.load(other) as second:
            assert np.array_equal(first["features"], second["features"])


KILLED = """
import json, sys
from pathlib import Path
from contrage.cli import settings_of
from contrage.learning import train as training
settings, inputs, outputs = json.loads(sys.argv[1])
training.CHECKPOINT_SECONDS = 0.0
paths = {k: v if k == "fold" else Path(v) for k, v in (inputs | outputs).items()}
run_epoch = training.run_epoch
def tell(state, *rest):
    run_epoch(state, *rest)
    print(state.epoch, flush=True)
training.run_epoch = tell
training.train(settings_of(training.train, settings), **paths)
"""


HEAVY = ("pandas", "sklearn", "monai")


RECIPE = {
    "augmentation": ["all", "flip", "affine", "intensity", "noise"],
    "optimiser": "sgd",
    "schedule": {"name": "cosine", "warmup_epochs": 1, "final_fraction": 0},
    "gradient_clip": 1.0,
    "ema": 0.9,
    "early_stop": {"on": "inner", "fraction": 0.2, "patience": 1, "every": 1},
}


@pytest.mark.parametrize("recipe", [{}, RECIPE], ids=["plain", "everything"])
def test_training_imports_nothing_that_takes_seconds(cohort, settings, root, recipe):
    """Every loss and seed is a process of its own, and importing is most of a demo's training."""
    code = KILLED + f"assert not set({HEAVY}) & set(sys.modules), set({HEAVY}) & set(sys.modules)"
    settings["training"] |= {"epochs": 1, **recipe}
    settings["probe"] = {"alphas": [0.1, 1.0, 10.0]}
    arguments = json.dumps([settings, cohort.inputs, cohort.outputs("run")], default=str)
    environment = os.environ | {"PYTHONPATH": str(root / "workflow")}
    subprocess.run([sys.executable, "-c", code, arguments], check=True, env=environment)


def test_training_killed_at_any_moment_ends_with_the_same_bits(cohort, settings, root):
    settings["training"]["epochs"] = 60
    outputs = cohort.outputs("killed")
    arguments = [settings, cohort.inputs, outputs]
    environment = os.environ | {"PYTHONPATH": str(root / "workflow")}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, json.dumps(arguments, default=str)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout:
            if int(line) >= 5:
                break
        time.sleep(0.003)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert outputs["resume"].is_file()
    assert not outputs["model"].exists()
    saved = torch.load(outputs["resume"], weights_only=True)
    assert saved["epoch"] >= 4
    train(asked(settings), **cohort.inputs, **outputs)
    whole = cohort.outputs("whole")
    train(asked(settings), **cohort.inputs, **whole)
    assert_same_weights(whole["model"], outputs["model"])


HALF_WRITTEN = """
import os, signal, torch
save, written = torch.save, []
def save_half(content, stream):
    written.append(content)
    if len(written) < 3:
        return save(content, stream)
    import io
    whole = io.BytesIO()
    save(content, whole)
    stream.write(whole.getvalue()[: len(whole.getvalue()) // 2])
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
torch.save = save_half
"""


def test_training_killed_in_the_middle_of_a_write_ends_with_the_same_bits(cohort, settings, root):
    settings["training"]["epochs"] = 6
    outputs, whole = cohort.outputs("killed"), cohort.outputs("whole")
    arguments = json.dumps([settings, cohort.inputs, outputs], default=str)
    environment = os.environ | {"PYTHONPATH": str(root / "workflow")}
    killed = subprocess.run(
        [sys.executable, "-c", HALF_WRITTEN + KILLED, arguments], env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    left = sorted(outputs["resume"].parent.iterdir())
    assert len(left) == 2  # the checkpoint, whole, and the half of the next
    assert torch.load(outputs["resume"], weights_only=True)["epoch"] == 2
    train(asked(settings), **cohort.inputs, **outputs)
    train(asked(settings), **cohort.inputs, **whole)
    assert_same_weights(whole["model"], outputs["model"])


def write_checkpoint(cohort, settings, outputs, monkeypatch) -> None:
    """Leave a checkpoint behind, as a training does that stops after its second epoch."""
    run_epoch = training.run_epoch

    def stop(state, *rest):
        if state.epoch == 2:
            raise PowerCutError
        run_epoch(state, *rest)

    with monkeypatch.context() as patch, pytest.raises(PowerCutError):
        patch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(training, "run_epoch", stop)
        train(asked(settings), **cohort.inputs, **outputs)


def count_epochs(monkeypatch) -> list[int]:
    done: list[int] = []
    run_epoch = training.run_epoch

    def count(state, *rest):
        done.append(state.epoch)
        run_epoch(state, *rest)

    monkeypatch.setattr(training, "run_epoch", count)
    return done


def test_checkpoint_that_fits_is_used(cohort, settings, monkeypatch):
    outputs = cohort.outputs("run")
    write_checkpoint(cohort, settings, outputs, monkeypatch)
    done = count_epochs(monkeypatch)
    train(asked(settings), **cohort.inputs, **outputs)
    assert done == [2]


@pytest.mark.parametrize("change", ["settings", "split", "array", "truncated", "nonsense"])
def test_checkpoint_that_does_not_fit_is_ignored(cohort, settings, monkeypatch, change):
    outputs = cohort.outputs("run")
    write_checkpoint(cohort, settings, outputs, monkeypatch)
    if change == "settings":
        settings["loss"]["temperature"] = 0.2
    elif change == "split":
        cohort.train.append(cohort.test.pop())
        cohort.write()
    elif change == "array":
        cohort.images[0] += 1
        cohort.write()
    elif change == "truncated":
        content = outputs["resume"].read_bytes()
        outputs["resume"].write_bytes(content[: len(content) // 2])
    else:
        outputs["resume"].write_bytes(b"no checkpoint at all")
    done = count_epochs(monkeypatch)
    train(asked(settings), **cohort.inputs, **outputs)
    assert done == [0, 1, 2]


def test_fingerprint_follows_the_code_of_its_own_loss_only(cohort, settings):
    from contrage.run.code import closure

    own = {path.name for path in closure("contrage.learning.train", "contrage.losses.exp")}
    assert {"train.py", "state.py", "model.py", "load.py", "exp.py", "_pairs.py"} <= own
    assert not {"rnc.py", "small.py", "vit.py"} & own
    inputs = [cohort.inputs[name] for name in ("array", "scans", "split")]
    mark = checkpoint.fingerprint(asked(settings), 0, "cpu", *inputs)
    assert mark == checkpoint.fingerprint(asked(settings), 0, "cpu", *inputs)
    assert mark != checkpoint.fingerprint(asked(settings), 0, "cuda", *inputs)


def test_fingerprint_follows_the_code_of_its_own_encoder_only(cohort, settings, monkeypatch):
    inputs = [cohort.inputs[name] for name in ("array", "scans", "split")]
    read = []
    monkeypatch.setattr(checkpoint, "sha256", lambda path: read.append(path.name) or "")
    checkpoint.fingerprint(asked(settings), 0, "cpu", *inputs)
    assert {"train.py", "exp.py", "small.py", "_layers.py"} <= set(read)
    assert not {"vit.py", "resnet.py", "sfcn.py"} & set(read)


def test_batch_larger_than_the_training_split_is_refused(cohort, settings):
    settings["training"]["batch_size"] = 19
    with pytest.raises(SettingsError, match=r"19 .*18"):
        train(asked(settings), **cohort.inputs, **cohort.outputs("run"))


def test_snapshot_after_the_last_epoch_is_refused(cohort, settings):
    settings["snapshot_epochs"] = [4]
    said = "report.embedding_epochs: 4 is not between 1 and the 3"
    with pytest.raises(SettingsError, match=said):
        train(
            asked(settings),
            **cohort.inputs,
            **cohort.outputs("run"),
            snapshots=[cohort.folder / "epoch-4.npz"],
        )


def test_loss_that_is_no_number_stops_with_row_seed_and_epoch(cohort, settings):
    settings["training"]["learning_rate"] = 1e30
    with pytest.raises(ContrageError, match=r"exp, seed 0: the loss is (nan|inf) in epoch [12]"):
        train(asked(settings), **cohort.inputs, **cohort.outputs("run"))


def test_snapshot_of_the_last_epoch_equals_the_final_features(cohort, settings):
    settings["snapshot_epochs"] = [1, 3]
    paths = [cohort.folder / "one.npz", cohort.folder / "three.npz"]
    outputs = cohort.outputs("run")
    train(asked(settings), **cohort.inputs, **outputs, snapshots=paths)
    with np.load(paths[0]) as one, np.load(paths[1]) as three, np.load(outputs["features"]) as end:
        assert np.array_equal(three["features"], end["features"])
        assert not np.allclose(one["features"], end["features"])
        assert end["scan_id"].tolist() == [f"sub-{i:02d}" for i in range(24)]
        assert end["features"].dtype == np.float32


def test_snapshots_leave_the_training_as_it_was(cohort, settings):
    without, with_them = cohort.outputs("without"), cohort.outputs("with")
    train(asked(settings), **cohort.inputs, **without)
    settings["snapshot_epochs"] = [1, 2]
    paths = [cohort.folder / "one.npz", cohort.folder / "two.npz"]
    train(asked(settings), **cohort.inputs, **with_them, snapshots=paths)
    assert_same_weights(without["model"], with_them["model"])


def test_short_last_batch_is_kept_unless_it_is_tiny():
    order = torch.arange(40)
    assert [len(part) for part in batches(order, 32)] == [32, 8]
    assert [len(part) for part in batches(order[:39], 32)] == [32]
    assert [len(part) for part in batches(order[:32], 32)] == [32]
    assert [len(part) for part in batches(order[:33], 11)] == [11, 11, 11]
    assert [len(part) for part in batches(order[:9], 4)] == [4, 4]
    assert [len(part) for part in batches(order[:10], 4)] == [4, 4, 2]


def test_shuffled_ages_are_not_learned(make_cohort, settings):
    """What the probe finds on test scans must come from the ages, not from the machinery."""
    from contrage.evaluation.ridge import fit

    cohort = make_cohort("shuffled")
    errors, chance = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        cohort.ages = rng.permutation(np.linspace(20, 80, 24))
        cohort.write()
        outputs = cohort.outputs(f"run-{seed}")
        train(asked(settings | {"seed": seed}), **cohort.inputs, **outputs)
        with np.load(outputs["features"]) as stored:
            features = stored["features"]
        names = [str(i) for i in cohort.train]
        penalties = probe_of().probe
        own = features[cohort.train], cohort.ages[cohort.train]
        probe = fit(*own, names, penalties.alphas, penalties.folds)
        truth = cohort.ages[cohort.test]
        errors.append(np.abs(probe.predict(features[cohort.test].astype(float)) - truth).mean())
        chance.append(np.abs(cohort.ages[cohort.train].mean() - truth).mean())
    assert np.mean(errors) > 0.9 * np.mean(chance)
