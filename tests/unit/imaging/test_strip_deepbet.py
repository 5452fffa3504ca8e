"""Skull stripping by deepbet: the package itself where it is installed, else a stand-in."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import nibabel as nib
import numpy as np
import pytest
from imaging_steps import by

from contrage.errors import BadScanError, SettingsError
from contrage.imaging import skull_strip
from contrage.imaging.images import Image
from contrage.imaging.masks import dice
from contrage.imaging.scan import ScanInStep
from contrage.imaging.skull_strip._find import find_brain
from contrage.imaging.strip import _strip
from contrage.settings.steps.imaging import StripStep


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Put a package in deepbet's place that notes what it is asked and cuts at a value."""
    package, utils, asked = ModuleType("deepbet"), ModuleType("deepbet.utils"), {}
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "model.pt").write_bytes(b"weights")
    utils.DATA_PATH = str(tmp_path)

    class BrainExtraction:
        def __init__(self, no_gpu: bool) -> None:
            asked["no_gpu"] = no_gpu

        def run(self, image, **options):
            import torch

            asked.update(options, threads=torch.get_num_threads(), image=image)
            found = image.get_fdata() > 200
            assert found.any(), "Not enough foreground"
            return image, nib.Nifti1Image(found.astype(np.uint8), image.affine), 1.0

    package.BrainExtraction, package.utils = BrainExtraction, utils
    monkeypatch.setitem(sys.modules, "deepbet", package)
    monkeypatch.setitem(sys.modules, "deepbet.utils", utils)
    monkeypatch.setattr(skull_strip, "find_spec", lambda name: object())
    monkeypatch.setattr(
        "contrage.imaging.skull_strip.deepbet.versions", lambda name: {"deepbet": "1.0.2"}
    )
    return asked


def bright(image: Image) -> Image:
    array = np.zeros(image.array.shape, np.float32)
    array[20:56, 18:60, 14:50] = 300
    return image.with_array(array)


def test_a_package_that_is_missing_is_named_with_how_to_get_it(monkeypatch):
    monkeypatch.setattr(skull_strip, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"package 'deepbet'.*--editable '\.\[deepbet\]'"):
        skull_strip.require_backend("deepbet")


def test_it_runs_on_one_thread_of_the_cpu_with_the_settings(head, stand_in):
    image = bright(head.image)
    found = find_brain(image, "T1.nii", by("deepbet", threshold=0.3), None, None)
    np.testing.assert_array_equal(found.mask, image.array > 0)
    assert {key: stand_in[key] for key in ("no_gpu", "threshold", "n_dilate", "threads")} == {
        "no_gpu": True,
        "threshold": 0.3,
        "n_dilate": 0,
        "threads": 1,
    }
    np.testing.assert_array_equal(stand_in["image"].affine, image.affine)


def test_the_step_tells_settings_version_and_checksums_of_the_weights(head, stand_in):
    asked = StripStep(by("deepbet", n_dilate=1), None, None, None, None)
    scan = ScanInStep(asked, {"anatomical": Path("T1.nii")}, bright(head.image), {})
    _strip(scan)
    (step,) = scan.steps
    assert step["settings"]["deepbet"] == {"threshold": 0.5, "n_dilate": 1}
    assert step["settings"]["version"] == "1.0.2"
    assert step["settings"]["weights"]["model.pt"].startswith("9a129038")
    assert skull_strip.packages("deepbet") == ("deepbet", "torch")


def test_a_head_without_a_brain_is_a_bad_scan(head, stand_in):
    dark = head.image.with_array(np.zeros_like(head.image.array))
    with pytest.raises(BadScanError, match=r"T1\.nii.*deepbet.*failed: Not enough foreground"):
        find_brain(dark, "T1.nii", by("deepbet"), None, None)


def test_deepbet_itself_finds_the_brain_however_the_head_is_stored(make_head, reoriented):
    """Another order of axes, mirrored, is the same head to it: so two runs are equal, too."""
    pytest.importorskip("deepbet", reason="deepbet is not installed: pip install '.[deepbet]'")
    head = make_head((9, -7, 12), codes="PIL")
    found = find_brain(head.image, "T1.nii", by("deepbet"), None, None)
    other = find_brain(reoriented(head.image, "LAS"), "T1.nii", by("deepbet"), None, None)
    assert dice(found.mask, head.mask) > 0.93
    back = reoriented(
        Image(other.mask.astype(np.uint8), reoriented(head.image, "LAS").affine), "PIL"
    )
    np.testing.assert_array_equal(back.array.astype(bool), found.mask)
    assert set(found.weights) == {"model.pt", "bbox_model.pt"}
