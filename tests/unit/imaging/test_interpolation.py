"""Interpolation by config: accuracy, edges, ranges, and that there is one of it."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from contrage.imaging.affines import rotation, write_affine
from contrage.imaging.ants.bridge import to_ants
from contrage.imaging.ants.load import import_ants
from contrage.imaging.images import Image, grid_points, transform_points
from contrage.imaging.space.carry import fill_outside, warp_mask, warp_within
from contrage.imaging.space.mni import Transform

WAVES_MM = np.array([23.0, 19.0, 17.0])
KINDS = ("linear", "bspline", "lanczos")


@pytest.fixture(scope="module", autouse=True)
def ants():
    import_ants(1)


def smooth(points: np.ndarray) -> np.ndarray:
    """A function of world coordinates between 1 and 4, seven voxels a wave."""
    return 2.5 + np.sin(2 * np.pi * points / WAVES_MM + (0.3, 1.1, 2.0)).mean(axis=1) * 1.5


def scan(codes: str, reoriented) -> Image:
    """The function on an oblique grid of unequal axes and voxels, stored in some orientation."""
    affine = np.eye(4)
    affine[:3, :3] = rotation(0.2, -0.1, 0.3) * (2.6, 3.0, 2.4)
    affine[:3, 3] = (-40, -52, -44)
    image = Image(np.zeros((34, 37, 39), np.float32), affine)
    values = smooth(grid_points(image)).reshape(image.array.shape).astype(np.float32)
    return reoriented(image.with_array(values), codes)


def grid() -> Image:
    affine = np.diag([-2.0, 2, 2, 1])
    affine[:3, 3] = (31, -27, -23)
    return Image(np.zeros((31, 28, 24), np.float32), affine)


def placed() -> np.ndarray:
    """An affine of the scan's world to the grid's."""
    affine = np.eye(4)
    affine[:3, :3] = [[1.04, 0.08, 0], [-0.1, 0.97, 0.05], [0.02, -0.05, 1.05]]
    affine[:3, 3] = (2.3, -3.1, 1.7)
    return affine


@pytest.mark.parametrize("codes", ["RAS", "PIL", "ASR"])
def test_higher_orders_are_nearer_to_a_smooth_function_in_any_orientation(reoriented, codes):
    image = scan(codes, reoriented)
    truth = smooth(transform_points(np.linalg.inv(placed()), grid_points(grid())))
    errors = {}
    for kind in KINDS:
        whole = np.ones(image.array.shape, bool)
        result = warp_within(image, whole, grid(), Transform(placed()), kind)
        inside = result.ravel() > 0
        assert inside.mean() > 0.9
        errors[kind] = np.sqrt(np.mean((result.ravel() - truth)[inside].astype(float) ** 2))
    assert errors["bspline"] < 0.5 * errors["linear"]
    assert errors["lanczos"] < 0.7 * errors["linear"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_on_the_grid_is_copied_bit_by_bit_whatever_the_interpolation(small, rng, kind):
    support = rng.random(small.array.shape) > 0.3
    result = warp_within(small, support, small, Transform(np.eye(4)), kind)
    np.testing.assert_array_equal(result, small.array * support)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("codes", ["LAS", "PSR", "IRP"])
def test_the_same_voxels_in_another_order_keep_their_values(reoriented, rng, kind, codes):
    target = grid()
    values = rng.uniform(1, 4, target.array.shape).astype(np.float32)
    image = reoriented(target.with_array(values), codes)
    support = np.ones(image.array.shape, bool)
    result = warp_within(image, support, target, Transform(np.eye(4)), kind)
    np.testing.assert_allclose(result, values, rtol=2e-5)


@pytest.mark.parametrize("kind", ["bspline", "lanczos"])
def test_nothing_rings_at_the_edge_of_a_brain(reoriented, kind):
    image = scan("PIL", reoriented)
    index = np.indices(image.array.shape)
    middle = np.array(image.array.shape).reshape(3, 1, 1, 1) / 2
    support = ((index - middle) ** 2).sum(axis=0) < 11**2
    flat = image.with_array(np.where(support, 2.7, 900).astype(np.float32))
    result = warp_within(flat, support, grid(), Transform(placed()), kind)
    assert (result > 0).sum() > 1000
    np.testing.assert_allclose(result[result != 0], 2.7, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_leaves_the_range_of_the_voxels_around(small, rng, kind):
    values = np.where(rng.random(small.array.shape) > 0.8, 9.0, 0.1).astype(np.float32)
    support = rng.random(small.array.shape) > 0.2
    target = Image(np.zeros((20, 19, 18), np.float32), np.diag([1.9, 1.9, 1.9, 1]))
    target.affine[:3, 3] = transform_points(small.affine, np.array([[5.0, 8, 6]]))[0] - 18
    result = warp_within(small.with_array(values), support, target, Transform(np.eye(4)), kind)
    to_voxel = np.linalg.inv(small.affine) @ target.affine
    filled = np.argwhere(result != 0)
    assert len(filled) > 500
    for index in filled[::7]:
        place = transform_points(to_voxel, index[None].astype(float))[0]
        centre = np.floor(place + 0.5).astype(int)
        around = tuple(slice(max(0, c - 1), c + 2) for c in centre)
        near = values[around][support[around]]
        slack = 1e-5
        # Where a neighbour is outside the support, the nearest value inside stands in for it.
        low, high = (near.min(), near.max()) if support[around].all() else (0.1, 9.0)
        assert low - slack <= result[tuple(index)] <= high + slack


def test_a_mask_goes_by_the_nearest_voxel(small, rng):
    mask = rng.random(small.array.shape) > 0.4
    target = Image(np.zeros((9, 8, 7), np.float32), np.diag([3.1, 3.3, 2.9, 1]))
    target.affine[:3, 3] = transform_points(small.affine, np.array([[5.0, 8, 6]]))[0] - 12
    transform = Transform(placed())
    moved = warp_mask(mask, small, target, transform)
    to_voxel = np.linalg.inv(small.affine) @ np.linalg.inv(placed()) @ target.affine
    seen = 0
    for index in np.ndindex(target.array.shape):
        place = transform_points(to_voxel, np.array(index, float)[None])[0]
        nearest = np.floor(place + 0.5).astype(int)
        inside = (nearest >= 0).all() and (nearest < mask.shape).all()
        assert moved[index] == (bool(mask[tuple(nearest)]) if inside else False)
        seen += inside
    assert seen > 50


def test_the_outside_gets_the_nearest_value_in_millimetres(small, rng):
    support = np.zeros(small.array.shape, bool)
    support[4:8, 6:11, 5:9] = rng.random((4, 5, 4)) > 0.5
    filled = fill_outside(small, support)
    points, values = grid_points(small, support), small.array[support]
    place = grid_points(filled)
    for point, value in list(zip(place, filled.array.ravel(), strict=True))[::97]:
        distance = np.linalg.norm(points - point, axis=1)
        nearest = values[distance <= distance.min() + 1e-6]
        assert np.isclose(nearest, value).any()


@pytest.mark.parametrize("kind", KINDS)
def test_affine_and_deformation_are_one_interpolation(reoriented, tmp_path, kind):
    """Against the function itself at the composed coordinates, and worse if done twice."""
    import ants

    ants.merge_channels = import_module(
        "ants.utils.channels"
    ).merge_channels  # no step writes warps
    target = grid()
    points = grid_points(target)
    shift = 3 * np.sin(2 * np.pi * points[:, [1, 2, 0]] / 60)  # mm, RAS
    field = (shift * (-1, -1, 1)).reshape(*target.array.shape, 3).astype(np.float32)
    frame = to_ants(target)
    warp = ants.from_numpy(
        field,
        origin=list(frame.origin),
        spacing=list(frame.spacing),
        direction=frame.direction,
        has_components=True,
    )
    ants.image_write(warp, str(tmp_path / "warp.nii.gz"))
    write_affine(tmp_path / "affine.mat", placed())
    files = [str(tmp_path / "warp.nii.gz"), str(tmp_path / "affine.mat")]
    composed = Transform(placed(), (files, [False, False]))
    truth = smooth(transform_points(np.linalg.inv(placed()), points + shift))
    image = scan("PIL", reoriented)
    whole = np.ones(image.array.shape, bool)
    once = warp_within(image, whole, target, composed, kind)
    first = target.with_array(warp_within(image, whole, target, Transform(placed()), kind))
    deformation = Transform(np.eye(4), (files[:1], [False]))
    twice = warp_within(first, first.array > 0, target, deformation, kind)
    inside = (once > 0) & (twice > 0)
    error, worse = (
        np.sqrt(np.mean((result.ravel() - truth)[inside.ravel()] ** 2)) for result in (once, twice)
    )
    assert inside.mean() > 0.7
    assert error < {"linear": 0.08, "bspline": 0.015, "lanczos": 0.03}[kind]
    assert error < worse
