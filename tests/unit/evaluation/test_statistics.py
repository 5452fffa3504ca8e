"""Intervals and p values over participants."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from contrage.evaluation.statistics import bootstrap_mae, holm, interval, permutation_p


def test_bootstrap_equals_a_loop_over_draws(rng):
    errors = rng.uniform(0, 10, (2, 3, 5))
    counts = rng.integers(1, 4, (3, 5))
    found = bootstrap_mae(errors, counts, 7, seed=1)
    times = np.random.default_rng(1).multinomial(5, np.full(5, 0.2), 7)
    for draw in range(7):
        for row in range(2):
            maes = []
            for seed in range(3):
                drawn = np.repeat(np.arange(5), times[draw])
                maes.append(errors[row, seed, drawn].sum() / counts[seed, drawn].sum())
            assert found[draw, row] == pytest.approx(np.mean(maes))


def test_interval_holds_the_true_mae_as_often_as_it_says(rng):
    """Scans of a participant are alike: an interval over scans would be far too narrow."""
    people, sessions, truth, hits = 60, 4, 4.0, 0
    for study in range(300):
        own = rng.gamma(4.0, truth / 4, people)
        errors = own[:, None] * rng.uniform(0.8, 1.2, (people, sessions))
        draws = bootstrap_mae(
            errors.sum(1)[None, None], np.full((1, people), sessions), 400, seed=study
        )
        low, high = interval(draws, 0.95)
        hits += low[0] <= truth <= high[0]
    assert 0.90 <= hits / 300 <= 0.985


def test_seed_without_a_drawn_participant_does_not_count():
    errors = np.array([[[4.0, 0.0], [0.0, 2.0]]])
    counts = np.array([[1, 0], [0, 1]])
    draws = bootstrap_mae(errors, counts, 50, seed=0)
    assert set(draws[:, 0].tolist()) == {4.0, 3.0, 2.0}


def test_bootstrap_is_the_same_for_the_same_seed(rng):
    errors, counts = rng.uniform(0, 9, (3, 2, 12)), np.ones((2, 12), int)
    one, two = (bootstrap_mae(errors, counts, 450, seed=5) for _ in range(2))
    assert np.array_equal(one, two)


@given(st.lists(st.floats(-9, 9).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=8))
def test_small_permutations_are_exact(differences):
    observed = abs(sum(differences)) * (1 - 1e-12)
    flips = list(itertools.product((1, -1), repeat=len(differences)))
    expected = np.mean([abs(np.dot(flip, differences)) >= observed for flip in flips])
    assert permutation_p(differences, 10, 0) == pytest.approx(expected)


def test_permutation_agrees_with_scipy(rng):
    differences = rng.normal(0.3, 1, 40)
    reference = permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=20000, rng=rng
    )
    assert permutation_p(differences, 20000, 0) == pytest.approx(reference.pvalue, abs=0.015)


def test_no_difference_has_p_one():
    assert permutation_p(np.zeros(30), 100, 0) == 1


def test_p_is_never_zero_and_small_for_a_clear_difference(rng):
    p = permutation_p(rng.normal(5, 0.1, 30), 999, 0)
    assert p == pytest.approx(1 / 1000)


def test_p_values_are_uniform_where_there_is_no_effect(rng):
    p = np.array([permutation_p(rng.normal(0, 1, 20), 300, i) for i in range(300)])
    assert 0.02 <= (p <= 0.05).mean() <= 0.09
    assert 0.4 <= (p <= 0.5).mean() <= 0.6


def test_holm_multiplies_by_the_hypotheses_left_and_never_falls():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, np.nan, 0.7]), [1, np.nan, 1])
    assert np.isnan(holm([np.nan])).all()
