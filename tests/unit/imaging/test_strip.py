"""Skull stripping: template, external programs, given mask, none."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from contrage.errors import BadScanError, SettingsError
from contrage.imaging.ants_bridge import import_ants
from contrage.imaging.backends import require_backend
from contrage.imaging.images import Image, load, resample
from contrage.imaging.quality import dice
from contrage.imaging.register import load_quality
from contrage.imaging.strip import strip
from contrage.imaging.template import mni_template


@pytest.fixture
def testing():
    import_ants(1)
    return load_quality("testing")


def rotated(image: Image, matrix: np.ndarray) -> Image:
    return Image(image.array, matrix @ image.affine)


@pytest.mark.parametrize(("codes", "degrees"), [("LPI", (15, -10, 8)), ("ASR", (-12, 15, -15))])
def test_the_template_finds_the_brain_in_any_orientation(make_head, testing, codes, degrees):
    head = make_head(degrees, (12, -9, 14), codes=codes, bias=0.4)
    found = strip(head.image, "head.nii", "template", testing)
    assert dice(found.mask, head.mask) > 0.95
    assert found.pose.shape == (4, 4)


@pytest.mark.parametrize(
    ("name", "codes", "degrees"),
    [
        ("mni2009c_2mm_head_T1", "RAS", 0),
        ("mni2009c_2mm_head_T1", "LPI", 0),
        ("mni2009c_2mm_head_T1", "ASR", 15),
        ("spm152", "RAS", 0),
        ("spm152", "ASR", 15),
    ],
)
def test_the_template_holds_on_real_heads(shared, testing, reoriented, name, codes, degrees):
    folder = shared / "data" / "heads"
    image = load(folder / f"{name}.nii.gz")
    if name == "spm152":  # already a brain, in MNI152 space: its mask is the template's
        template = mni_template()
        truth = resample(template.anatomical.with_array(template.mask), image) > 0.5
    else:
        truth = load(folder / "mni2009c_2mm_brain_mask.nii.gz").array > 0.5
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (9, -13, 7) if degrees else (0, 0, 0)
    posed = reoriented(rotated(image, turn), codes)
    mask = reoriented(rotated(image.with_array(truth.astype(np.uint8)), turn), codes).array > 0
    assert dice(strip(posed, "head.nii", "template", testing).mask, mask) > 0.96


def test_none_takes_what_is_not_zero_and_fills_its_holes(small):
    array = small.array.copy()
    array[:2] = 0
    array[5, 5, 5] = 0
    found = strip(small.with_array(array), "a.nii", "none", {})
    assert not found.mask[:2].any() and found.mask[2:].all()


def test_a_given_mask_is_used_as_it_is(small, save, tmp_path, rng):
    mask = (rng.random(small.array.shape) > 0.5).astype(np.uint8)
    path = save(tmp_path / "mask.nii.gz", mask, small.affine)
    np.testing.assert_array_equal(strip(small, "a.nii", "mask", {}, path).mask, mask == 1)


def test_a_given_mask_on_another_grid_is_carried(small, save, tmp_path, reoriented):
    mask = np.zeros(small.array.shape, np.uint8)
    mask[3:9, 2:15, 4:12] = 1
    other = reoriented(small.with_array(mask), "PIR")
    path = save(tmp_path / "mask.nii.gz", other.array, other.affine)
    np.testing.assert_array_equal(strip(small, "a.nii", "mask", {}, path).mask, mask == 1)


def test_an_empty_mask_and_a_mask_elsewhere_are_named(small, save, tmp_path):
    path = save(tmp_path / "mask.nii.gz", np.zeros(small.array.shape, np.uint8), small.affine)
    with pytest.raises(BadScanError, match=r"mask\.nii\.gz.*empty"):
        strip(small, "a.nii", "mask", {}, path)
    away = small.affine.copy()
    away[:3, 3] += 900
    path = save(tmp_path / "mask.nii.gz", np.ones(small.array.shape, np.uint8), away)
    with pytest.raises(BadScanError, match="does not overlap"):
        strip(small, "a.nii", "mask", {}, path)


def test_the_mask_method_without_a_mask_is_a_mistake_in_the_settings(small):
    with pytest.raises(SettingsError, match="mask"):
        strip(small, "a.nii", "mask", {})


@pytest.mark.parametrize(("method", "binary"), [("bet", "bet"), ("freesurfer", "mri_watershed")])
def test_a_missing_program_is_named_with_how_to_get_it(monkeypatch, tmp_path, method, binary):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=f"{binary}.*install"):
        require_backend(method)


def test_an_unknown_method_is_refused_and_the_known_ones_listed():
    with pytest.raises(SettingsError, match="template, bet, freesurfer, mask, none"):
        require_backend("scissors")


@pytest.mark.parametrize("method", ["template", "mask", "none"])
def test_methods_without_a_program_need_none(monkeypatch, tmp_path, method):
    monkeypatch.setenv("PATH", str(tmp_path))
    require_backend(method)


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Put a program on PATH that notes its arguments and copies a file to where it should."""

    def make(name: str, script: str):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\n{script}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "arguments"

    return make


def ball(image: Image) -> np.ndarray:
    """A ball of 0.9 litres in the middle of an image."""
    x, y, z = np.indices(image.array.shape)
    centre = np.array(image.array.shape) / 2
    squares = [
        ((axis - c) * size) ** 2
        for axis, c, size in zip((x, y, z), centre, image.voxel_mm, strict=True)
    ]
    return sum(squares) < 60**2


@pytest.mark.parametrize(
    ("method", "program", "copy", "said"),
    [
        ("bet", "bet", 'cp "$MASK" "$(dirname $2)/brain_mask.nii.gz"; cp "$MASK" "$2"', "-m -R"),
        ("freesurfer", "mri_watershed", 'for last; do :; done; cp "$MASK" "$last"', "-T1"),
    ],
)
def test_an_external_program_is_run_on_the_image_and_its_mask_read(
    head, save, tmp_path, monkeypatch, stub, method, program, copy, said
):
    path = save(tmp_path / "head.nii.gz", head.image.array, head.image.affine)
    expected = ball(head.image)
    mask = save(tmp_path / "given.nii.gz", expected.astype(np.float32), head.image.affine)
    monkeypatch.setenv("MASK", str(mask))
    arguments = stub(program, copy)
    found = strip(head.image, path, method, {})
    np.testing.assert_array_equal(found.mask, expected)
    noted = arguments.read_text()
    assert "head.nii.gz" in noted and "brain.nii.gz" in noted and said in noted


def test_a_program_that_fails_makes_a_bad_scan(head, save, tmp_path, stub):
    path = save(tmp_path / "head.nii.gz", head.image.array, head.image.affine)
    stub("bet", "echo no brain here >&2; exit 3")
    with pytest.raises(BadScanError, match=r"head\.nii\.gz.*bet.*failed"):
        strip(head.image, path, "bet", {})


def test_a_mask_with_no_brains_size_is_refused(head, save, tmp_path, monkeypatch, stub):
    path = save(tmp_path / "head.nii.gz", head.image.array, head.image.affine)
    tiny = np.zeros(head.image.array.shape, np.float32)
    tiny[:3, :3, :3] = 1
    monkeypatch.setenv("MASK", str(save(tmp_path / "given.nii.gz", tiny, head.image.affine)))
    stub("bet", 'cp "$MASK" "$(dirname $2)/brain_mask.nii.gz"; cp "$MASK" "$2"')
    with pytest.raises(BadScanError, match="no brain"):
        strip(head.image, path, "bet", {})
