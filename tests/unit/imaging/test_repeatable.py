"""The same bits again: whatever number of threads the environment asks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import imaging_chain
import pytest
from imaging_steps import check, checks

from contrage.files import read_json, sha256
from contrage.plan.imaging import as_options
from contrage.settings.build import as_plain

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
NAMES = {
    "brain_mask": "sub-1_desc-brain_mask.nii.gz",
    "corrected": "sub-1_desc-biascorrected_T1w.nii.gz",
    "transform": "sub-1_from-T1w_to-MNI152_xfm.mat",
    "preproc_anatomical": "sub-1_space-MNI152_res-2_desc-preproc_T1w.nii.gz",
    "preproc_mask": "sub-1_space-MNI152_res-2_desc-brain_mask.nii.gz",
    "preproc_stiffness": "sub-1_space-MNI152_res-2_desc-preproc_stiffness.nii.gz",
}
WARP = {"warp": "sub-1_from-T1w_to-MNI152_xfm_warp.nii.gz"}


@pytest.fixture(scope="module")
def scan(head, make_map, save, tmp_path_factory) -> Path:
    """A folder with a head, its map and their check."""
    folder = tmp_path_factory.mktemp("scan")
    stiffness = make_map(head)
    t1 = save(folder / "t1.nii.gz", head.image.array, head.image.affine)
    raw = save(folder / "map.nii.gz", stiffness.array * 1000, stiffness.affine)
    check(checks(), anatomical=t1, stiffness=raw, output=folder / "check.json")
    return folder


def preprocess(scan: Path, name: str, transform: str, threads: int) -> dict[str, str]:
    """Run the commands with all thread counts set; return the checksum of each file they wrote."""
    out = scan / name / "out"
    images = {**NAMES, **(WARP if transform == "syn" else {})}
    environment = {**os.environ, **dict.fromkeys(VARIABLES, str(threads))}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)

    def command(step: str):
        def run(settings: Any, **options: Path | None) -> None:
            words = [
                sys.executable,
                "-m",
                "contrage",
                step,
                "--settings",
                json.dumps(as_plain(settings)),
            ]
            there = {name: str(path) for name, path in options.items() if path}
            words += as_options(there).split()
            done = subprocess.run(words, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr

        return run

    imaging_chain.preprocess(
        {"registration": {"transform": transform, "quality": "testing", "seed": 1}},
        check=scan / "check.json",
        sidecar=out / "sub-1_desc-preproc.json",
        steps=tuple(command(step) for step in ("strip", "correct", "register")),
        raw=scan,
        derivatives=out,
        anatomical=scan / "t1.nii.gz",
        stiffness=scan / "map.nii.gz",
        **{image: out / file for image, file in images.items()},
    )
    return {file: sha256(out / file) for file in images.values()}


def without_seconds(content):
    """Drop run times, which alone may differ."""
    if isinstance(content, dict):
        return {key: without_seconds(each) for key, each in content.items() if key != "seconds"}
    return [without_seconds(each) for each in content] if isinstance(content, list) else content


@pytest.fixture(scope="module")
def first(scan) -> dict[str, str]:
    """What one thread gives."""
    return preprocess(scan, "first", "affine", 1)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_repetition_gives_the_same_files_with_any_number_of_threads(scan, first, threads):
    assert preprocess(scan, f"threads-{threads}", "affine", threads) == first
    assert len(first) == 6
    sidecars = sorted((scan / "first" / "out").glob("*.json"))
    assert len(sidecars) == 7
    for file in sidecars:
        again = read_json(scan / f"threads-{threads}" / "out" / file.name)
        assert without_seconds(again) == without_seconds(read_json(file)), file.name
        assert again.get("contrage", again)["threads"] == 1


def test_a_deformation_repeats_as_well(scan):
    one = preprocess(scan, "syn-1", "syn", 1)
    assert preprocess(scan, "syn-4", "syn", 4) == one
    assert len(one) == 7


def test_an_image_file_carries_neither_time_nor_name(scan, first):
    for file in (scan / "first" / "out").glob("*.nii.gz"):
        head = file.read_bytes()[:10]
        assert head[3] == 0, "no optional fields: no file name"
        assert head[4:8] == bytes(4), "no time stamp"
