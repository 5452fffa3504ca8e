"""Bands of the target."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from contrage.evaluation.statistics.bands import LEAST, bands


def test_a_band_holds_its_lower_edge_and_not_its_upper_one():
    number, names = bands([10, 19.9, 20, 30, 45], [20, 30], 1)
    assert names == ["below 20", "20 to 30", "30 and over"]
    assert number.tolist() == [0, 0, 1, 2, 2]


def test_bands_that_nobody_is_in_are_left_out():
    number, names = bands([10, 50], [40, 20, 30], 1)
    assert names == ["below 20", "40 and over"] and number.tolist() == [0, 1]


def test_bands_of_few_people_are_joined():
    values = np.repeat([5.0, 15.0, 25.0, 35.0, 45.0], [3, 9, 10, 12, 4])
    number, names = bands(values, None, 10)
    assert names == ["0 to 20", "20 to 30", "30 to 50"]
    assert np.bincount(number).tolist() == [12, 10, 16]


@given(
    some.lists(some.floats(-200, 200), min_size=1, max_size=80), some.sampled_from([0.1, 1, 10, 50])
)
def test_everybody_is_in_the_band_that_is_named_and_bands_have_enough_people(values, width):
    number, names = bands(values, None, width)
    ends = [[float(end) for end in name.split(" to ")] for name in names]
    for value, at in zip(values, number, strict=True):
        low, high = ends[at]
        assert low <= value + 1e-4 and value < high + 1e-4
    assert len(names) == 1 or np.bincount(number).min() >= LEAST
    assert all(one[1] <= other[0] for one, other in pairwise(ends))
