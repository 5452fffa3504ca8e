"""Early stop: on participants of the training split, by the probe's error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning import train as training
from contrage.learning.folds import Scans
from contrage.learning.loop.validation import divide, probe_error
from contrage.learning.train import train
from contrage.settings.blocks.training import EarlyStopSettings
from contrage.tables import read_tsv

EARLY = {"on": "inner", "fraction": 0.25, "patience": 3, "every": 1}
ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)


def scans_of(participants: list[str]) -> Scans:
    ids = tuple(f"{person}_{i}" for i, person in enumerate(participants))
    nothing = (None,) * len(ids)
    rows = np.arange(len(ids))
    return Scans(ids, tuple(participants), nothing, nothing, 20.0 + rows, rows)


def test_without_early_stop_all_scans_are_learned_from():
    scans = scans_of(list("abcdefgh"))
    own, held_out = divide(scans, None, 0)
    assert own.ids == scans.ids
    assert held_out.ids == ()


def test_no_participant_is_on_both_sides():
    scans = scans_of([f"p{i % 11}" for i in range(40)])
    own, held_out = divide(scans, EarlyStopSettings("inner", 0.3, None, 1), 4)
    assert not set(own.participants) & set(held_out.participants)
    assert len(set(held_out.participants)) == 3
    assert sorted(own.ids + held_out.ids) == sorted(scans.ids)
    for part in (own, held_out):
        assert part.rows.tolist() == sorted(part.rows)


def test_the_seed_draws_the_validation_part():
    scans = scans_of([f"p{i}" for i in range(30)])
    drawn = [
        divide(scans, EarlyStopSettings("inner", 0.3, None, 1), seed)[1].ids for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(("people", "fraction"), [(8, 0.1), (3, 0.5)])
def test_too_few_participants_are_refused(people, fraction):
    scans = scans_of([f"p{i}" for i in range(people)])
    with pytest.raises(SettingsError, match=r"early_stop\.fraction"):
        divide(scans, EarlyStopSettings("inner", fraction, None, 1), 0)


@pytest.mark.parametrize("width", [5, 60])
def test_error_is_that_of_scikit_learns_best_ridge(width):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, width))
    ages = 50 + features[:, 0] * 10 + rng.normal(size=40)
    errors = []
    for alpha in ALPHAS:
        probe = Ridge(alpha=alpha).fit(features[:30], ages[:30])
        errors.append(np.abs(probe.predict(features[30:]) - ages[30:]).mean())
    tensors = torch.from_numpy(features), torch.from_numpy(ages)
    assert probe_error(*tensors, 30, ALPHAS) == pytest.approx(min(errors))
    assert probe_error(*tensors, 30, ALPHAS[-1:]) == pytest.approx(errors[-1])


def errors_of(cohort, name: str) -> list[float]:
    column = read_tsv(cohort.outputs(name)["curve"])["validation_mae"]
    return [float(value) for value in column]


@pytest.fixture
def early(settings):
    settings["training"] |= {"epochs": 25, "learning_rate": 0.02, "early_stop": EARLY}
    settings["probe"] = {"alphas": ALPHAS}
    return settings


def test_training_stops_when_patience_ends_and_keeps_the_best_weights(cohort, early):
    train(asked(early), **cohort.inputs, **cohort.outputs("run"))
    errors = errors_of(cohort, "run")
    best = int(np.argmin(errors)) + 1
    assert len(errors) == best + 3 < 25
    saved = torch.load(cohort.outputs("run")["model"], weights_only=True)
    assert saved["epoch"] == best
    # The same training, told to end there: its last weights are those that were kept.
    early["training"] |= {"epochs": best}
    train(asked(early), **cohort.inputs, **cohort.outputs("short"))
    short = torch.load(cohort.outputs("short")["model"], weights_only=True)
    for part in ("encoder", "head"):
        for name, value in saved[part].items():
            assert torch.equal(value, short[part][name]), name
    with (
        np.load(cohort.outputs("run")["features"]) as one,
        np.load(cohort.outputs("short")["features"]) as other,
    ):
        assert np.array_equal(one["features"], other["features"])
        assert one["epoch"] == other["epoch"] == best


def test_the_stop_is_judged_by_the_probes_own_penalties(cohort, early):
    early["training"]["epochs"] = 2
    for name, alphas in (("usual", ALPHAS), ("heavy", [1e12])):
        train(asked(early | {"probe": {"alphas": alphas}}), **cohort.inputs, **cohort.outputs(name))
    usual, heavy = errors_of(cohort, "usual"), errors_of(cohort, "heavy")
    assert usual != heavy
    own, held_out = divide(
        scans_of([f"sub-{i:02d}" for i in cohort.train]), EarlyStopSettings(**EARLY), 0
    )
    ages = cohort.ages[cohort.train]
    mean = np.abs(ages[held_out.rows] - ages[own.rows].mean()).mean()
    assert heavy == pytest.approx([mean] * 2, abs=0.05), "so heavy a penalty leaves the mean"


def test_looks_are_every_so_many_epochs_and_at_the_end(cohort, early):
    early["training"] |= {"epochs": 5, "early_stop": EARLY | {"every": 2, "patience": 9}}
    train(asked(early), **cohort.inputs, **cohort.outputs("run"))
    found = np.isnan(errors_of(cohort, "run"))
    assert found.tolist() == [True, False, True, False, False]


def test_test_scans_have_no_part_in_when_to_stop(make_cohort, early):
    honest, changed = make_cohort("honest"), make_cohort("changed")
    changed.images[changed.test] = changed.images[changed.test] * 3 + 1
    changed.ages[changed.test] += 20
    changed.write()
    for cohort in (honest, changed):
        train(asked(early), **cohort.inputs, **cohort.outputs("run"))
    assert (
        honest.outputs("run")["model"].read_bytes() == changed.outputs("run")["model"].read_bytes()
    )
    assert errors_of(honest, "run") == errors_of(changed, "run")


def test_validation_ages_decide_when_to_stop_but_not_on_the_weights(make_cohort, early):
    early["training"] |= {"epochs": 5, "early_stop": EARLY | {"patience": 9}}
    honest, changed = make_cohort("honest"), make_cohort("changed")
    own = scans_of([f"sub-{i:02d}" for i in honest.train])
    held_out = divide(own, asked(early).training.early_stop, early["seed"])[1].rows
    assert len(held_out) == 4
    changed.ages[np.array(changed.train)[held_out]] += 15
    changed.write()
    for cohort in (honest, changed):
        train(asked(early), **cohort.inputs, **cohort.outputs("run"))
    losses = [read_tsv(each.outputs("run")["curve"])["loss"].tolist() for each in (honest, changed)]
    assert losses[0] == losses[1]
    assert errors_of(honest, "run") != errors_of(changed, "run")


def test_a_batch_larger_than_what_is_left_to_learn_from_is_refused(cohort, early):
    early["training"]["batch_size"] = 16
    with pytest.raises(SettingsError, match=r"16 .*14"):
        train(asked(early), **cohort.inputs, **cohort.outputs("run"))


def test_snapshots_after_the_stop_are_of_the_weights_that_were_kept(cohort, early):
    early["snapshot_epochs"] = [1, 25]
    paths = [cohort.folder / "one.npz", cohort.folder / "late.npz"]
    train(asked(early), **cohort.inputs, **cohort.outputs("run"), snapshots=paths)
    with np.load(paths[1]) as late, np.load(cohort.outputs("run")["features"]) as end:
        assert np.array_equal(late["features"], end["features"])
        assert late["epoch"] == end["epoch"] < 25, "and say so"
    with np.load(paths[0]) as one:
        assert one["epoch"] == 1


@pytest.mark.parametrize("stop_at", [2, "after the last epoch"])
def test_early_stop_interrupted_ends_with_the_same_bits(cohort, early, monkeypatch, stop_at):
    early["training"] |= {"ema": 0.9, "optimiser": "sgd", "gradient_clip": 1.0}
    early["training"]["schedule"] = {"name": "cosine", "warmup_epochs": 2, "final_fraction": 0.1}
    train(asked(early), **cohort.inputs, **cohort.outputs("whole"))
    run_epoch, write = training.run_epoch, training.write_features

    def fail(state, *rest):
        if state.epoch == stop_at:
            raise KeyboardInterrupt
        run_epoch(state, *rest)

    def fail_late(*rest):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(training, "run_epoch", fail)
        patch.setattr(training, "write_features", write if stop_at == 2 else fail_late)
        train(asked(early), **cohort.inputs, **cohort.outputs("parts"))
    assert cohort.outputs("parts")["resume"].is_file()
    train(asked(early), **cohort.inputs, **cohort.outputs("parts"))
    whole, parts = cohort.outputs("whole"), cohort.outputs("parts")
    assert whole["model"].read_bytes() == parts["model"].read_bytes()
    assert whole["features"].read_bytes() == parts["features"].read_bytes()
    curves = [read_tsv(each["curve"]).drop(columns="seconds") for each in (whole, parts)]
    assert curves[0].equals(curves[1])


def test_prediction_is_scaled_by_the_ages_that_put_it_back_into_years(
    cohort, settings, monkeypatch
):
    """Of the whole training split, with the part that early stop holds out of it."""
    started = []
    start = training.start
    monkeypatch.setattr(training, "start", lambda *a: started.append(start(*a)) or started[0])
    settings |= {"row": "adacon", "loss": {"loss": "adacon", "regression_weight": 1.0}}
    settings["training"] |= {"early_stop": EARLY, "epochs": 1}
    settings["probe"] = {"alphas": ALPHAS}
    train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    (state,) = started
    told = state.loss.training_targets
    assert len(told) == len(cohort.train)
    assert told.mean().item() == pytest.approx(state.target_mean, rel=1e-6)
    assert told.std(correction=0).item() == pytest.approx(state.target_sd, rel=1e-6)
