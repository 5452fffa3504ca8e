"""Nine parameters: shift, rotation, three scalings along the scan's axes, and no shear."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.imaging.affines import rotation
from contrage.imaging.images import Image, grid_points, resample, shrink, transform_points
from contrage.imaging.space.affine9 import _scaled, nearest_nine, refine, similarity
from contrage.imaging.template.grids import brain_template
from contrage.imaging.template.source import NILEARN


def axes_of(image: Image) -> np.ndarray:
    """Unit vectors of the voxel axes, as columns."""
    return image.affine[:3, :3] / image.voxel_mm


def is_free_of_shear(matrix: np.ndarray, image: Image) -> bool:
    columns = matrix[:3, :3] @ axes_of(image)
    product = columns.T @ columns
    return np.allclose(product, np.diag(np.diag(product)), atol=1e-9)


def distances(one: np.ndarray, other: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(transform_points(one, points) - transform_points(other, points), axis=1)


def placed(head: Image, shear: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Scan's world to MNI152: scaled along the scan's axes, sheared, turned, shifted."""
    axes = axes_of(head)
    slanted = np.eye(3)
    slanted[0, 1], slanted[1, 2] = shear
    matrix = np.eye(4)
    turn = rotation(*np.deg2rad([-9.0, 6, -11]))
    matrix[:3, :3] = turn @ slanted @ axes @ np.diag([1.06, 0.95, 1.02]) @ axes.T
    matrix[:3, 3] = matrix[:3, :3] @ (-8.0, 11, -6) + (1, -2, 3)
    return matrix


def brain(head: Image, to_mni: np.ndarray) -> Image:
    """The template's brain in that pose, with noise, on the head's grid."""
    template = brain_template(2)
    values = resample(template.anatomical, head, to_mni)
    mask = resample(template.anatomical.with_array(template.mask), head, to_mni) > 0.5
    noise = np.random.default_rng(5).normal(0, 0.02, values.shape)
    return head.with_array((np.abs(values + noise) * 700 * mask).astype(np.float32))


def disturbed(matrix: np.ndarray) -> np.ndarray:
    """A transform as it may be found with twelve parameters: a little off, and sheared."""
    result = matrix.copy()
    noise = np.random.default_rng(1).normal(0, 0.012, (3, 3))
    result[:3, :3] = matrix[:3, :3] @ (np.eye(3) + noise)
    result[:3, 3] += (1.0, -1, 1.5)
    return result


@pytest.mark.parametrize("codes", ["PIL", "LAS"])
def test_a_pose_of_nine_parameters_is_found_within_half_a_millimetre(head, reoriented, codes):
    grid = reoriented(head.image, codes)
    truth = placed(grid)
    image = brain(grid, truth)
    start = disturbed(truth)
    found = refine(image, start, [4], NILEARN)
    points = grid_points(image, image.array > 0)[::97]
    assert np.median(distances(start, truth, points)) > 1.5
    assert np.median(distances(found, truth, points)) < 0.5
    assert is_free_of_shear(found, image)


def test_a_sheared_truth_gives_no_shear_and_stays_near(head):
    truth = placed(head.image, shear=(0.06, -0.04))
    image = brain(head.image, truth)
    found = refine(image, truth, [4], NILEARN)
    points = grid_points(image, image.array > 0)[::97]
    best = nearest_nine(truth, image, points).matrix()
    assert not is_free_of_shear(truth, image)
    assert is_free_of_shear(found, image)
    off = np.sqrt(np.mean(distances(best, truth, points) ** 2))
    assert np.sqrt(np.mean(distances(found, truth, points) ** 2)) < 1.5 * off


def test_a_transform_of_nine_parameters_is_its_own_nearest(head):
    truth = placed(head.image)
    points = grid_points(head.image, head.mask)[::97]
    found = nearest_nine(truth, head.image, points)
    np.testing.assert_allclose(found.matrix(), truth, atol=1e-9)
    assert np.linalg.det(found.turn @ found.axes.T) == pytest.approx(1)


def test_no_change_of_the_nearest_is_nearer(head, rng):
    truth = placed(head.image, shear=(0.06, -0.04))
    points = grid_points(head.image, head.mask)[::97]
    found = nearest_nine(truth, head.image, points)
    least = (distances(found.matrix(), truth, points) ** 2).mean()
    for change in rng.normal(0, 0.3, (40, 9)):
        assert (distances(found.matrix(change), truth, points) ** 2).mean() > least


def test_the_gradient_of_the_similarity_is_that_of_its_differences(head):
    truth = placed(head.image)
    image = brain(head.image, truth)
    points = grid_points(image, image.array > 0)[::97]
    start = nearest_nine(disturbed(truth), image, points)
    score = similarity(shrink(image, 4), start, 4, NILEARN)
    place = np.array([0.5, -1, 0.7, 1.2, -0.4, 0.8, -0.9, 0.3, 0.6])
    value, gradient = score(place)
    numeric = [(score(place + h)[0] - score(place - h)[0]) / 2e-3 for h in np.eye(9) * 1e-3]
    np.testing.assert_allclose(gradient, numeric, atol=0.02 * np.abs(numeric).max())
    assert -2 <= value <= -1


def test_intensities_keep_their_order_between_dark_and_bright(rng):
    values = rng.uniform(0, 900, (5, 6, 7)).astype(np.float32)
    scaled = _scaled(values)
    order = np.argsort(values.ravel())
    assert (np.diff(scaled.ravel()[order]) >= 0).all()
    assert scaled.min() >= 0 and scaled.max() == 31
