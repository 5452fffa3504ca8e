"""The paired t-test of errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from contrage.evaluation.statistics.paired_t import paired_t


def test_t_and_p_are_those_of_the_formula(rng):
    errors, others = rng.gamma(2, 1, 25), rng.gamma(2, 1.5, 25)
    gap = errors - others
    wanted = gap.mean() / (gap.std(ddof=1) / math.sqrt(25))
    t, p = paired_t(errors, others)
    assert t == pytest.approx(wanted) and p == pytest.approx(2 * student.sf(abs(wanted), 24))


@pytest.mark.parametrize("gap", [0.0, 1.5])
def test_differences_that_are_all_equal_have_no_test(gap):
    errors = np.array([1.0, 2.0, 4.0])
    assert np.isnan(paired_t(errors + gap, errors)).all()
    assert np.isnan(paired_t([1.0], [2.0])).all()
