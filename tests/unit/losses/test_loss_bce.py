"""Binary cross entropy against its formula, in loops."""

from __future__ import annotations

from math import exp, log

import pytest
import torch

from contrage.errors import SettingsError
from contrage.losses import load

TRAINING = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0])  # 5 of the negative side to 2


def by_hand(logits, sides, weight):
    terms = []
    for views, side in zip(logits.tolist(), sides.tolist(), strict=True):
        for (logit,) in views:
            p = 1 / (1 + exp(-logit))
            terms.append(-weight * log(p) if side else -log(1 - p))
    return sum(terms) / len(terms)


def batch(rng):
    return torch.tensor(rng.normal(size=(6, 2, 1))), torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0, 0.0])


@pytest.mark.parametrize(("setting", "weight"), [("balanced", 5 / 2), ("none", 1)])
def test_loss_is_the_mean_over_samples_and_views_with_the_training_splits_weight(
    rng, setting, weight
):
    logits, sides = batch(rng)
    loss = load("bce", pos_weight=setting)
    loss.fit(TRAINING)
    assert loss(logits, sides).item() == pytest.approx(by_hand(logits, sides, weight), rel=1e-6)


def test_both_sides_weigh_alike_by_default(rng):
    loss = load("bce")
    loss.fit(TRAINING)
    value = 7 * loss(torch.zeros(7, 1, 1, dtype=torch.float64), TRAINING).item()
    of_positives = sum(TRAINING) * 5 / 2 * log(2)
    assert value == pytest.approx(2 * of_positives.item(), rel=1e-6)


def test_without_training_targets_the_weight_is_one(rng):
    logits, sides = batch(rng)
    assert load("bce")(logits, sides).item() == pytest.approx(by_hand(logits, sides, 1), rel=1e-9)


@pytest.mark.parametrize("side", [0.0, 1.0])
def test_a_training_split_of_one_side_is_refused(side):
    with pytest.raises(SettingsError, match="all 4 training scans are of one side"):
        load("bce").fit(torch.full((4,), side))


def test_it_asks_for_a_logit_and_takes_nothing_wider():
    loss = load("bce")
    assert loss.needs_prediction
    assert loss.predicts_logit
    with pytest.raises(ValueError, match="One logit per view"):
        loss(torch.zeros(4, 2, 3), torch.zeros(4))


def test_unknown_weight_is_named():
    with pytest.raises(SettingsError, match="pos_weight is 'even'; it can be balanced, none"):
        load("bce", pos_weight="even")
