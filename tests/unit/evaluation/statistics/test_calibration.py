"""Calibration errors and their null."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve as of_sklearn

from contrage.errors import TableError
from contrage.evaluation.statistics.calibration import (
    calibration,
    calibration_curve,
    null_errors,
)
from contrage.evaluation.statistics.scaling import power_law

P = np.array([0.05, 0.15, 0.15, 0.35, 0.65, 0.75, 0.85, 0.95])
Y = np.array([0, 0, 1, 0, 1, 1, 0, 1])
CHANCES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]))
TOLD = st.lists(st.tuples(CHANCES, st.integers(0, 1)), min_size=1, max_size=40)


def test_worked_numbers(statistics):
    found = calibration(Y, P, replace(statistics, permutations=10_000))
    assert found.ece == pytest.approx(0.325, abs=1e-6)
    assert found.ace == pytest.approx(0.3214286, abs=1e-6)
    assert found.null_mean == pytest.approx(0.271, abs=0.003)
    assert found.null_high == pytest.approx(0.400, abs=0.003)
    assert found.n == 8


def test_the_null_is_that_of_all_outcomes(statistics):
    """Of eight people there are 256, many of which are equally far off (.028 as far as the worked
    example itself): they count as equal, however they are rounded."""
    draws = 10_000
    found = calibration(Y, P, replace(statistics, permutations=draws))
    mean = p = 0.0
    for outcome in itertools.product((0, 1), repeat=8):
        chance = float(np.prod(np.where(outcome, P, 1 - P)))
        table = calibration_curve(outcome, P)
        error = ((table["probability"] - table["observed"]).abs() * table["n"]).sum() / 8
        mean += chance * error
        p += chance * (error >= found.ece - 1e-12)
    assert p == pytest.approx(0.2124941, abs=1e-6)
    assert found.p == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / draws))
    assert found.null_mean == pytest.approx(mean, abs=4 * 0.07 / np.sqrt(draws))


@given(TOLD)
def test_errors_are_those_of_loops_over_bins(told):
    chance, truth = (np.array(each, float) for each in zip(*told, strict=True))
    table = calibration_curve(truth, chance)
    gaps = []
    edges = np.linspace(0, 1, 11)
    for at in range(10):
        low, high = edges[at], edges[at + 1]
        inside = [i for i, p in enumerate(chance) if low < p <= high or (at == 0 and p == 0)]
        if inside:
            gap = abs(sum(truth[i] - chance[i] for i in inside)) / len(inside)
            gaps.append((len(inside), gap))
    assert table["n"].tolist() == [n for n, _ in gaps]
    found = (table["probability"] - table["observed"]).abs()
    assert found.tolist() == pytest.approx([gap for _, gap in gaps], abs=1e-12)


@given(TOLD)
def test_the_curve_is_that_of_scikit_learn(told):
    chance, truth = (np.array(each, float) for each in zip(*told, strict=True))
    table = calibration_curve(truth, chance)
    if len(set(truth)) == 2:  # it refuses one class
        observed, probability = of_sklearn(truth, chance, n_bins=10)
        assert table["observed"].tolist() == pytest.approx(observed.tolist())
        assert table["probability"].tolist() == pytest.approx(probability.tolist())
    assert (table["low"] <= table["probability"] + 1e-12).all()
    assert (table["probability"] <= table["high"] + 1e-12).all()


def test_errors_weigh_bins_by_people_and_alike(rng, statistics):
    chance = rng.random(90)
    truth = (rng.random(90) < chance**2).astype(int)
    table = calibration_curve(truth, chance)
    gap = (table["probability"] - table["observed"]).abs()
    found = calibration(truth, chance, statistics)
    assert found.ece == pytest.approx((gap * table["n"]).sum() / 90)
    assert found.ace == pytest.approx(gap.mean())


def test_the_null_falls_with_the_root_of_the_people(rng):
    sizes = [80, 200, 800, 3200]
    means = [
        np.mean([null_errors(rng.random(size), 200, seed).mean() for seed in range(10)])
        for size in sizes
    ]
    assert power_law(sizes, means).exponent == pytest.approx(-0.5, abs=0.02)
    assert means[:3] == pytest.approx([0.114, 0.069, 0.035], rel=0.06)


def test_p_is_uniform_where_probabilities_are_true(rng, statistics):
    few = replace(statistics, permutations=200)
    p = []
    for _ in range(300):
        chance = rng.random(60)
        p.append(calibration(rng.random(60) < chance, chance, few).p)
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(p) == pytest.approx(0.5, abs=0.07)


def test_probabilities_that_say_too_much_are_found_out(rng, statistics):
    chance = rng.random(300)
    truth = rng.random(300) < 0.5 + (chance - 0.5) / 4
    found = calibration(truth, chance, statistics)
    assert found.ece > found.null_high
    assert found.p == pytest.approx(1 / (1 + statistics.permutations))


def test_certainty_that_is_right_has_no_error(statistics):
    found = calibration([0, 1, 1], [0.0, 1.0, 1.0], statistics)
    assert (found.ece, found.ace, found.null_mean, found.null_high, found.p) == (0, 0, 0, 0, 1)


def test_one_class_and_one_probability_are_one_bin(statistics):
    table = calibration_curve([1, 1, 1], [0.6, 0.6, 0.6])
    assert table[["n", "observed"]].to_numpy().tolist() == [[3, 1]]
    found = calibration([1, 1, 1], [0.6, 0.6, 0.6], statistics)
    assert (found.ece, found.ace) == pytest.approx((0.4, 0.4))


@pytest.mark.parametrize(
    ("chance", "why"), [([], "nobody"), ([0.2, 1.01], "outside"), ([0.2, np.nan], "outside")]
)
def test_what_is_no_probability_is_refused(chance, why, statistics):
    with pytest.raises(TableError, match=why):
        calibration(np.zeros(len(chance)), chance, statistics)


def test_the_null_is_the_same_for_the_same_seed():
    assert np.array_equal(null_errors(P, 450, 1), null_errors(P, 450, 1))
    assert len(null_errors(P, 450, 1)) == 450
