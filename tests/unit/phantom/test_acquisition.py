from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from given import given

from contrage.cohort.phantom.heads.acquisition import (
    PROTOCOLS,
    bias_field,
    grid_around,
    make_pose,
    residual_pose,
    rician,
    rotation,
    slab,
    wanted_coverage,
)
from contrage.cohort.phantom.heads.template import Grid, apply, sample, stretch
from contrage.settings.blocks.phantom import PhantomSettings


def test_poses_stay_within_the_limits_and_use_them():
    poses = [
        make_pose("F", given(PhantomSettings, "cohort.phantom"), np.random.default_rng(k))
        for k in range(300)
    ]
    degrees = np.abs([pose.degrees for pose in poses])
    millimetres = np.abs([pose.millimetres for pose in poses])
    assert degrees.max() <= 15
    assert millimetres.max() <= 15
    assert degrees.max() > 12
    assert millimetres.max() > 12
    sizes = np.array([np.diag(pose.scaling)[:3] for pose in poses])
    assert 0.9 < sizes.min() < 0.96
    assert 1.0 < sizes.max() < 1.1
    # A rigid or similarity transform cannot undo unequal axes.
    assert np.ptp(sizes, axis=1).mean() > 0.015


def test_a_pose_and_its_inverse_cancel(rng):
    pose = make_pose("M", given(PhantomSettings, "cohort.phantom"), rng)
    np.testing.assert_allclose(pose.to_scanner @ pose.to_template, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(pose.to_scanner, pose.rigid @ pose.scaling)
    turn = pose.rigid[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


def test_rotations_turn_the_right_way():
    turned = rotation((0, 0, 90)) @ [1, 0, 0, 1]
    np.testing.assert_allclose(turned, [0, 1, 0, 1], atol=1e-12)
    turned = rotation((90, 0, 0)) @ [0, 1, 0, 1]
    np.testing.assert_allclose(turned, [0, 0, 1, 1], atol=1e-12)


def test_the_residual_movement_is_below_a_millimetre_in_the_head(rng):
    corners = np.array(np.meshgrid([-80, 80], [-110, 80], [-70, 85])).reshape(3, -1).astype(float)
    for _ in range(200):
        moved = apply(residual_pose(rng), corners)
        assert np.linalg.norm(moved - corners, axis=0).mean() < 1


@pytest.mark.parametrize("axes", ["RAS", "LPI", "PIR", "ASL", "LAS"])
@pytest.mark.parametrize("tilt", [0.0, 8.0])
def test_a_grid_has_the_orientation_and_voxels_asked_for_and_holds_the_points(axes, tilt, rng):
    points = rng.uniform([[-70], [-100], [-60]], [[60], [80], [90]], (3, 50))
    grid = grid_around(points, axes, (1.5, 2.0, 2.5), 4.0, tilt)
    assert "".join(nib.aff2axcodes(grid.affine)) == axes
    np.testing.assert_allclose(nib.affines.voxel_sizes(grid.affine), (1.5, 2.0, 2.5))
    index = apply(np.linalg.inv(grid.affine), points)
    assert (index > 0).all()
    assert (index < np.array(grid.shape)[:, None] - 1).all()


def test_protocols_give_studies_different_orientations_and_axial_slabs():
    assert len({protocol.t1_axes for protocol in PROTOCOLS.values()}) == 5
    assert all(protocol.map_axes[2] in "SI" for protocol in PROTOCOLS.values())


@pytest.mark.parametrize("strength", [0.0, 0.2, 0.4])
def test_the_bias_field_is_smooth_and_within_its_strength(strength, rng):
    affine = np.diag([2.0, 2.5, 3.0, 1.0])
    field = bias_field(Grid((90, 81, 60), affine), strength, rng)
    assert field.dtype == np.float32
    assert np.abs(field - 1).max() <= strength + 1e-3
    assert np.abs(field - 1).max() >= 0.65 * strength
    # Waves of 250 mm and more change by at most 2π/250 of their amplitude per mm.
    steepest = max(np.abs(np.diff(field, axis=k)).max() / affine[k, k] for k in range(3))
    assert steepest <= 2 * np.pi / 250 * 2.5 * strength + 1e-3


def test_stretching_agrees_with_interpolation_point_by_point(rng):
    array = rng.normal(size=(4, 5, 3))
    shape = (9, 11, 10)
    large = stretch(array, shape)
    assert large.shape == shape
    for _ in range(50):
        target = [int(rng.integers(n)) for n in shape]
        place = [t * (m - 1) / (n - 1) for t, n, m in zip(target, shape, array.shape, strict=True)]
        low = [min(int(p), m - 2) for p, m in zip(place, array.shape, strict=True)]
        expected = 0.0
        for corner in np.ndindex(2, 2, 2):
            weight = 1.0
            for p, a, c in zip(place, low, corner, strict=True):
                weight *= (p - a) if c else 1 - (p - a)
            expected += weight * array[tuple(np.add(low, corner))]
        assert large[tuple(target)] == pytest.approx(expected)


def test_sampling_takes_world_coordinates_and_is_zero_outside(rng):
    array = rng.normal(size=(5, 6, 7)).astype(np.float32)
    affine = np.array([[0, -2, 0, 9], [3, 0, 0, -4], [0, 0, 1.5, 2], [0, 0, 0, 1.0]])
    grid = Grid(array.shape, affine)
    index = np.array([[1, 2, 3], [4, 5, 0], [0, 0, 6]]).T
    inside = apply(affine, index.astype(float))
    values = sample(array, grid, inside)
    np.testing.assert_allclose(values, array[tuple(index)], rtol=1e-5)
    assert sample(array, grid, np.array([[500.0], [0], [0]])) == 0


def test_rician_noise_has_the_mean_and_spread_of_theory(rng):
    strong = rician(np.full((60, 60, 60), 100, np.float32), 5, rng)
    assert strong.mean() == pytest.approx(np.sqrt(100**2 + 5**2), rel=0.002)
    assert strong.std() == pytest.approx(5, rel=0.02)
    air = rician(np.zeros((60, 60, 60), np.float32), 5, rng)
    assert air.mean() == pytest.approx(5 * np.sqrt(np.pi / 2), rel=0.01)


def test_coverage_lies_mostly_between_90_per_cent_and_full(rng):
    drawn = np.array([wanted_coverage(f"study{k % 5 + 1}", 0.8, rng) for k in range(1000)])
    assert drawn.min() >= 0.8
    assert drawn.max() <= 1
    assert 0.75 < (drawn > 0.9).mean() < 0.97
    assert (drawn < 0.85).any()


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.97, 1.0])
def test_a_slab_holds_the_share_asked_for_and_less_than_a_slice_more(coverage, rng):
    z = np.linspace(-1.1, 1.1, 60)
    x = np.linspace(-1.1, 1.1, 50)
    ball = x[:, None, None] ** 2 + x[None, :, None] ** 2 + z**2 < 1
    thickest = ball.sum(axis=(0, 1)).max() / ball.sum()
    for _ in range(20):
        first, last = slab(ball, coverage, rng)
        held = ball[:, :, first:last].sum() / ball.sum()
        assert coverage - 1e-9 <= held <= coverage + 2 * thickest
