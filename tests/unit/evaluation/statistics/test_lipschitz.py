"""Normalised Lipschitz factors of features."""

from __future__ import annotations

import math

import numpy as np
import pytest

from contrage.evaluation.statistics.lipschitz import (
    RowOnTest,
    bootstrapped_gaps,
    factors,
    gaps,
    spread_of,
    z_gap,
)

POINTS = [(0, 0), (1, 0), (2, 1), (4, 3)]
TARGETS = [10, 12, 13, 20]
WORKED = [4.1833001, 4.1833001, 1.3340389, 4.6691377]


def slow(features, targets):
    """The factors with loops: z-scores, nearest other point, L."""
    columns = [c for c in np.transpose(features).astype(float) if c.std() > 0]
    z = np.transpose([(c - c.mean()) / c.std() for c in columns])
    found = []
    for i, here in enumerate(z):
        near, best = None, math.inf
        for j, there in enumerate(z):
            away = math.dist(here, there)
            if i != j and away < best:
                near, best = j, away
        found.append(abs(targets[i] - targets[near]) / best * math.sqrt(len(columns)))
    return found


def test_worked_numbers():
    found = factors(POINTS, TARGETS)
    assert found == pytest.approx(WORKED, abs=1e-6)
    spread = spread_of(found)
    assert (spread.mean, spread.sd) == pytest.approx((3.5924443, 1.3188900), abs=1e-6)
    assert spread.skewness == pytest.approx(-1.0742476, abs=1e-6)
    assert spread.n == 4 and spread.median == pytest.approx(4.1833001, abs=1e-6)


def test_factors_are_those_of_loops(rng, monkeypatch):
    monkeypatch.setattr("contrage.evaluation.statistics.lipschitz.AT_ONCE", 100)
    features, targets = rng.normal(size=(40, 5)), rng.uniform(20, 80, 40)
    assert factors(features, targets) == pytest.approx(slow(features, targets))


def test_scales_and_constant_coordinates_change_nothing(rng):
    features, targets = rng.normal(size=(30, 4)), rng.uniform(20, 80, 30)
    own = factors(features, targets)
    assert factors(features * [1e-6, 1, 1e3, 5] + [3, 0, -1e3, 1], targets) == pytest.approx(own)
    for constant in (0.0, 7.3):
        wider = np.column_stack([features, np.full(30, constant)])
        assert factors(wider, targets) == pytest.approx(own)


def test_of_neighbours_as_near_as_each_other_the_first_counts():
    assert factors([[0], [1], [2]], [0, 10, 30])[1] == pytest.approx(10 / (1 / np.std([0, 1, 2])))


def test_points_that_are_one_have_no_factor():
    found = factors([[0, 1], [0, 1], [5, 2], [9, 9]], [1, 2, 3, 4])
    assert np.isnan(found).tolist() == [True, True, False, False]
    assert spread_of(found).n == 2


@pytest.mark.parametrize("features", [[[1.0, 2.0]], [[1.0, 2.0]] * 3])
def test_of_one_person_or_of_people_all_alike_there_are_none(features):
    found = factors(features, [30] * len(features))
    assert np.isnan(found).all() and spread_of(found).n == 0


def test_z_has_the_root_of_both_variances():
    others, own = [4.0, 6.0, np.nan], [1.0, 3.0, 5.0]
    wanted = (5 - 3) / math.sqrt(1 + 8 / 3)
    assert z_gap(others, own) == pytest.approx(wanted)
    assert z_gap(own, others) == pytest.approx(-wanted)
    assert math.isnan(z_gap([1, 1], [2, 2]))


@pytest.fixture
def two(rng):
    """A rough row and a smooth one that predicts better."""
    target = rng.uniform(20, 80, 60)
    fold = np.arange(60) % 2
    rough = RowOnTest(rng.gamma(4, 2, 60), target, target + rng.normal(0, 20, 60), fold)
    smooth = RowOnTest(rng.gamma(2, 1, 60), target, target + rng.normal(0, 5, 60), fold)
    return rough, smooth


def test_a_smoother_and_better_row_has_gaps_above_zero(two):
    z, r = gaps(*two)
    assert z > 0 and r > 0


def test_people_are_drawn_with_their_factors_and_both_rows_see_the_same(two):
    found = bootstrapped_gaps(*two, 40, 3)
    chance = np.random.default_rng(3)
    for line in found:
        drawn = chance.integers(60, size=60)
        assert tuple(line) == gaps(*(each.take(drawn) for each in two))
    assert found[:, 0].mean() == pytest.approx(gaps(*two)[0], abs=0.2)
