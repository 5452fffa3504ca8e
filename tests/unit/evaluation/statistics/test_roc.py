"""Areas under ROC curves and DeLong's test."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, rankdata
from sklearn.metrics import auc, roc_auc_score

from contrage.evaluation.statistics.roc import (
    areas,
    auc_differences,
    auc_table,
    placements,
    roc_points,
)

POSITIVE = np.array([True] * 3 + [False] * 4)
FIRST = np.array([5.0, 3, 8, 1, 3, 4, 0])
SECOND = np.array([2.0, 3, 6, 1, 2, 5, 0])
WHOLE = st.integers(0, 6)


def loops(scores, positive):
    """Recompute areas and their covariance pair by pair."""
    above, below = [], []
    for score in scores:
        first = [s for s, p in zip(score, positive, strict=True) if p]
        second = [s for s, p in zip(score, positive, strict=True) if not p]
        pairs = [[(a > b) + (a == b) / 2 for b in second] for a in first]
        above.append([sum(row) / len(second) for row in pairs])
        below.append([sum(row[j] for row in pairs) / len(first) for j in range(len(second))])

    def covariance(one, other):
        mean, its = sum(one) / len(one), sum(other) / len(other)
        products = [(a - mean) * (b - its) for a, b in zip(one, other, strict=True)]
        return sum(products) / (len(one) - 1) / len(one)

    count = range(len(scores))
    return (
        [sum(each) / len(each) for each in above],
        [
            [covariance(above[i], above[j]) + covariance(below[i], below[j]) for j in count]
            for i in count
        ],
    )


def test_worked_numbers():
    of_positives, of_negatives = placements(FIRST, POSITIVE)
    assert of_positives == pytest.approx([1, 0.625, 1])
    assert of_negatives == pytest.approx([1, 5 / 6, 2 / 3, 1])
    found = areas([FIRST, SECOND], POSITIVE)
    assert found.auc == pytest.approx([0.875, 0.7916667], abs=1e-6)
    assert found.covariance[0, 0] == pytest.approx(0.0219907, abs=1e-6)
    assert found.error[0] == pytest.approx(0.1482928, abs=1e-6)
    wanted = (0.0833333, 0.1717961, 0.4850713, 0.6276258)
    assert found.compare(0, 1) == pytest.approx(wanted, abs=1e-6)


@given(
    st.lists(st.tuples(WHOLE, WHOLE), min_size=2, max_size=12),
    st.lists(st.tuples(WHOLE, WHOLE), min_size=2, max_size=12),
)
def test_areas_and_covariances_are_those_of_loops_over_pairs_with_ties(first, second):
    scores = np.array(first + second, float).T
    positive = np.arange(len(first) + len(second)) < len(first)
    found = areas(scores, positive)
    auc_of, covariance = loops(scores, positive)
    assert found.auc == pytest.approx(auc_of)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-12)
    assert found.auc == pytest.approx([roc_auc_score(positive, score) for score in scores])


@given(st.lists(st.tuples(WHOLE, st.booleans()), min_size=4, max_size=20))
def test_areas_know_ranks_alone_and_turn_round_with_the_score(told):
    score = np.array([value for value, _ in told], float)
    positive = np.array([side for _, side in told])
    found = areas([score, np.exp(score) / 3, -score], positive)
    if positive.all() or not positive.any():
        assert np.isnan(found.auc).all()
        return
    assert found.auc[1] == pytest.approx(found.auc[0])
    assert found.auc[2] == pytest.approx(1 - found.auc[0])
    np.testing.assert_allclose(found.error[1:], found.error[0], atol=1e-9)


def test_the_order_of_people_changes_nothing(rng):
    score, positive = rng.normal(size=30), rng.random(30) < 0.4
    order = rng.permutation(30)
    before, after = areas(score, positive), areas(score[order], positive[order])
    assert after.auc == pytest.approx(before.auc)
    assert after.error == pytest.approx(before.error)


def correlated(rng, people=60, gain=0.0):
    positive = np.arange(people) < people // 2
    shared = rng.normal(size=people) + positive
    first = shared + rng.normal(size=people) + gain * positive
    return np.stack([first, shared + rng.normal(size=people)]), positive


def test_the_standard_error_is_the_spread_of_areas_over_studies(rng):
    found = [areas(*correlated(rng)) for _ in range(1500)]
    observed = np.cov(np.array([each.auc for each in found]).T)
    told = np.mean([each.covariance for each in found], axis=0)
    np.testing.assert_allclose(told, observed, rtol=0.12)


@pytest.mark.parametrize("gain", [0.0, 0.4, 0.8])
def test_p_is_that_of_a_permutation_test(rng, gain):
    """Two markers of a person, as ranks, may be exchanged if they are equally good."""
    draws = 200
    for _ in range(5):
        scores, positive = correlated(rng, gain=gain)
        ranks = np.stack([rankdata(score) for score in scores])
        observed = abs(np.subtract(*areas(ranks, positive).auc))
        as_large = 0
        for _ in range(draws):
            swapped = np.where(rng.random(ranks.shape[1]) < 0.5, ranks, ranks[::-1])
            as_large += abs(np.subtract(*areas(swapped, positive).auc)) >= observed - 1e-12
        exact = (1 + as_large) / (1 + draws)
        p = areas(scores, positive).compare(0, 1)[3]
        # Four standard errors of the draws, and what the normal approximation is worth at 60.
        assert p == pytest.approx(exact, abs=4 * np.sqrt(exact / draws) + 0.02)


def test_p_values_are_uniform_where_markers_are_equally_good(rng):
    p = [areas(*correlated(rng, people=200)).compare(0, 1)[3] for _ in range(200)]
    assert kstest(p, "uniform").pvalue > 0.01
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.1


def test_the_difference_turns_round_with_the_pair(rng):
    found = areas(*correlated(rng, gain=0.5))
    one, other = found.compare(0, 1), found.compare(1, 0)
    assert other == pytest.approx((-one[0], one[1], -one[2], one[3]))


def test_markers_that_rank_alike_do_not_differ():
    difference, error, z, p = areas([FIRST, 7 * FIRST + 2], POSITIVE).compare(0, 1)
    assert (difference, error, p) == (0, 0, 1)
    assert math.isnan(z)


def test_of_thousands_one_exchanged_pair_is_no_rounding():
    positive = np.arange(4000) < 2000
    score = np.arange(4000.0)
    other = score.copy()
    other[[1999, 2000]] = other[[2000, 1999]]
    difference, error, _, p = areas([score, other], positive).compare(0, 1)
    assert difference == pytest.approx(-1 / 2000**2) and error > 0
    assert 0.1 < p < 1


def test_areas_that_differ_without_a_spread_have_no_p():
    """One tells all apart and one none: no placement varies."""
    perfect, blind = POSITIVE.astype(float), np.zeros(7)
    found = areas([perfect, blind], POSITIVE)
    assert found.auc.tolist() == [1, 0.5]
    difference, error, z, p = found.compare(0, 1)
    assert (difference, error) == (0.5, 0)
    assert math.isnan(z) and math.isnan(p)


def test_a_constant_score_is_chance_with_no_error():
    found = areas(np.full(7, 3.0), POSITIVE)
    assert (found.auc[0], found.error[0]) == (0.5, 0)


@pytest.mark.parametrize("positive", [[True] * 7, [False] * 7])
def test_of_one_side_there_is_no_area(positive):
    table = auc_table(pd.DataFrame({"gap": FIRST}), positive)
    assert np.isnan(table.loc[0, ["auc", "se"]].to_numpy(float)).all()
    assert not len(roc_points(FIRST, positive))
    assert math.isnan(areas([FIRST, SECOND], positive).compare(0, 1)[3])


def test_of_one_person_on_a_side_there_is_an_area_without_an_error():
    positive = np.arange(7) == 0
    found = areas(FIRST, positive)
    assert found.auc[0] == roc_auc_score(positive, FIRST)
    assert np.isnan(found.error).all()


def test_tables_name_the_scores():
    scores = pd.DataFrame({"gap": FIRST, "age": SECOND, "constant": 0.0})
    table = auc_table(scores, POSITIVE).set_index("score")
    assert table.loc["gap"].tolist() == pytest.approx([0.875, 0.1482928, 3, 4], abs=1e-6)
    every = auc_differences(scores, POSITIVE)
    assert list(zip(every["first"], every["second"], strict=True)) == [
        ("gap", "age"),
        ("gap", "constant"),
        ("age", "constant"),
    ]
    (asked,) = auc_differences(scores, POSITIVE, [("age", "gap")]).itertuples()
    assert (asked.first, asked.second) == ("age", "gap")
    assert (asked.difference, asked.p) == pytest.approx((-0.0833333, 0.6276258), abs=1e-6)


def test_the_area_under_the_points_is_the_area(rng):
    score, positive = rng.integers(0, 9, 50).astype(float), rng.random(50) < 0.5
    points = roc_points(score, positive)
    assert points.iloc[0].tolist() == [0, 0] and points.iloc[-1].tolist() == [1, 1]
    found = auc(points["false_positive_rate"], points["true_positive_rate"])
    assert found == pytest.approx(areas(score, positive).auc[0])
