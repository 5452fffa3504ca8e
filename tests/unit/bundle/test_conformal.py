"""Intervals of split-conformal prediction, and how often they hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contrage.bundle.conformal import half_width, half_width_of_new_site

LEVELS = st.floats(0.5, 0.99)


@given(st.lists(st.floats(-50, 50), max_size=60), LEVELS)
def test_the_width_is_the_smallest_that_covers_the_rank(residuals, level):
    wanted = math.ceil(round((len(residuals) + 1) * level, 9))
    found = half_width(residuals, level)
    if wanted > len(residuals):
        assert found is None
        return
    covered = sum(abs(each) <= found for each in residuals)
    assert covered >= wanted
    assert found == 0 or sum(abs(each) < found for each in residuals) < wanted


def test_a_new_person_is_covered_as_often_as_asked(rng):
    held = []
    for _ in range(4000):
        every = rng.standard_t(3, 30)
        held.append(abs(every[0]) <= half_width(every[1:], 0.9))
    assert np.mean(held) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("people", "has_end"), [(0, False), (8, False), (9, True)])
def test_too_few_people_tell_of_no_end(people, has_end):
    assert (half_width(np.ones(people), 0.9) is not None) == has_end


def test_for_a_new_site_the_sites_are_what_is_ranked(rng):
    sites = [scale * np.ones(20) for scale in range(1, 21)]
    assert half_width_of_new_site(sites, 0.9) == 19  # ⌈21 · .9⌉ = 19th of 20
    assert half_width_of_new_site(sites[:4], 0.9) == 4  # the widest, with so few
    assert half_width_of_new_site(sites[:1], 0.9) is None
    assert half_width_of_new_site([*sites[:1], np.ones(5)], 0.9) is None
