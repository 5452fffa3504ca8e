"""Metrics, against scikit-learn and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from contrage.evaluation.metrics import mae, pearson, r2, rmse, scores

AGES = arrays(float, 12, elements=st.floats(5, 100), unique=True)


@given(AGES, AGES)
def test_metrics_equal_those_of_scikit_learn_and_scipy(age, predicted):
    assert mae(age, predicted) == pytest.approx(mean_absolute_error(age, predicted))
    assert rmse(age, predicted) == pytest.approx(math.sqrt(mean_squared_error(age, predicted)))
    assert r2(age, predicted) == pytest.approx(r2_score(age, predicted), rel=1e-9, abs=1e-9)
    assert pearson(age, predicted) == pytest.approx(pearsonr(age, predicted)[0], abs=1e-7)


def test_perfect_predictions_score_perfectly():
    age = np.array([20.0, 30, 70])
    assert scores(age, age) == {"mae": 0, "rmse": 0, "r2": 1, "r": pytest.approx(1)}


def test_constant_predictions_have_no_correlation():
    assert math.isnan(pearson([20, 30, 40], [30, 30, 30]))
    assert math.isnan(r2([30, 30], [20, 40]))
    assert r2([20, 30, 40], [30, 30, 30]) == 0
