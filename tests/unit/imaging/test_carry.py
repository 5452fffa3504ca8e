"""The mask to the map, the map to MNI152."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.imaging.images import Image, transform_points
from contrage.imaging.scan import to_kilopascal
from contrage.imaging.space.carry import carry_mask, warp_mask, warp_within
from contrage.imaging.space.mni import Transform
from contrage.imaging.template.grids import mni_grid


def coarse_grid() -> Image:
    affine = np.diag([-4.0, 4, 4, 1])
    affine[:3, 3] = (30, -25, -20)
    return Image(np.zeros((16, 14, 12), np.float32), affine)


def known_transform(small: Image) -> Transform:
    affine = np.eye(4)
    affine[:3, :3] = [[1.02, 0.1, 0], [-0.1, 0.97, 0.05], [0, -0.05, 1.04]]
    affine[:3, 3] = -affine[:3, :3] @ transform_points(small.affine, np.array([[6.0, 8, 7]]))[0]
    return Transform(affine)


def test_the_mask_is_carried_to_the_map_grid_by_the_nearest_voxel(small, rng):
    mask = rng.random(small.array.shape) > 0.4
    other = Image(np.zeros((9, 8, 11), np.float32), small.affine @ np.diag([1.31, 1.87, 1.23, 1]))
    carried = carry_mask(mask, small, other)
    for index in np.ndindex(other.array.shape):
        world = other.affine[:3, :3] @ index + other.affine[:3, 3]
        place = transform_points(np.linalg.inv(small.affine), world[None])[0]
        nearest = np.floor(place + 0.5).astype(int)
        inside = (nearest >= 0).all() and (nearest < small.array.shape).all()
        assert carried[index] == (bool(mask[tuple(nearest)]) if inside else False)


def test_a_mask_on_the_same_grid_is_not_touched(small, rng):
    mask = rng.random(small.array.shape) > 0.4
    np.testing.assert_array_equal(carry_mask(mask, small, small), mask)


def test_pascal_becomes_kilopascal(small):
    converted = to_kilopascal(small.with_array(small.array * 1000), "Pa")
    np.testing.assert_allclose(converted.array, small.array, rtol=1e-6)
    np.testing.assert_array_equal(to_kilopascal(small, "kPa").array, small.array)


def test_a_constant_map_stays_constant_up_to_its_edge(small, rng):
    support = rng.random(small.array.shape) > 0.15
    flat = small.with_array(np.full_like(small.array, 2.7))
    result = warp_within(flat, support, coarse_grid(), known_transform(small))
    filled = result != 0
    assert filled.sum() > 100
    np.testing.assert_allclose(result[filled], 2.7, rtol=1e-5)


def test_values_outside_the_support_do_not_leak_in(small):
    support = np.zeros(small.array.shape, bool)
    support[3:9, 4:13, 3:11] = True
    spoiled = np.where(support, 2.7, 900).astype(np.float32)
    result = warp_within(small.with_array(spoiled), support, coarse_grid(), known_transform(small))
    np.testing.assert_allclose(result[result != 0], 2.7, rtol=1e-5)


def test_warping_agrees_with_an_explicit_loop_over_a_known_affine(small):
    grid, transform = coarse_grid(), known_transform(small)
    support = small.array > 1.5
    result = warp_within(small, support, grid, transform)
    to_voxel = np.linalg.inv(small.affine) @ np.linalg.inv(transform.affine) @ grid.affine
    for index in [(7, 6, 5), (6, 5, 4), (9, 8, 6), (8, 4, 6)]:
        place = to_voxel[:3, :3] @ index + to_voxel[:3, 3]
        low = np.floor(place).astype(int)
        part, value, weight = place - low, 0.0, 0.0
        for corner in np.ndindex(2, 2, 2):
            where = tuple(low + corner)
            share = np.prod([p if c else 1 - p for c, p in zip(corner, part, strict=True)])
            weight += share * support[where]
            value += share * support[where] * small.array[where]
        expected = value / weight if support[tuple(np.floor(place + 0.5).astype(int))] else 0.0
        assert result[index] == pytest.approx(expected, rel=1e-4)


def test_an_image_on_the_grid_already_is_copied_bit_by_bit(rng):
    grid = mni_grid()
    values = rng.uniform(0.1, 6, grid.array.shape).astype(np.float32)
    support = rng.random(grid.array.shape) > 0.3
    result = warp_within(Image(values, grid.affine), support, grid, Transform(np.eye(4)))
    np.testing.assert_array_equal(result, values * support)


@pytest.mark.parametrize("codes", ["LAS", "PSR", "IRP"])
def test_a_marker_on_the_left_stays_on_the_left_in_any_orientation(reoriented, codes):
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = (-60, -70, -50)
    array = np.ones((41, 45, 39), np.float32)
    array[:12] = 5.0  # x from -60 to -27: left
    image = reoriented(Image(array, affine), codes)
    grid = mni_grid()
    result = warp_within(image, image.array > 0, grid, Transform(np.eye(4)))
    x = transform_points(grid.affine, np.argwhere(result > 4).astype(float))[:, 0]
    assert x.size and x.max() < -20


def test_a_warped_mask_keeps_its_volume(small):
    mask = np.zeros(small.array.shape, bool)
    mask[2:10, 3:14, 2:12] = True
    transform = known_transform(small)
    fine = Image(np.zeros((60, 60, 60), np.float32), np.diag([1.0, 1, 1, 1]))
    fine.affine[:3, 3] = -30
    moved = warp_mask(mask, small, fine, transform)
    volume = mask.sum() * abs(np.linalg.det((transform.affine @ small.affine)[:3, :3]))
    assert moved.sum() == pytest.approx(volume, rel=0.05)
