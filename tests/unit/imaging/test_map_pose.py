"""Maps that reach the T1 through the magnitude of their acquisition."""

from __future__ import annotations

import numpy as np
import pytest
from imaging_chain import preprocess

from contrage.errors import BadScanError
from contrage.files import read_json
from contrage.imaging.affines import read_affine, rotation
from contrage.imaging.ants.load import import_ants
from contrage.imaging.images import Image, grid_points, load, resample, transform_points
from contrage.imaging.space.alignment import measure, movement
from contrage.imaging.space.carry import carry_mask
from contrage.imaging.space.map_pose import magnitude_to_anatomical
from contrage.imaging.space.mni import Transform
from contrage.imaging.template.source import NILEARN
from contrage.plan.imaging import ants_settings


def movement_of_head(degrees=(3.0, -2.0, 6.0), shift=(5.0, 7.0, -4.0)) -> np.ndarray:
    """Anatomical world → magnitude world."""
    world = np.eye(4)
    world[:3, :3] = rotation(*np.deg2rad(degrees))
    world[:3, 3] = shift
    return world


def seen_after(image: Image, world: np.ndarray, grid: Image) -> Image:
    """Sample an image on a grid after the head has moved."""
    return grid.with_array(resample(image, grid, np.linalg.inv(world)))


@pytest.fixture
def brain(head) -> Image:
    return head.image.with_array(head.image.array * head.mask)


@pytest.fixture
def magnitude(head, brain, make_map) -> Image:
    """Contrast reversed, other voxels, another orientation, the head moved."""
    top = np.percentile(brain.array[head.mask], 99)
    reversed_ = brain.with_array((1.3 * top - brain.array) * head.mask)
    return seen_after(reversed_, movement_of_head(), make_map(head, slab=0))


def test_a_moved_magnitude_is_brought_back(head, brain, magnitude):
    import_ants(1)
    found = magnitude_to_anatomical(magnitude, brain, ants_settings("testing").linear, "m.nii")
    points = grid_points(head.image, head.mask)[::31]
    there = transform_points(movement_of_head(), points)
    off = np.linalg.norm(transform_points(found, there) - points, axis=1)
    assert off.mean() < 1.5
    np.testing.assert_allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-5)


def test_a_magnitude_that_moves_too_far_is_refused(monkeypatch, brain, magnitude):
    away = movement_of_head(shift=(0, 60, 0))
    monkeypatch.setattr("contrage.imaging.ants.bridge.register", lambda *_: away)
    with pytest.raises(BadScanError, match=r"magnitude\.nii.*mm.*session"):
        magnitude_to_anatomical(magnitude, brain, ants_settings("testing").linear, "magnitude.nii")


def test_a_mask_is_carried_to_where_the_head_was(head, make_map):
    """Every voxel by itself: its place in the map's world, brought to the head's, looked up."""
    world, other = np.linalg.inv(movement_of_head()), make_map(head)
    carried = carry_mask(head.mask, head.image, other, world)
    index = np.argwhere(np.ones(other.array.shape, bool))[::97]
    there = np.linalg.inv(head.image.affine) @ world @ other.affine
    nearest = np.round(transform_points(there, index.astype(float))).astype(int)
    shape = np.array(head.mask.shape)
    for voxel, place in zip(index, nearest, strict=True):
        inside = ((place >= 0) & (place < shape)).all()
        assert carried[tuple(voxel)] == (inside and head.mask[tuple(place)])


def test_a_way_through_the_magnitude_is_composed_in_order(tmp_path):
    world, affine = movement_of_head(), np.diag([1.1, 0.9, 1.0, 1.0])
    point = np.array([[10.0, -20.0, 30.0]])
    there = transform_points(Transform(affine).after(world, tmp_path).affine, point)
    np.testing.assert_allclose(there, transform_points(affine, transform_points(world, point)))
    assert Transform(affine).after(None, tmp_path).affine is affine


def test_placement_counts_what_the_magnitude_corrected(head, make_map):
    """The map lies beside its brain in the scanner; moved by the magnitude's way, in it."""
    moved = movement_of_head(shift=(0, 14, 0))
    stiffness = make_map(head)
    elsewhere = Image(stiffness.array, moved @ stiffness.affine)
    before = measure(head.to_mni, head.image, elsewhere, head.mask, NILEARN)
    after = measure(head.to_mni, head.image, elsewhere, head.mask, NILEARN, np.linalg.inv(moved))
    assert before["map_shift_mm"] > 8 and before["magnitude_shift_mm"] is None
    assert after["map_shift_mm"] == 0
    shift, degrees = movement(np.linalg.inv(moved), elsewhere)
    assert after["magnitude_shift_mm"] == pytest.approx(shift)
    assert after["magnitude_degrees"] == pytest.approx(degrees)


@pytest.mark.parametrize("transform", ["affine", "syn"])
def test_a_map_of_a_moved_head_lands_on_its_brain(
    head, make_map, magnitude, save, tmp_path, transform
):
    """The map is 2 left and 4 right of the midline: in MNI152 it must be so again."""
    stiffness = make_map(head, slab=0)
    grid = Image(np.zeros_like(stiffness.array), stiffness.affine)
    # Nearest, so that no value lies between the halves.
    moved = resample(stiffness, grid, np.linalg.inv(movement_of_head()), order=0)
    files = {
        "anatomical": save(tmp_path / "t1.nii.gz", head.image.array, head.image.affine),
        "stiffness": save(tmp_path / "s.nii.gz", moved, stiffness.affine),
        "magnitude": save(tmp_path / "m.nii.gz", magnitude.array, magnitude.affine),
    }
    (tmp_path / "check.json").write_text('{"status": "ok", "unit": "kPa"}')
    outputs = {
        "preproc_stiffness": tmp_path / "out_stiffness.nii.gz",
        "map_transform": tmp_path / "from-magnitude.mat",
        "sidecar": tmp_path / "record.json",
    }
    settings = {
        "skull_strip": {"method": "template"},
        "bias_correction": {"target": "none"},
        "registration": {"transform": transform, "quality": "testing", "seed": 1},
    }
    preprocess(settings, check=tmp_path / "check.json", **files, **outputs)
    found = load(outputs["preproc_stiffness"])
    x = transform_points(found.affine, np.argwhere(found.array > 0).astype(float))[:, 0]
    values = found.array[found.array > 0]
    clear = np.abs(x) > 6
    assert (np.where(x > 0, 4.0, 2.0)[clear] == values[clear].round()).mean() > 0.99
    assert read_json(outputs["sidecar"])["status"] == "ok"
    undone = read_affine(outputs["map_transform"]) @ movement_of_head()
    assert movement(undone, stiffness)[0] < 2.5
