"""Names and addresses after BIDS."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contrage.bids import link, sidecar_of, suffix, uri


@pytest.mark.parametrize(
    ("file", "sidecar"),
    [
        ("a/sub-1_desc-brain_mask.nii.gz", "a/sub-1_desc-brain_mask.json"),
        ("sub-1_T1w.nii", "sub-1_T1w.json"),
        ("sub-1_from-T1w_to-MNI152_xfm.mat", "sub-1_from-T1w_to-MNI152_xfm.json"),
        ("{folder}/{scan}_xfm_warp.nii.gz", "{folder}/{scan}_xfm_warp.json"),
        ("array/stiffness_res-4.npy", "array/stiffness_res-4.json"),
        ("a.b/plain.txt", "a.b/plain.json"),
    ],
)
def test_a_sidecar_has_the_name_of_its_file(file, sidecar):
    assert sidecar_of(file) == Path(sidecar)


def test_the_suffix_is_the_last_part_of_the_name():
    assert suffix("x/sub-1_space-MNI152_res-2_desc-preproc_T1w.nii.gz") == "T1w"


def test_a_file_is_addressed_inside_its_data_set(tmp_path):
    roots = {"": tmp_path / "out", "raw": tmp_path / "raw"}
    assert uri(tmp_path / "raw" / "sub-1" / "a.nii", roots) == "bids:raw:sub-1/a.nii"
    assert uri(tmp_path / "out" / "sub-1" / "b.nii", roots) == "bids::sub-1/b.nii"
    assert uri(tmp_path / "rawer" / "c.nii", roots) == (tmp_path / "rawer" / "c.nii").as_posix()


def test_relative_and_absolute_paths_of_a_file_have_one_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert uri(Path("raw/a.nii"), {"raw": tmp_path / "raw"}) == "bids:raw:a.nii"
    assert uri(tmp_path / "raw" / "a.nii", {"raw": Path("raw")}) == "bids:raw:a.nii"


def test_data_in_the_work_folder_are_linked_relatively_and_others_by_their_place(
    tmp_path, monkeypatch
):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    assert link(Path("results/phantom/a"), Path("results/derivatives/a")) == "../../phantom/a"
    assert link(tmp_path / "data", Path("results")) == f"file://{os.fspath(tmp_path)}/data"
