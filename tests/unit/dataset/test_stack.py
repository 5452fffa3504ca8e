"""All images of a cohort in one array, each in its row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrage.dataset.stack import block_mean, stack
from contrage.errors import BadScanError, CutFileError
from contrage.files import empty, read_json, save_nifti, sha256, write_json
from contrage.layout import preproc_file, quality_file
from contrage.settings.steps.dataset import StackStep
from contrage.tables import read_tsv, write_tsv

SCANS = ["sub-1", "sub-2_ses-a", "sub-3"]
AFFINE = np.diag([2.0, 2, 2, 1])


def slow_block_mean(image, factor):
    shape = [-(-size // factor) for size in image.shape]
    result = np.zeros(shape, np.float32)
    for index in np.ndindex(*shape):
        block = image[tuple(slice(i * factor, (i + 1) * factor) for i in index)]
        inside = block[block != 0]
        if inside.size * 2 >= factor**3:
            result[index] = inside.astype(float).mean()
    return result


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_block_means_agree_with_a_slow_loop(rng, factor):
    image = rng.normal(3, 1, (5, 6, 7)).astype(np.float32)
    image[rng.random(image.shape) < 0.5] = 0
    expected = image if factor == 1 else slow_block_mean(image, factor)
    np.testing.assert_allclose(block_mean(image, factor), expected, rtol=1e-6)


def test_the_edge_of_the_brain_is_not_drawn_towards_the_background():
    image = np.zeros((4, 4, 4), np.float32)
    image[1:] = 3
    assert set(np.unique(block_mean(image, 2))) <= {0, np.float32(3)}


def prepare(folder, rng, failed=()):
    write_tsv(folder / "scans.tsv", pd.DataFrame({"scan_id": SCANS}))
    images = {}
    for scan in SCANS:
        path = folder / preproc_file(scan, "stiffness")
        if scan in failed:
            empty(path)
        else:
            images[scan] = rng.normal(3, 1, (4, 5, 6)).astype(np.float32)
            save_nifti(path, images[scan], AFFINE)
    return images


def run(folder):
    stack(
        StackStep("stiffness", 2, 2),
        scans=folder / "scans.tsv",
        derivatives=folder,
        array=folder / "array.npy",
        rows=folder / "rows.tsv",
    )
    return np.load(folder / "array.npy"), read_tsv(folder / "rows.tsv")


def test_each_scan_stands_in_the_row_that_the_table_says(tmp_path, rng):
    images = prepare(tmp_path, rng)
    array, rows = run(tmp_path)
    for scan, row in zip(rows["scan_id"], rows["row"], strict=True):
        np.testing.assert_array_equal(array[row, 0], images[scan])


def test_images_of_one_millimetre_are_averaged_to_the_grid_asked_for(tmp_path, rng):
    path = tmp_path / "sub-1/anat/sub-1_space-MNI152_res-1_desc-preproc_T1w.nii.gz"
    image = rng.normal(3, 1, (6, 8, 10)).astype(np.float32)
    save_nifti(path, image, np.diag([1.0, 1, 1, 1]))
    write_tsv(tmp_path / "scans.tsv", pd.DataFrame({"scan_id": ["sub-1"]}))
    stack(
        StackStep("T1w", grid_mm=1, voxel_mm=2),
        scans=tmp_path / "scans.tsv",
        derivatives=tmp_path,
        array=tmp_path / "array.npy",
        rows=tmp_path / "rows.tsv",
    )
    array = np.load(tmp_path / "array.npy")
    np.testing.assert_allclose(array[0, 0], slow_block_mean(image, 2), rtol=1e-6)


def test_a_failed_scan_is_left_out_and_the_others_keep_their_rows(tmp_path, rng):
    images = prepare(tmp_path, rng, failed=[SCANS[1]])
    array, rows = run(tmp_path)
    assert rows["scan_id"].tolist() == [SCANS[0], SCANS[2]]
    np.testing.assert_array_equal(array[1, 0], images[SCANS[2]])


def test_a_batch_of_failed_scans_is_an_error(tmp_path, rng):
    prepare(tmp_path, rng, failed=SCANS)
    with pytest.raises(BadScanError, match="no scan came through"):
        run(tmp_path)


def test_another_grid_is_named(tmp_path, rng):
    prepare(tmp_path, rng)
    path = tmp_path / preproc_file(SCANS[2], "stiffness")
    save_nifti(path, np.ones((4, 5, 6), np.float32), np.diag([2.0, 2, 3, 1]))
    with pytest.raises(BadScanError, match=r"sub-3.*grid differs"):
        run(tmp_path)


def test_beside_the_array_stand_the_checksums_of_its_images(tmp_path, rng):
    prepare(tmp_path, rng, failed=SCANS[1:2])
    run(tmp_path)
    told = read_json(tmp_path / "array.json")["contrage"]
    used = [SCANS[0], SCANS[2]]
    files = {scan: preproc_file(scan, "stiffness") for scan in used}
    assert told["inputs"] == {
        scan: {"path": f"bids::{file}", "sha256": sha256(tmp_path / file)}
        for scan, file in files.items()
    }
    assert told["output"]["sha256"] == sha256(tmp_path / "array.npy")
    assert told["steps"][0]["parameters"] == {"image": "stiffness", "grid_mm": 2, "voxel_mm": 2}


def test_an_empty_image_of_a_scan_that_did_not_fail_was_cut(tmp_path, rng):
    prepare(tmp_path, rng, failed=["sub-1", "sub-3"])
    for scan, status in (("sub-1", "failed"), ("sub-3", "ok")):
        write_json(tmp_path / quality_file(scan), {"status": status})
    with pytest.raises(CutFileError, match=r"sub-3.* is cut short or damaged"):
        run(tmp_path)
