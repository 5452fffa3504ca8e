"""Size, place and agreement of masks."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.imaging.masks import centre, dice, litres


def test_dice_counts_by_hand():
    one, other = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert dice(one, other) == 2 * 1 / 4
    assert dice(one, ~one) == 0 and dice(one & ~one, one & ~one) == 0


def test_a_voxel_has_the_volume_of_its_edges_however_it_is_turned(small):
    mask = np.zeros(small.array.shape, bool)
    mask[2:5, 3:9, 1:3] = True
    assert litres(mask, small) == pytest.approx(3 * 6 * 2 * 2.5 * 3.0 * 2.0 / 1e6)


def test_the_centre_of_a_box_is_that_of_its_corners(small):
    mask = np.zeros(small.array.shape, bool)
    mask[2:5, 3:9, 1:3] = True
    expected = small.affine @ [3.0, 5.5, 1.5, 1.0]
    np.testing.assert_allclose(centre(small, mask), expected[:3])
