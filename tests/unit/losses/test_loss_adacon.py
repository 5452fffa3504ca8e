"""The adaptive margin against its formula, in loops."""

from __future__ import annotations

import math

import pytest
import torch
from loss_helpers import anchors_of, assert_same, batch
from torch import Tensor

from contrage.errors import SettingsError
from contrage.losses import load

TRAINING_AGES = torch.tensor([20.0, 22.5, 25.0, 25.0, 31.0, 48.0, 66.0, 70.0, 74.0, 75.0])


def by_loops(
    z: Tensor, y: Tensor, epoch: int, known: list[float], margin: float, scale: float
) -> Tensor:
    """Compute the loss at temperature 1 and bins of a year."""
    z, y = anchors_of(z, y)
    share = [sum(age <= own for age in known) / len(known) for own in y]
    total = torch.zeros((), dtype=torch.float64)
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        same = [t for t in others if math.floor(y[t]) == math.floor(y[i])]
        logits = {}
        for t in others:
            m = 0.0 if t in same else min(2.0, margin * abs(share[i] - share[t]))
            logits[t] = scale * (z[i] @ z[t] + m)
        denominator = torch.logsumexp(torch.stack(list(logits.values())), 0)
        for k in same:
            total = total - (logits[k] - denominator) / len(same)
    return total / len(z)


@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("margin", "scale"), [(2.0, 150.0), (5.0, 10.0), (0.0, 3.0)])
def test_loss_is_its_formula_with_the_training_ages(rng, views, margin, scale):
    z, y = batch(rng, 6, views)
    loss = load("adacon", margin=margin, scale=scale)
    loss.fit(TRAINING_AGES)
    known = TRAINING_AGES.tolist()
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, known, margin, scale), z, y)


def test_without_training_ages_those_of_the_batch_stand_in(rng):
    z, y = batch(rng, 6, 2)
    known = y.tolist()
    assert_same(load("adacon"), lambda z, y, epoch: by_loops(z, y, epoch, known, 2, 150), z, y)


def test_without_a_margin_it_is_supcon(rng):
    z, y = batch(rng)
    adacon = load("adacon", margin=0.0, scale=1 / 0.3)
    torch.testing.assert_close(adacon(z, y), load("supcon", temperature=0.3)(z, y))


def test_two_ages_lie_apart_by_the_people_between_them(rng):
    """Thirty years without anybody in between are no margin; one year with everybody is."""
    z = batch(rng, 2, 2)[0]
    empty, full = load("adacon", scale=1.0), load("adacon", scale=1.0)
    empty.fit(torch.tensor([20.0] + [50.0, 51.0] + [80.0] * 97))
    full.fit(torch.tensor([20.0] * 2 + [49.5, 49.9] * 48))
    near, far = empty(z, torch.tensor([20.5, 49.9])), full(z, torch.tensor([49.1, 50.1]))
    torch.testing.assert_close(
        near, load("adacon", scale=1.0, margin=0)(z, torch.tensor([20.0, 30.0]))
    )
    assert far > near


def test_regression_adds_the_squared_error_of_the_last_output(rng):
    z, y = batch(rng, 6, 2)
    predicted = torch.tensor(rng.normal(size=(6, 2, 1)))
    with_prediction = torch.cat([z, predicted], dim=2)
    plain, both = load("adacon"), load("adacon", regression_weight=4 / 3)
    for loss in (plain, both):
        loss.fit(TRAINING_AGES)
    truth = (y - TRAINING_AGES.mean()) / TRAINING_AGES.std(correction=0)
    squared = sum((predicted[i, v, 0] - truth[i]) ** 2 for i in range(6) for v in range(2)) / 12
    # The authors' total, MSE + 0.75 of the contrastive term, but for the factor 4/3.
    torch.testing.assert_close(both(with_prediction, y), plain(z, y) + 4 / 3 * squared)
    assert both.predicts_last
    assert not plain.predicts_last


def test_regression_needs_an_embedding_beside_the_prediction():
    with pytest.raises(ValueError, match="one feature more"):
        load("adacon", regression_weight=1)(torch.zeros(4, 2, 1), torch.arange(4.0))


@pytest.mark.parametrize("setting", ["scale", "margin", "bin_width", "regression_weight"])
def test_setting_that_cannot_work_is_named(setting):
    with pytest.raises(SettingsError, match=setting):
        load("adacon", **{setting: -1.0})
