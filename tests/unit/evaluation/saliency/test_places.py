"""Cells of equal size, and sums over places."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_steps import statistics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from contrage.evaluation.saliency.places import NamedPlaces, cells, sums
from contrage.evaluation.statistics.saliency import (
    explained,
    incompleteness,
    intervals,
    shares,
)


@settings(max_examples=40, deadline=None)
@given(arrays(bool, st.sampled_from([(7,), (5, 9), (2, 6, 5, 4)])), st.integers(1, 70))
def test_cells_are_all_of_a_field_and_alike_in_size(field, count):
    found = cells(field, count)
    assert ((found > 0) == field).all()
    sizes = np.bincount(found.ravel())[1:]
    assert len(sizes) == min(count, int(field.sum()))
    if len(sizes):
        assert sizes.min() >= 1 and sizes.max() <= 2 * max(1, -(-int(field.sum()) // count))


def test_of_a_whole_image_cells_of_a_power_of_two_have_one_size():
    sizes = np.bincount(cells(np.ones((1, 16, 12, 8), bool), 64).ravel())[1:]
    assert (sizes == 24).all()


def test_sums_are_those_of_each_place_and_elsewhere_last(rng):
    values, places = rng.normal(0, 1, (2, 5, 6)), rng.integers(0, 4, (2, 5, 6))
    wanted = [values[places == number].sum() for number in (1, 2, 3, 0)]
    np.testing.assert_allclose(sums(values, places, 3), wanted)
    sizes = [int((places == number).sum()) for number in (1, 2, 3, 0)]
    assert NamedPlaces(("a", "b", "c"), places.astype(np.int32)).sizes.tolist() == sizes


def test_what_regions_explain_is_their_part_of_the_variance(rng):
    values = rng.normal(0, [3, 1, 0.2], (2, 15, 3))
    wanted = values.sum(axis=2)
    slow = np.zeros((2, 3))
    for seed in range(2):
        f = wanted[seed]
        for region in range(3):
            both = [(f[n] - f.mean()) * values[seed, n, region] for n in range(15)]
            slow[seed, region] = np.mean(both) / np.var(f)
    found = explained(values, wanted)
    np.testing.assert_allclose(found, slow.mean(0))
    assert found.sum() == pytest.approx(1) and found.argmax() == 0


def test_scans_that_a_seed_does_not_test_do_not_count(rng):
    values = rng.normal(0, 1, (2, 10, 4))
    wanted = values.sum(axis=2)
    values[1, 6:], wanted[1, 6:] = np.nan, np.nan
    by_seed = [explained(values[:1], wanted[:1]), explained(values[1:, :6], wanted[1:, :6])]
    np.testing.assert_allclose(explained(values, wanted), np.mean(by_seed, axis=0))
    each = np.abs(np.concatenate([values[0], values[1, :6]]))
    np.testing.assert_allclose(shares(values), (each / each.sum(1, keepdims=True)).mean(0))


def test_incompleteness_is_what_sums_lack_over_what_they_should_be():
    values = np.array([[[1.0, 1.0], [2.0, -4.0]]])
    assert incompleteness(values, np.array([[2.0, -2.0]])) == 0
    assert incompleteness(values, np.array([[2.5, -1.5]])) == pytest.approx(1 / 4)
    assert incompleteness(values, np.zeros((1, 2))) == 0


def test_intervals_are_percentiles_of_what_regions_explain_in_draws_of_people(rng):
    values = rng.normal(0, [3, 1, 0.2], (2, 12, 3))
    wanted = values.sum(axis=2)
    values[1, 9:], wanted[1, 9:] = np.nan, np.nan
    asked = statistics(bootstrap=200)
    low, high = intervals(values, wanted, asked)
    drawn = np.random.default_rng(asked.seed).integers(0, 12, (200, 12))
    slow = np.array([explained(values[:, each], wanted[:, each]) for each in drawn])
    outside = (1 - asked.confidence) / 2
    np.testing.assert_allclose(low, np.nanquantile(slow, outside, axis=0))
    np.testing.assert_allclose(high, np.nanquantile(slow, 1 - outside, axis=0))
    assert (low < explained(values, wanted)).all() and (high > explained(values, wanted)).all()


def test_of_one_person_there_is_no_interval():
    low, high = intervals(np.ones((1, 1, 2)), np.ones((1, 1)), statistics())
    assert np.isnan([low, high]).all()
