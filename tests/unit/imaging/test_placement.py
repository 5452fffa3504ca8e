"""Signs of a wrongly placed scan, each by itself, on images whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.imaging.affines import rotation
from contrage.imaging.images import Image
from contrage.imaging.space.alignment import METRICS, map_pose, measure, pose, signal, smoothness
from contrage.imaging.template.source import NILEARN


def moved(image: Image, degrees=(0.0, 0.0, 0.0), shift=(0.0, 0.0, 0.0)) -> Image:
    """Put an image elsewhere in the scanner, about the world's origin."""
    world = np.eye(4)
    world[:3, :3] = rotation(*np.deg2rad(degrees))
    world[:3, 3] = shift
    return Image(image.array, world @ image.affine)


def test_a_pose_is_read_off_an_affine():
    affine = np.eye(4)
    affine[:3, :3] = rotation(0, 0, np.deg2rad(37)) @ np.diag([1.1, 1.0, 0.9])
    found = pose(affine)
    assert found["pose_degrees"] == pytest.approx(37)
    assert found["scale"] == pytest.approx((1.1 * 0.9) ** (1 / 3))
    assert found["stretch"] == pytest.approx(1.1 / 0.9)


def test_a_whole_head_has_signal_in_all_of_its_brain_and_none_in_the_air(head):
    found = signal(head.image, head.to_mni, NILEARN)
    assert found["signal"] > 0.97
    assert found["air"] is None or found["air"] < 0.1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_a_head_has_signal_in_half_of_its_brain(head, axis):
    array = head.image.array.copy()
    middle = int(np.argwhere(head.mask)[:, axis].mean())
    array[(slice(None),) * axis + (slice(middle),)] = 0
    assert 0.35 < signal(head.image.with_array(array), head.to_mni, NILEARN)["signal"] < 0.65


def test_a_head_cut_off_by_the_field_of_view_lacks_signal_too(head):
    """As where the slices were placed too low: nothing of it is zero."""
    middle = int(np.argwhere(head.mask)[:, 1].mean())
    affine = head.image.affine.copy()
    affine[:3, 3] += middle * affine[:3, 1]
    cut = Image(head.image.array[:, middle:], affine)
    assert 0.35 < signal(cut, head.to_mni, NILEARN)["signal"] < 0.65


def test_ghosts_light_up_the_air(make_head):
    head = make_head(degrees=(2.0, -3.0, 4.0))
    wide = np.pad(head.image.array, 10)
    affine = head.image.affine.copy()
    affine[:3, 3] -= 10 * head.image.affine[:3, :3].sum(axis=1)
    ghost = 0.5 * wide + 0.5 * np.roll(wide, wide.shape[2] // 2, axis=2)
    clean = signal(Image(wide, affine), head.to_mni, NILEARN)["air"]
    assert clean < 0.1 < 0.3 < signal(Image(ghost, affine), head.to_mni, NILEARN)["air"]


def test_a_stripped_brain_has_no_air_to_speak_of(head):
    brain = head.image.with_array(head.image.array * head.mask)
    assert signal(brain, head.to_mni, NILEARN)["air"] in (None, 0.0)


@pytest.mark.parametrize("codes", ["RAS", "LAS", "PIL"])
def test_a_map_in_its_place_need_not_move(head, make_map, codes):
    found = map_pose(make_map(head, codes=codes), head.mask, head.image)
    assert found["map_agreement"] > 0.93
    assert found["map_shift_mm"] == 0 and found["map_degrees"] == 0


def test_the_movement_of_a_map_is_measured(head, make_map):
    """The turn is about the world's origin: it moves the map's middle as well."""
    shifted = map_pose(moved(make_map(head), shift=(0, 12, 0)), head.mask, head.image)
    assert shifted["map_shift_mm"] == pytest.approx(12, abs=2.5)
    turned = map_pose(moved(make_map(head), degrees=(0, 0, 20)), head.mask, head.image)
    assert turned["map_degrees"] == pytest.approx(20, abs=4)


def test_a_mirrored_header_shows_where_the_head_is_not_straight(head, make_map):
    mirror = np.diag([-1.0, 1, 1, 1])
    stiffness = make_map(head)
    found = map_pose(Image(stiffness.array, mirror @ stiffness.affine), head.mask, head.image)
    assert found["map_shift_mm"] > 8 and found["map_degrees"] > 15


def test_noise_is_told_from_tissue(head, make_map, rng):
    tissue = make_map(head)
    noise = tissue.with_array(rng.uniform(1, 5, tissue.array.shape) * (tissue.array > 0))
    assert smoothness(tissue) > 0.8
    assert abs(smoothness(noise)) < 0.1


@pytest.mark.filterwarnings("error")
def test_a_constant_map_is_smooth_and_one_of_lone_voxels_is_not(small):
    constant = np.zeros_like(small.array)
    constant[2:9, 3:9, 4:9] = 0.1
    assert smoothness(small.with_array(constant)) == 1
    lone = np.zeros_like(small.array)
    lone[2, 3, 4] = lone[7, 8, 9] = 2.0
    assert smoothness(small.with_array(lone)) == 0


@pytest.mark.filterwarnings("error")
def test_an_axis_along_which_nothing_varies_has_no_say(small, rng):
    layers = np.zeros_like(small.array)
    layers[:, 3:5] = rng.uniform(1, 2, (12, 1, 14))
    layers[:, 4] = 1.5
    found = smoothness(small.with_array(layers))
    one, other = layers[:-1, 3:5], layers[1:, 3:5]
    along_x = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    one, other = layers[:, 3:5, :-1], layers[:, 3:5, 1:]
    along_z = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    assert found == pytest.approx((along_x + along_z) / 2)


def test_a_map_of_a_few_voxels_has_no_outline_to_compare(head, make_map):
    tiny = make_map(head, voxel=(1.9, 1.9, 1.9))
    array = np.zeros_like(tiny.array)
    array[tuple(np.argwhere(tiny.array != 0).mean(axis=0).astype(int))] = 2.0
    found = measure(head.to_mni, head.image, tiny.with_array(array), head.mask, NILEARN)
    assert [found[name] for name in ("map_agreement", "map_shift_mm", "map_degrees")] == [None] * 3
    assert found["map_smoothness"] is not None and found["signal"] > 0.9


def test_what_cannot_be_measured_is_none(head, make_map):
    alone = measure(np.eye(4), None, make_map(head), None, NILEARN)
    assert set(alone) == set(METRICS)
    assert alone["signal"] is None and alone["map_agreement"] is None
    assert alone["map_smoothness"] > 0.8
    anatomical = measure(head.to_mni, head.image, None, head.mask, NILEARN)
    assert anatomical["map_smoothness"] is None and anatomical["signal"] > 0.9
