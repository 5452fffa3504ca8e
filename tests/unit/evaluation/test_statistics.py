"""Intervals and p values over participants."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, sem, t

from contrage.evaluation.statistics.intervals import (
    bootstrap_mae,
    holm,
    mae_intervals,
    permutation_p,
)


def test_bootstrap_equals_a_loop_over_draws(rng):
    errors = rng.uniform(0, 10, (2, 3, 5))
    counts = rng.integers(1, 4, (3, 5))
    found = bootstrap_mae(errors, counts, 0, 7, seed=1)
    times = np.random.default_rng(1).multinomial(5, np.full(5, 0.2), 7)
    for draw in range(7):
        drawn = np.repeat(np.arange(5), times[draw])
        own = np.zeros((2, 5))
        for row in range(2):
            maes = [errors[row, s, drawn].sum() / counts[s, drawn].sum() for s in range(3)]
            assert found.mae[draw, row] == pytest.approx(np.mean(maes))
            for seed, mae in enumerate(maes):
                apart = errors[row, seed, drawn] - mae * counts[seed, drawn]
                own[row] += apart / counts[seed, drawn].sum() / 3
        assert found.error[draw] == pytest.approx(np.sqrt(5 / 4 * (own**2).sum(1)))
        apart = np.sqrt(5 / 4 * ((own - own[0]) ** 2).sum(1))
        assert found.difference_error[draw] == pytest.approx(apart)


def test_the_standard_error_of_one_seed_and_scan_is_that_of_a_mean(rng):
    errors, counts = rng.gamma(2, 2, (2, 1, 40)), np.ones((1, 40), int)
    draws = bootstrap_mae(errors, counts, 0, 3000, seed=0)
    wanted = sem(errors[:, 0], axis=1)
    np.testing.assert_allclose(draws.mae.std(0), wanted * np.sqrt(39 / 40), rtol=0.06)
    np.testing.assert_allclose(np.median(draws.error, 0), wanted, rtol=0.1)


def covered(rng, people: int, kind: str, cohorts: int = 500) -> float:
    """Return in how many simulated cohorts the 95 % interval holds the truth."""
    hits = 0
    for study in range(cohorts):
        shared = rng.normal(0, 1, people)
        one, other = (np.abs(shared + rng.normal(0, 0.5, people)) for _ in range(2))
        errors = np.stack([one, other])[:, None]
        counts = np.ones((1, people), int)
        own, apart = mae_intervals(errors, counts, 0, 600, study, 0.95)
        truth = np.sqrt(2 / np.pi * 1.25) if kind == "mae" else 0.0
        low, high = own if kind == "mae" else apart
        hits += low[1] <= truth <= high[1]
    return hits / cohorts


@pytest.mark.parametrize("people", [12, 60])
@pytest.mark.parametrize("kind", ["mae", "difference"])
def test_intervals_hold_the_truth_as_often_as_they_say(rng, people, kind):
    assert 0.93 <= covered(rng, people, kind) <= 0.97


def test_interval_holds_the_true_mae_where_scans_of_a_participant_are_alike(rng):
    """An interval over scans would be far too narrow."""
    people, sessions, truth, hits = 60, 4, 4.0, 0
    for study in range(300):
        own = rng.gamma(4.0, truth / 4, people)
        errors = own[:, None] * rng.uniform(0.8, 1.2, (people, sessions))
        counts = np.full((1, people), sessions)
        (low, high), _ = mae_intervals(errors.sum(1)[None, None], counts, 0, 400, study, 0.95)
        hits += low[0] <= truth <= high[0]
    assert 0.92 <= hits / 300 <= 0.98


def test_a_row_like_the_reference_differs_by_nothing(rng):
    errors = np.repeat(rng.uniform(0, 9, (1, 2, 12)), 2, axis=0)
    _, (low, high) = mae_intervals(errors, np.ones((2, 12), int), 0, 300, 0, 0.95)
    assert low.tolist() == high.tolist() == [0, 0]


def test_intervals_agree_with_scipys_bootstrap_where_people_are_many(rng):
    errors = rng.gamma(2, 2, 400)
    (low, high), _ = mae_intervals(errors[None, None], np.ones((1, 400), int), 0, 4000, 0, 0.95)
    wanted = bootstrap((errors,), np.mean, n_resamples=4000, rng=rng).confidence_interval
    assert (low[0], high[0]) == pytest.approx(wanted, abs=0.06 * (wanted[1] - wanted[0]))


def test_draws_are_those_of_scipys_bootstrap_with_several_scans_and_a_difference(rng):
    """Scans of a participant are drawn together, and the same people for both rows."""
    counts = rng.integers(1, 4, 30)
    errors = rng.gamma(2, 2, (2, 30)) * counts
    draws = bootstrap_mae(errors[:, None], counts[None], 0, 20000, seed=0)
    wanted = bootstrap(
        (*errors, counts),
        lambda one, other, scans, axis: (other - one).sum(axis) / scans.sum(axis),
        n_resamples=20000,
        paired=True,
        vectorized=True,
        method="percentile",
        rng=rng,
    )
    found = draws.mae[:, 1] - draws.mae[:, 0]
    error = wanted.standard_error
    assert found.std(ddof=1) == pytest.approx(error, rel=0.03)
    assert np.quantile(found, [0.025, 0.975]) == pytest.approx(
        np.array(wanted.confidence_interval), abs=0.1 * error
    )


@pytest.mark.parametrize("people", [2, 5, 7])
def test_of_few_participants_it_is_students_t(rng, people):
    errors = rng.uniform(0, 9, (2, 1, people))
    (low, high), (near, far) = mae_intervals(errors, np.ones((1, people), int), 0, 300, 0, 0.95)
    own, gap = errors[1, 0], errors[1, 0] - errors[0, 0]
    wanted = t.interval(0.95, people - 1, own.mean(), sem(own))
    assert (low[1], high[1]) == pytest.approx((max(0, wanted[0]), wanted[1]))
    assert (near[1], far[1]) == pytest.approx(t.interval(0.95, people - 1, gap.mean(), sem(gap)))


def test_of_one_participant_there_is_no_interval(rng):
    for bounds in mae_intervals(rng.uniform(0, 9, (2, 3, 1)), np.full((3, 1), 2), 0, 300, 0, 0.95):
        assert np.isnan(bounds).all()


@pytest.mark.parametrize("scans", [1, 2])
@pytest.mark.parametrize("people", [3, 8])
def test_rounding_is_no_spread(rng, people, scans):
    """A draw of one participant alone has none: nothing is divided by the last digits."""
    for study in range(40):
        errors = rng.uniform(1, 9, (3, 3, people)) * scans
        counts = np.full((3, people), scans)
        (low, high), (near, far) = mae_intervals(errors, counts, 0, 500, study, 0.95)
        assert np.abs([low, high, near, far]).max() < 100


def test_seed_without_a_drawn_participant_does_not_count():
    errors = np.array([[[4.0, 0.0], [0.0, 2.0]]])
    counts = np.array([[1, 0], [0, 1]])
    draws = bootstrap_mae(errors, counts, 0, 50, seed=0)
    assert set(draws.mae[:, 0].tolist()) == {4.0, 3.0, 2.0}


def test_bootstrap_is_the_same_for_the_same_seed(rng):
    errors, counts = rng.uniform(0, 9, (3, 2, 12)), np.ones((2, 12), int)
    one, two = (bootstrap_mae(errors, counts, 0, 450, seed=5) for _ in range(2))
    assert np.array_equal(one.mae, two.mae)
    assert np.array_equal(one.difference_error, two.difference_error)


@given(st.lists(st.floats(-9, 9).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=8))
def test_small_permutations_are_exact(differences):
    observed = abs(sum(differences)) * (1 - 1e-12)
    flips = list(itertools.product((1, -1), repeat=len(differences)))
    expected = np.mean([abs(np.dot(flip, differences)) >= observed for flip in flips])
    assert permutation_p(differences, 10, 0) == pytest.approx(expected)


def test_random_permutations_agree_with_all_of_them(rng):
    for effect in (0.1, 0.3, 0.6):
        differences = rng.normal(effect, 1, 15)
        flips = np.array(list(itertools.product((1, -1), repeat=15)))
        exact = (np.abs(flips @ differences) >= abs(differences.sum()) * (1 - 1e-12)).mean()
        # 20,000 draws: four standard errors.
        margin = 4 * np.sqrt(exact * (1 - exact) / 20000)
        assert permutation_p(differences, 20000, 0) == pytest.approx(exact, abs=margin)


@pytest.mark.parametrize(
    "tenths",
    [[1, 2, -1, -2], [-2, 1, 3, 3, -4, -1], [1, 2, 3, 4, -7], [-3, 4, 1, -1, -2, 3, -3, 1]],
)
def test_sums_that_are_equal_count_as_equal_however_they_are_rounded(tenths):
    """As decimals, 0.1 + 0.2 is not 0.3: the same sums of whole numbers are exact."""
    flips = list(itertools.product((1, -1), repeat=len(tenths)))
    expected = np.mean([abs(np.dot(flip, tenths)) >= abs(sum(tenths)) for flip in flips])
    assert permutation_p(np.array(tenths) * 0.1, 10, 0) == pytest.approx(expected)
    some = [*tenths, *tenths]  # up to 16 people: of more than twelve flips are drawn
    flips = np.array(list(itertools.product((1, -1), repeat=len(some))))
    exact = (np.abs(flips @ np.array(some)) >= abs(sum(some))).mean()
    assert permutation_p(np.array(some) * 0.1, 4000, 0) == pytest.approx(exact, abs=0.03)


def test_twenty_thousand_participants_are_drawn_in_parts(rng):
    import tracemalloc

    tracemalloc.start()
    assert 0 < permutation_p(rng.normal(0, 1, 20_000), 600, 0) <= 1
    assert tracemalloc.get_traced_memory()[1] < 150e6
    tracemalloc.stop()


def test_whoever_does_not_differ_does_not_count(rng):
    differences = rng.normal(0, 1, 9)
    among_others = np.concatenate([differences, np.zeros(40)])
    assert permutation_p(among_others, 10, 0) == permutation_p(differences, 10, 0)


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
    given = np.array([0.01, np.nan, 0.04])
    holm(given)
    np.testing.assert_array_equal(given, [0.01, np.nan, 0.04])
