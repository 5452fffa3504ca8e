"""Images of many people, voxel by voxel."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.evaluation.statistics.voxels import add_up, difference, is_enough, outer_thirds

SHAPE = (3, 4, 5)


def test_means_and_coverage_are_those_of_slow_loops(rng):
    images = rng.normal(2, 1, (7, *SHAPE)) * (rng.random((7, *SHAPE)) < 0.6)
    images[2, 0, 0, 0] = np.nan
    groups = [0, 2, 1, 0, 2, 2, 0]
    found = add_up(iter(images.astype(np.float32)), groups, SHAPE)
    for group, people in {None: range(7), 0: [0, 3, 6], 2: [1, 4, 5]}.items():
        assert found[group].n == len(people)
        for voxel in np.ndindex(SHAPE):
            values = [images[(i, *voxel)] for i in people]
            inside = [v for v in values if np.isfinite(v) and v != 0]
            assert found[group].coverage[voxel] == pytest.approx(len(inside) / len(people))
            enough = len(inside) >= len(people) / 2 and inside
            wanted = np.mean(inside) if enough else 0
            assert found[group].mean[voxel] == pytest.approx(wanted, abs=1e-6)


def test_a_difference_is_shown_where_both_groups_have_values():
    one = np.zeros((4, *SHAPE), np.float32)
    one[:, 0], one[:1, 1], one[:, 2] = 3, 3, 3
    other = np.zeros((4, *SHAPE), np.float32)
    other[:, 0], other[:, 1] = 2, 2
    found = add_up([*one, *other], [0] * 4 + [2] * 4, SHAPE)
    apart = difference(found[0], found[2])
    assert (apart[0] == 1).all() and (apart[1:] == 0).all()


def test_thirds_hold_a_third_each_and_equal_values_stay_together():
    assert outer_thirds([9, 1, 5, 2, 8, 6]).tolist() == [2, 0, 1, 0, 2, 1]
    groups = outer_thirds([20, 20, 20, 30, 40, 50])
    assert groups.tolist() == [0, 0, 0, 1, 2, 2]
    assert outer_thirds([4, 4, 4]).tolist() == [1, 1, 1]


def test_the_mean_of_two_people_is_shown_to_nobody():
    found = add_up(np.ones((5, *SHAPE), np.float32), [0, 0, 2, 2, 2], SHAPE)
    assert not is_enough(found[0], found[2]) and is_enough(found[2]) and not is_enough(None)
