"""The geometric mean of errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from contrage.evaluation.statistics.geometric import FLOOR, geometric_mean_error

ERRORS = np.array([1, 2, 0.5, 4, 0, 3])
ERROR = st.floats(-50, 50).filter(lambda error: error == 0 or abs(error) > 1e-9)


def test_worked_numbers():
    truth = np.full(6, 50.0)
    assert geometric_mean_error(truth, truth + ERRORS) == (pytest.approx(0.1513086, abs=1e-6), 1)
    without = ERRORS[ERRORS > 0]
    found = geometric_mean_error(truth[:5], truth[:5] - without)
    assert found == (pytest.approx(1.6437518, abs=1e-6), 0)
    assert mean_absolute_error(truth, truth + ERRORS) == 1.75
    assert root_mean_squared_error(truth, truth + ERRORS) ** 2 == pytest.approx(5.0416667, abs=1e-6)


@given(arrays(float, 7, elements=ERROR), arrays(float, 7, elements=st.floats(0, 100)))
def test_it_is_the_root_of_the_product_and_never_above_the_other_means(errors, truth):
    predicted = truth + errors
    apart = [abs(p - y) for p, y in zip(predicted, truth, strict=True)]
    wanted = math.exp(sum(math.log(max(each, 1e-6)) for each in apart) / 7)
    found, raised = geometric_mean_error(truth, predicted)
    assert found == pytest.approx(wanted, rel=1e-9)
    assert raised == sum(each < 1e-6 for each in apart)
    mae, rmse = mean_absolute_error(truth, predicted), root_mean_squared_error(truth, predicted)
    # What is raised to the floor adds at most that.
    assert found <= (mae + (FLOOR if raised else 0)) * (1 + 1e-12)
    assert mae <= rmse * (1 + 1e-12)


def test_equal_errors_have_one_mean():
    assert geometric_mean_error([10, 20], [13, 17]) == (pytest.approx(3), 0)


def test_perfect_predictions_are_all_raised():
    assert geometric_mean_error([10.0, 20.0], [10.0, 20.0]) == (pytest.approx(FLOOR), 2)
