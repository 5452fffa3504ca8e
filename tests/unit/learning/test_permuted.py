"""Permuted labels: equal ones stay equal, and what is judged keeps its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning.folds import read_scans
from contrage.learning.labels import numbers, permuted, taught
from contrage.learning.loop import state as states
from contrage.learning.train import train
from contrage.tables import read_tsv


def test_five_labels_of_seed_0_are_those_of_the_worked_example():
    assert permuted(np.arange(5.0), 1, 0).tolist() == [2, 4, 3, 0, 1]
    assert permuted(np.arange(5.0) * 12, 12, 0).tolist() == [24, 48, 36, 0, 12]
    assert permuted(np.array([5.5, 7.25, 9.0, 9.5, 30.0]), 0, 0).tolist() == [9, 30, 9.5, 5.5, 7.25]


@pytest.mark.parametrize("width", [0, 0.5, 1, 5])
def test_who_had_one_label_has_one_and_no_label_is_lost(rng, width):
    targets = rng.uniform(20, 40, 60).round(1)
    before = numbers(targets, width)
    after = numbers(permuted(targets, width, 3), width)
    pairs = set(zip(before.tolist(), after.tolist(), strict=True))
    assert len(pairs) == len(set(before.tolist())) == len(set(after.tolist()))
    assert set(before.tolist()) == set(after.tolist())
    assert (before != after).any()


def test_where_a_target_lies_within_its_label_stays():
    targets = np.array([20.25, 20.75, 33.0, 41.5])
    found = permuted(targets, 1, 1)
    np.testing.assert_allclose(found % 1, targets % 1)
    assert found[1] - found[0] == 0.5


def permuting(settings, loss: str, **own):
    settings = settings | {"row": loss, "loss": {"loss": loss}, "bin_width": 5.0}
    return settings | {"permute_labels": True} | own


@pytest.mark.parametrize("loss", ["supremix", "l1"])
def test_the_loss_is_told_permuted_labels_and_the_validation_true_targets(
    cohort, settings, monkeypatch, loss
):
    told = permuting(settings, loss)
    stop = {"on": "inner", "fraction": 0.3, "patience": None, "every": 1}
    told["training"] = told["training"] | {"early_stop": stop, "epochs": 1}
    told["probe"] = {"alphas": [1.0]}
    fitted, seen, judged = [], [], []
    load = states.load_loss

    def watched(row, epochs):
        made = load(row, epochs)
        if hasattr(made, "fit"):
            fit = made.fit
            made.fit = lambda targets: (fitted.extend(targets.tolist()), fit(targets))
        made.register_forward_pre_hook(lambda _, given: seen.extend(given[1].tolist()))
        return made

    from contrage.learning.loop import validation

    def error(features, targets, learned, alphas):
        judged.extend(targets.tolist())
        return 1.0

    monkeypatch.setattr(states, "load_loss", watched)
    monkeypatch.setattr(validation, "probe_error", error)
    train(asked(told), **cohort.inputs, **cohort.outputs("run"))
    own = cohort.ages[cohort.train]
    other = permuted(own, 5.0, 0)
    assert sorted(judged) == sorted(own.tolist())
    if loss == "l1":
        other = (other - own.mean()) / own.std()
    if loss == "supremix":
        np.testing.assert_allclose(sorted(fitted), np.sort(other), atol=1e-4)
    gaps = np.abs(np.array(sorted(set(seen)))[:, None] - other).min(1)
    assert len(set(seen)) >= 8
    assert gaps.max() < 1e-4


def test_another_seed_permutes_otherwise_and_without_it_nothing_changes(cohort, settings):
    scans = read_scans(cohort.inputs["scans"], asked(settings).target)
    told = permuting(settings, "supcon")
    one, same, other = (
        taught(scans, asked(told | {"seed": seed})).targets.tolist() for seed in (0, 0, 1)
    )
    assert one == same != other
    assert taught(scans, asked(settings)) is scans
    with pytest.raises(SettingsError, match="bin_width: permute_labels needs the width"):
        taught(scans, asked(told | {"bin_width": None}))


def test_weights_differ_from_those_of_the_genuine_row_and_scans_stay_as_they_are(cohort, settings):
    before = cohort.inputs["scans"].read_bytes()
    plain = settings | {"row": "supremix", "loss": {"loss": "supremix"}}
    models = []
    for name, each in {"plain": plain, "permuted": permuting(settings, "supremix")}.items():
        train(asked(each), **cohort.inputs, **cohort.outputs(name))
        models.append(torch.load(cohort.outputs(name)["model"], weights_only=True))
        assert len(read_tsv(cohort.outputs(name)["curve"])) == 3
    first, second = (model["head"]["2.weight"] for model in models)
    assert not torch.equal(first, second)
    assert models[0]["target_mean"] == models[1]["target_mean"]
    assert cohort.inputs["scans"].read_bytes() == before


def test_a_loss_that_knows_classes_alone_learns_the_same_to_the_bit(cohort, settings):
    """What makes the permutation a test of order: nothing but the order is lost."""
    loss = {"loss": "supcon", "bin_width": 5.0}
    weights = []
    for name, own in {"plain": {}, "permuted": {"permute_labels": True, "bin_width": 5.0}}.items():
        told = settings | {"row": "supcon", "loss": loss} | own
        train(asked(told), **cohort.inputs, **cohort.outputs(name))
        weights.append(torch.load(cohort.outputs(name)["model"], weights_only=True)["head"])
    for name, values in weights[0].items():
        assert torch.equal(values, weights[1][name]), name
