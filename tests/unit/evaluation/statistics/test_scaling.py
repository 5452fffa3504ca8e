"""Errors over training sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from contrage.errors import TableError
from contrage.evaluation.statistics.scaling import forecast, power_law

SIZES = [400, 800, 1600, 3200]


def test_worked_numbers():
    found = power_law(SIZES, [5, 4.2, 3.6, 3.1])
    assert found.exponent == pytest.approx(-0.2291371, abs=1e-6)
    assert found.n == 4


@given(st.floats(-2, 2), st.floats(0.1, 100))
def test_a_power_law_is_found_again(exponent, factor):
    found = power_law(SIZES, factor * np.array(SIZES, float) ** exponent)
    assert found.exponent == pytest.approx(exponent, abs=1e-9)
    assert found.factor == pytest.approx(factor, rel=1e-6)
    assert found.error == pytest.approx(0, abs=1e-6)


def test_it_is_a_line_in_logarithms(rng):
    errors = rng.uniform(2, 5, 4)
    wanted = sm.OLS(np.log(errors), sm.add_constant(np.log(SIZES))).fit()
    found = power_law(SIZES, errors)
    assert (found.exponent, found.error) == pytest.approx((wanted.params[1], wanted.bse[1]))
    assert found.factor == pytest.approx(np.exp(wanted.params[0]))


def test_of_two_points_the_exponent_has_no_error():
    found = power_law([100, 400], [4, 2])
    assert found.exponent == pytest.approx(-0.5)
    assert math.isnan(found.error)


def test_the_unit_of_neither_changes_the_exponent(rng):
    errors = rng.uniform(2, 5, 4)
    moved = power_law(np.array(SIZES) / 7, errors * 12)
    assert moved.exponent == pytest.approx(power_law(SIZES, errors).exponent)


@pytest.mark.parametrize(
    ("sizes", "errors", "why"),
    [
        ([100, 200], [1, 0], "above 0"),
        ([0, 200], [1, 2], "above 0"),
        ([100, 200], [1, math.nan], "above 0"),
        ([100, 100], [1, 2], "two training sizes"),
        ([], [], "two training sizes"),
    ],
)
def test_what_has_no_exponent_is_refused(sizes, errors, why):
    with pytest.raises(TableError, match=why):
        power_law(sizes, errors)


def test_a_forecast_is_that_of_least_squares_on_logarithms(rng):
    errors = 9 * np.array(SIZES, float) ** -0.3 * np.exp(rng.normal(0, 0.05, len(SIZES)))
    found = forecast(SIZES, errors, 4000)
    model = sm.OLS(np.log(errors), sm.add_constant(np.log(SIZES))).fit()
    told = model.get_prediction([[1, np.log(4000)]]).summary_frame(alpha=0.05).iloc[0]
    wanted = np.exp([told["mean"], told["obs_ci_lower"], told["obs_ci_upper"]])
    assert (found.error, found.low, found.high) == pytest.approx(tuple(wanted))
    assert found.size == 4000 and found.low < found.error < found.high


def test_of_two_points_a_forecast_has_no_interval():
    found = forecast([100, 400], [4, 2], 1600)
    assert found.error == pytest.approx(1) and np.isnan([found.low, found.high]).all()
