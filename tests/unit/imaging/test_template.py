"""The template, and the coarse search for a pose."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from contrage.files import sha256
from contrage.imaging.images import Image, grid_points, shrink, transform_points
from contrage.imaging.space.pose import find_pose
from contrage.imaging.template.grids import (
    brain_template,
    grid_voxel_mm,
    mni_grid,
    mni_template,
    template_checksum,
    template_path,
)


def test_the_grid_is_fsls_two_millimetre_mni152():
    grid = mni_grid()
    assert grid.array.shape == (91, 109, 91)
    corner = transform_points(grid.affine, np.array([[0.0, 0, 0], [90, 108, 90]]))
    np.testing.assert_array_equal(corner, [[90, -126, -72], [-90, 90, 108]])


def test_the_grid_of_one_millimetre_is_fsls_and_begins_where_the_other_does():
    grid = mni_grid(1)
    assert grid.array.shape == (182, 218, 182)
    corner = transform_points(grid.affine, np.array([[0.0, 0, 0], [181, 217, 181]]))
    np.testing.assert_array_equal(corner, [[90, -126, -72], [-91, 91, 109]])


def test_the_template_of_one_millimetre_holds_the_files_voxels_at_their_places():
    import nibabel as nib

    template, file = mni_template(1), nib.load(template_path())
    assert template.brain.sum() == (np.asanyarray(file.dataobj) > 0).sum()
    inside = np.argwhere(template.brain)[::9973]
    world = transform_points(template.anatomical.affine, inside.astype(float))
    index = np.round(transform_points(np.linalg.inv(file.affine), world)).astype(int)
    expected = np.asanyarray(file.dataobj)[tuple(index.T)] / 255
    np.testing.assert_allclose(template.anatomical.array[tuple(inside.T)], expected, rtol=1e-6)


def test_a_grid_is_known_by_its_shape():
    assert [grid_voxel_mm(mni_grid(size).array.shape) for size in (1, 2)] == [1, 2]
    with pytest.raises(ValueError, match=r"\(90, 109, 91\) does not lie on an MNI152 grid"):
        grid_voxel_mm((90, 109, 91))


@pytest.mark.parametrize("step", [2, 3, 4, 8])
def test_the_brain_has_one_volume_and_place_at_every_resolution(step):
    template = brain_template(step)
    litres = template.mask.sum() * step**3 / 1e6
    assert litres == pytest.approx(1.8865, abs=1e-3)
    index = np.array(ndimage.center_of_mass(template.mask))
    place = transform_points(template.anatomical.affine, index[None])[0]
    reference = mni_template()
    index = np.array(ndimage.center_of_mass(reference.mask))
    expected = transform_points(reference.anatomical.affine, index[None])[0]
    np.testing.assert_allclose(place, expected, atol=0.1)


def test_the_domain_is_the_brain_and_a_dark_rim():
    template = brain_template(4)
    assert template.domain[template.brain].all()
    rim = template.domain & (template.mask == 0)
    assert rim.sum() > 0 and not template.anatomical.array[rim].any()


def test_the_checksum_is_that_of_the_file():
    assert template_checksum() == sha256(template_path())


def test_the_template_loads_without_nilearn_datasets_or_ants():
    code = (
        "import sys; from contrage.imaging.template.grids import mni_template; mni_template(); "
        "print(sorted({'nilearn', 'ants', 'pandas', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("degrees", "shift", "codes"),
    [
        ((0, 0, 0), (0, 0, 0), "RAS"),
        ((15, -15, 15), (15, -15, 15), "LPI"),
        ((-28, 20, 10), (40, 5, -30), "ASR"),
    ],
)
def test_the_pose_of_a_head_is_found_within_four_millimetres(make_head, degrees, shift, codes):
    head = make_head(degrees, shift, codes=codes)
    found, _ = find_pose(shrink(head.image, 4), brain_template(8))
    points = grid_points(head.image, head.mask)[::97]
    there = transform_points(head.to_mni, points)
    error = np.linalg.norm(transform_points(found, points) - there, axis=1)
    assert error.mean() < 4


def test_the_pose_is_found_without_randomness(head):
    small = shrink(head.image, 6)
    one, other = (find_pose(small, brain_template(8))[0] for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_the_pose_of_a_stripped_brain_is_found_too(head):
    brain = Image(head.image.array * head.mask, head.image.affine)
    found, _ = find_pose(shrink(brain, 4), brain_template(8))
    points = grid_points(head.image, head.mask)[::97]
    there = transform_points(head.to_mni, points)
    assert np.linalg.norm(transform_points(found, points) - there, axis=1).mean() < 4
