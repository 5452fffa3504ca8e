"""A model sees a raw scan as the run's own steps made it, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from imaging_chain import preprocess
from imaging_steps import check, checks
from made_models import facts_of

from contrage.bundle.facts import NetworkFacts
from contrage.bundle.images import seen
from contrage.bundle.opened import Bundle
from contrage.bundle.residuals import Residuals
from contrage.bundle.subjects import subjects
from contrage.dataset.stack import block_mean
from contrage.files import read_image

FIT = {"quality": "testing"}
VARIANTS = {
    "a T1": ("T1w", "T1w", {}),
    "syn": ("stiffness", "T1w", {"transform": "syn"}),
    "a map moved by its magnitude": (
        *("stiffness", "T1w"),
        {"transform": "rigid", "map_pose": "magnitude"},
    ),
    "the magnitude in place of a T1": ("stiffness", "magnitude", {}),
}
"""What is learned from, what is stripped and registered, and how."""


@pytest.fixture(scope="module")
def raw(head, make_map, save, tmp_path_factory) -> Path:
    """A folder of a scan: T1, map in Pa, magnitude."""
    folder, stiffness = tmp_path_factory.mktemp("scan"), make_map(head)
    arrays = {
        "anat/sub-1_T1w": head.image,
        "mre/sub-1_stiffness": stiffness.with_array(stiffness.array * 1000),
        "mre/sub-1_magnitude": stiffness.with_array(
            (stiffness.array > 0) * 300 + stiffness.array * 20
        ),
    }
    for name, image in arrays.items():
        path = folder / "sub-1" / f"{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, image.array, image.affine)
    return folder


def by_the_steps(folder: Path, images: dict[str, Path], settings: dict) -> np.ndarray:
    """Preprocess a scan by the steps, file by file; return what is learned from, in MNI152."""
    given = {name: images[name] for name in ("anatomical", "stiffness") if name in images}
    check(checks(), **given, output=folder / "check.json")
    names = [f"preproc_{name}" for name in (*given, "mask")]
    out = {name: folder / f"{name}.nii.gz" for name in names}
    out["transform"] = folder / "xfm.mat"
    preprocess(settings, check=folder / "check.json", sidecar=folder / "r.json", **images, **out)
    learned = out[f"preproc_{list(given)[-1]}"]
    return np.asarray(read_image(learned).dataobj, np.float32)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_raw_scan_is_seen_as_the_steps_make_it(raw, tmp_path, variant):
    image, anatomical, fit = VARIANTS[variant]
    settings = {"registration": {**FIT, **fit}}
    cohort = {"name": "x", "source": "bids", "path": "x", "anatomical": anatomical, "image": image}
    asked = {"experiment": "x", "cohort": cohort, "preprocessing": settings}
    network = NetworkFacts("small", (4, 2), 1, (23, 28, 23), "probe", False)
    facts = facts_of({**asked, "dataset": {"voxel_mm": 8}}, network)
    bundle = Bundle(Path(), facts, (), Residuals(np.array([]), {}), "")
    (subject,) = subjects(bundle, [raw])
    moved = variant == "a map moved by its magnitude"
    assert subject.problem is None and ("magnitude" in subject.images) == moved
    assert subject.images["anatomical"].name == f"sub-1_{anatomical}.nii.gz"
    work, away = tmp_path / "work", tmp_path / "steps"
    work.mkdir()
    away.mkdir()
    found = seen(bundle, subject, None, work, lambda stage: None)
    expected = block_mean(by_the_steps(away, subject.images, settings), 4)[None]
    assert expected.any()
    np.testing.assert_array_equal(found.image, expected)
