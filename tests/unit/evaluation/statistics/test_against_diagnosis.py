"""Accuracy of a diagnosis over the error of age."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from given import given as block
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, norm, pearsonr

from contrage.evaluation.statistics.against_diagnosis import association
from contrage.settings.blocks.statistics import StatisticsSettings

X = [2.6, 2.8, 3.1, 3.5, 4.2]
Y = [0.86, 0.85, 0.84, 0.80, 0.74]


def test_worked_numbers(statistics):
    found = association(X, Y, range(5), statistics)
    assert found.r == pytest.approx(-0.9894601, abs=1e-6)
    assert found.slope == pytest.approx(-0.076675, abs=1e-6)
    assert (found.n, found.n_clusters) == (5, 5)


def test_fishers_interval_is_that_of_the_formula(statistics):
    """The r of -.92 of five folds that the paper prints: from -.99 to -.20."""
    for confidence in (0.9, 0.95):
        found = association(X, Y, range(5), replace(statistics, confidence=confidence))
        reach = norm.ppf((1 + confidence) / 2) / math.sqrt(5 - 3)
        wanted = [math.tanh(math.atanh(found.r) + side * reach) for side in (-1, 1)]
        assert [found.fisher_low, found.fisher_high] == pytest.approx(wanted)
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, 5))
    x = (x - x.mean()) / x.std()
    noise -= noise.mean()
    noise -= x * (x @ noise) / 5
    y = -0.92 * x + math.sqrt(1 - 0.92**2) * noise / noise.std()
    found = association(x, y, range(5), statistics)
    assert found.r == pytest.approx(-0.92)
    assert (found.fisher_low, found.fisher_high) == pytest.approx((-0.99, -0.20), abs=0.006)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=12))
def test_r_and_slope_are_scipys(points):
    few = block(StatisticsSettings, "statistics", bootstrap=100)
    x, y = np.array(points, float).T
    found = association(x, y, range(len(x)), few)
    if len(set(x)) > 1:
        assert found.slope == pytest.approx(linregress(x, y).slope, abs=1e-9)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert found.r == pytest.approx(pearsonr(x, y).statistic, abs=1e-9)
    else:
        assert math.isnan(found.r)


def test_trainings_are_drawn_with_all_their_points(rng, statistics):
    """Against a loop that puts the points of the drawn trainings together again."""
    training = np.repeat(np.arange(7), 4)
    x = rng.normal(3, 0.3, 7)[training] + rng.normal(0, 0.1, 28)
    y = 0.9 - 0.05 * x + rng.normal(0, 0.02, 28)
    found = association(x, y, training.tolist(), statistics)
    r, slope = [], []
    for _ in range(2000):
        drawn = np.concatenate([np.flatnonzero(training == k) for k in rng.integers(0, 7, 7)])
        r.append(pearsonr(x[drawn], y[drawn]).statistic)
        slope.append(linregress(x[drawn], y[drawn]).slope)
    for low, high, draws in (
        (found.r_low, found.r_high, r),
        (found.slope_low, found.slope_high, slope),
    ):
        wanted = np.quantile(draws, [0.025, 0.975])
        assert [low, high] == pytest.approx(wanted, abs=0.15 * np.ptp(wanted))


def test_points_of_one_training_that_are_alike_do_not_narrow_the_interval(rng, statistics):
    x = rng.normal(3, 0.3, 10)
    y = 0.9 - 0.05 * x + rng.normal(0, 0.02, 10)
    once = association(x, y, range(10), statistics)
    training = np.repeat(np.arange(10), 4)
    often = association(x[training], y[training], training.tolist(), statistics)
    assert (often.r_low, often.r_high) == pytest.approx((once.r_low, once.r_high))
    assert often.fisher_high - often.fisher_low < once.fisher_high - once.fisher_low
    scattered = association(x[training], y[training], range(40), statistics)
    assert scattered.r_high - scattered.r_low < often.r_high - often.r_low


def test_trainings_are_named_by_seed_and_fold(statistics):
    pairs = [(0, 0), (0, 0), (0, 1), (1, 0), (1, 0)]
    assert association(X, Y, pairs, statistics).n_clusters == 3


def test_draws_of_one_training_alone_do_not_count(statistics):
    """A third of the draws are the first four trainings alone, which are one point."""
    found = association([2, 2, 2, 2, 3], [0.9] * 4 + [0.8], range(5), statistics)
    assert (found.r_low, found.r_high) == pytest.approx((-1, -1))
    assert (found.slope_low, found.slope_high) == pytest.approx((-0.1, -0.1))


def test_rounding_is_no_spread_of_errors(statistics):
    """A third of the draws have one error alone, in decimals whose squares are rounded."""
    x, y = [3.03] * 20 + [3.29] * 2, [0.89, 0.77, 0.68, 0.67, 0.87] * 4 + [0.67, 0.64]
    found = association(x, y, np.repeat(range(5), [5, 5, 5, 5, 2]).tolist(), statistics)
    assert (found.slope_low, found.slope_high) == pytest.approx((found.slope, found.slope))


def test_a_far_origin_loses_no_digits(rng, statistics):
    found = association(np.array(X) + 1e6, Y, range(5), statistics)
    near = association(X, Y, range(5), statistics)
    assert (found.r_low, found.slope_high) == pytest.approx((near.r_low, near.slope_high), rel=1e-6)


@pytest.mark.parametrize(("x", "y"), [([3, 3, 3], [0.1, 0.2, 0.3]), ([2, 3], [0.8, 0.7])])
def test_without_a_spread_or_with_two_points_there_is_no_line(x, y, statistics):
    found = association(x, y, range(len(x)), statistics)
    assert all(math.isnan(each) for each in (found.r, found.slope, found.fisher_low))


def test_accuracies_that_are_equal_have_a_flat_line_and_no_r(statistics):
    found = association([2, 3, 4, 5, 6], [0.5] * 5, range(5), statistics)
    assert found.slope == 0 and math.isnan(found.r) and math.isnan(found.r_low)
    assert (found.slope_low, found.slope_high) == (0, 0)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_of_fewer_than_five_trainings_there_is_no_bootstrap(count, statistics):
    found = association(X * 4, Y * 4, [n % count for n in range(20)], statistics)
    assert found.n_clusters == count and found.r < -0.9
    assert all(math.isnan(each) for each in (found.r_low, found.r_high))
    assert all(math.isnan(each) for each in (found.slope_low, found.slope_high))
