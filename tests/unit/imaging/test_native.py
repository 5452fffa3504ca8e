"""Slices of an image where it was scanned."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.imaging.images import Image
from contrage.imaging.masks import centre
from contrage.imaging.quality.native import Native, sections
from contrage.imaging.quality.picture import draw
from contrage.imaging.template.source import NILEARN


def marked(voxel=(2.0, 3.0, 2.5)) -> Image:
    """A block of 1 with bright spots to the right, the front and the top of its middle."""
    shape = np.array([80, 60, 70])
    affine = np.diag([*voxel, 1.0])
    affine[:3, 3] = [-80, -90, -88]
    index = np.indices(shape).reshape(3, -1).T
    world = (index * voxel + affine[:3, 3]).reshape(*shape, 3)
    array = (np.abs(world) < [50, 60, 55]).all(-1).astype(np.float32)
    for axis, reach in enumerate((40, 50, 45)):
        spot = np.zeros(3)
        spot[axis] = reach
        array[np.linalg.norm(world - spot, axis=-1) < 6] = 5
    return Image(array, affine)


def brightest(plane: np.ndarray) -> tuple[str, ...]:
    """Return where the bright spots of a plane lie, seen from its middle."""
    rows, columns = np.array(plane.shape) / 2
    found = np.argwhere(plane > 3)
    far = found[(np.abs(found - [rows, columns]) > 15).any(1)] - [rows, columns]
    words = set()
    for row, column in far:
        words.add(("up" if row < 0 else "down") if abs(row) > abs(column) else
                  ("right" if column > 0 else "left"))  # fmt: skip
    return tuple(sorted(words))


@pytest.mark.parametrize("codes", ["RAS", "LPI", "ASR", "PIL", "SAL"])
def test_front_top_and_right_are_in_place_however_the_file_is_stored(reoriented, codes):
    image = reoriented(marked(), codes)
    sagittal, coronal, axial = sections(image, np.zeros(3), 2.0)
    assert brightest(sagittal) == ("right", "up")  # the front is at the right, the top above
    assert brightest(coronal) == ("right", "up")
    assert brightest(axial) == ("right", "up")  # the front is above


@pytest.mark.parametrize("codes", ["LPI", "ASR", "PIL"])
def test_the_slices_are_the_same_however_the_file_is_stored(reoriented, codes):
    expected = sections(marked(), np.array([3.0, 4.0, 5.0]), 2.0)
    found = sections(reoriented(marked(), codes), np.array([3.0, 4.0, 5.0]), 2.0)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_millimetre_is_as_long_along_every_axis():
    planes = sections(marked(), np.zeros(3), 1.0)
    for plane, extent in zip(planes, [(110, 120), (110, 100), (120, 100)], strict=True):
        filled = np.argwhere(plane > 0.5)
        np.testing.assert_allclose(np.ptp(filled, axis=0), extent, atol=6)  # two voxels


def test_the_middle_is_that_of_the_mask_in_the_world(reoriented):
    image = reoriented(marked(), "PIL")
    np.testing.assert_allclose(centre(image, image.array > 0), [0, 0, 0], atol=1.3)


@pytest.fixture
def parts() -> dict:
    """A raw image, its mask and its corrected brain on one grid, and what was done."""
    image = marked()
    return {
        "raw": image.with_array(image.array + 1),
        "mask": image.with_array(image.array > 0),
        "corrected": image,
        "steps": [{"name": "bias correction"}],
    }


def test_what_belongs_together_is_shown_together(parts):
    native = Native.of(**parts)
    assert native.with_n4 and native.mask.dtype == bool
    assert not Native.of(**{**parts, "steps": []}).with_n4
    np.testing.assert_array_equal(native.raw.array, marked().array + 1)


def test_nothing_is_shown_of_another_grid_or_of_a_missing_part(parts):
    other = Image(marked().array[:-1], marked().affine)
    assert Native.of(**{**parts, "corrected": other}) is None
    assert Native.of(**{**parts, "raw": None}) is None
    empty = parts["mask"].with_array(np.zeros_like(parts["mask"].array))
    assert Native.of(**{**parts, "mask": empty}) is None


def test_the_picture_shows_the_brain_found_on_the_raw_image(parts, tmp_path):
    from PIL import Image as Canvas

    from contrage.imaging.quality.picture import OWN_OUTLINE
    from contrage.imaging.template.grids import mni_grid, mni_template

    grid = mni_grid()
    head = Image(mni_template().anatomical.array, grid.affine)
    for native in (None, Native.of(**parts)):
        draw(tmp_path / "picture.png", head, {}, "sub-1", native, NILEARN)
        with Canvas.open(tmp_path / "picture.png") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        found = (pixels == OWN_OUTLINE).all(-1)
        assert found.any() == (native is not None)
    edge = np.argwhere(found)
    # The outline of the block is in the upper right half of the picture alone.
    assert edge[:, 1].min() > 873 and edge[:, 0].max() < pixels.shape[0] / 2
