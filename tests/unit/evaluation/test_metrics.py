"""Metrics, against what they are defined as."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import r2_score

from contrage.evaluation.statistics.metrics import explained, scores, within_folds_r


def pearson(age, predicted) -> float:
    """All in one fold."""
    return within_folds_r(age, predicted, np.zeros(len(age)))


AGES = arrays(float, 12, elements=st.floats(5, 100), unique=True)


@given(AGES, AGES)
def test_metrics_of_one_fold_are_what_loops_find(age, predicted):
    mean, other = sum(age) / 12, sum(predicted) / 12
    apart = [p - a for a, p in zip(age, predicted, strict=True)]
    together = sum((a - mean) * (p - other) for a, p in zip(age, predicted, strict=True))
    spread = math.sqrt(sum((a - mean) ** 2 for a in age) * sum((p - other) ** 2 for p in predicted))
    found = scores(age, predicted, np.zeros(12), np.full(12, mean))
    assert found["mae"] == pytest.approx(sum(map(abs, apart)) / 12)
    assert found["rmse"] == pytest.approx(math.sqrt(sum(each**2 for each in apart) / 12))
    assert found["r2"] == pytest.approx(r2_score(age, predicted), rel=1e-9, abs=1e-9)
    assert found["r"] == pytest.approx(together / spread, abs=1e-7)


folds = np.repeat(np.arange(4), [3, 40, 9, 8])


def test_perfect_predictions_score_perfectly():
    age = np.array([20.0, 30, 70])
    found = scores(age, age, [0, 0, 1], [50, 50, 25])
    assert found == {"mae": 0, "rmse": 0, "r2": 1, "r": pytest.approx(1)}


def test_constant_predictions_have_no_correlation():
    assert math.isnan(pearson([20, 30, 40], [30, 30, 30]))
    assert math.isnan(pearson([0.1, 0.1, 0.1], [20, 30, 40]))
    assert math.isnan(pearson([30], [20]))


def test_where_nothing_is_to_be_explained_there_is_no_r2():
    assert math.isnan(explained([30, 30], [20, 40], [30, 30]))
    assert explained([20, 30, 40], [30, 30, 30], [30, 30, 30]) == 0


def test_one_constant_for_each_fold_has_no_correlation_and_explains_nothing(rng):
    age = rng.uniform(20, 80, 60)
    mean = np.array([age[folds != fold].mean() for fold in folds])
    found = scores(age, mean, folds, mean)
    assert math.isnan(found["r"])
    assert found["r2"] == 0


def test_a_perfect_order_within_folds_is_no_less_for_folds_that_are_shifted(rng):
    age = rng.uniform(20, 80, 60)
    shifted = age + np.array([-30, 20, 5, 40])[folds]
    assert within_folds_r(age, shifted, folds) == pytest.approx(1)
    assert pearson(age, shifted) < 0.9


def test_predictions_without_skill_correlate_with_age_by_nothing_on_average(rng):
    within, over_all = [], []
    for _ in range(400):
        age = rng.uniform(20, 80, 60)
        mean = np.array([age[folds != fold].mean() for fold in folds])
        predicted = mean + rng.normal(0, 1, 60)
        within.append(within_folds_r(age, predicted, folds))
        over_all.append(pearson(age, predicted))
    error = np.std(within) / 20
    assert abs(np.mean(within)) < 3 * error
    assert np.mean(over_all) < -5 * error


def test_within_folds_it_is_the_correlation_of_what_is_left_of_the_folds_means(rng):
    age, predicted = rng.uniform(20, 80, (2, 60))
    for fold in range(4):
        age[folds == fold] -= age[folds == fold].mean()
        predicted[folds == fold] -= predicted[folds == fold].mean()
    wanted = age @ predicted / np.sqrt((age @ age) * (predicted @ predicted))
    assert within_folds_r(age + folds, predicted - folds, folds) == pytest.approx(wanted)
