"""OpenBHB as its owners hand it out, and as its challenge packs it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cohorts import asked
from handed_out import NAMES, replace, without, write
from small_cohorts import BHB_PEOPLE as PEOPLE
from small_cohorts import ROI, write_openbhb

from contrage.cohort.owners import openbhb_challenge as challenge
from contrage.cohort.read import read_cohort
from contrage.cohort.sources.openbhb import find
from contrage.cohort.stored import where_arrays
from contrage.errors import BadScanError, SettingsError, TableError
from contrage.files import save_nifti

NEEDED = ("participant_id", "age", "sex", "siteXacq", "split")


@pytest.fixture
def folder(tmp_path):
    write_openbhb(tmp_path)
    return tmp_path


def settings(folder, people=None, columns=("split", "group", "diagnosis"), **others):
    roles = {"split": "dataset.split.column"}
    told = {"columns": list(columns), "image": "vbm_roi", "openbhb": {"people": people}}
    return asked(source="openbhb", path=str(folder), asked_by=roles, **{**told, **others})


def read(folder, **others):
    return read_cohort(settings(folder, **others))


def test_ids_are_text_the_site_is_that_of_scanner_and_protocol_and_the_split_a_column(folder):
    scans = read(folder).scans
    assert [scan.scan_id for scan in scans] == [f"sub-{row[0]}" for row in PEOPLE]
    assert [scan.site for scan in scans] == ["7", "8", "7", "101"]
    assert [scan.sex for scan in scans] == ["M", "F", "F", "M"]
    assert [scan.columns["split"] for scan in scans] == [row[-1] for row in PEOPLE]
    assert scans[0].columns == {"split": "train", "group": "HC", "diagnosis": "HC"}
    assert (scans[1].age, scans[3].age) == (41.25, 61.0)


def test_ids_that_lost_their_zeros_are_matched_with_the_arrays_and_told(folder):
    replace(folder / "participants.tsv", "012345678901", "12345678901")
    cohort = read(folder)
    assert cohort.scans[0].scan_id == "sub-012345678901"
    assert any("12345678901 is sub-012345678901" in note for note in cohort.notes)


@pytest.mark.parametrize("column", NEEDED)
def test_a_column_that_is_not_there_is_named_with_its_file_and_setting(folder, column):
    without(folder / "participants.tsv", column)
    with pytest.raises(TableError) as error:
        read(folder)
    assert f"participants.tsv: no column '{column}' (cohort.path)" in str(error.value)


def test_other_people_than_in_the_release_are_refused_unless_a_selection_is_meant(folder):
    with pytest.raises(TableError, match=r"4 people .* not 3,984 .*cohort\.openbhb\.people"):
        read(folder, people=3984)
    assert len(read(folder, people=4).scans) == 4


def test_an_external_site_that_is_learned_from_is_named_with_its_people(folder):
    replace(folder / "participants.tsv", "\t101\t", "\t8\t")
    with pytest.raises(TableError, match=r"external_test are from sites .*: 312345678901 \(8\)"):
        read(folder)


def test_somebody_without_an_array_is_listed_or_refused(folder):
    (found,) = folder.rglob(f"sub-3*_{ROI}")
    found.unlink()
    with pytest.raises(TableError, match=rf"sub-312345678901: no array sub-312345678901_{ROI}"):
        read(folder)
    (left,) = read(folder, on_bad_scan="exclude").excluded
    assert (left.scan_id, left.stage) == ("sub-312345678901", "import")


def test_someone_with_a_diagnosis_is_in_no_group(folder):
    replace(folder / "participants.tsv", "2\tcontrol", "2\tdepression")
    ill, well = read(folder).scans[2:]
    assert ill.columns == {"split": "internal_test", "group": None, "diagnosis": "depression"}
    assert well.columns["group"] == "HC"


def test_the_group_of_everybody_else_is_what_is_asked_for(folder):
    replace(folder / "participants.tsv", "2\tcontrol", "2\tdepression")
    first, _, ill, _ = read(folder, openbhb={"people": None, "group": "CN"}).scans
    assert (first.columns["group"], first.columns["diagnosis"]) == ("CN", "HC")
    assert ill.columns["group"] is None


def test_a_column_that_no_table_has_is_named_with_the_setting_that_asks(folder):
    with pytest.raises(TableError, match=r"cohort\.columns: .*no column 'iq' in participants\.tsv"):
        read(folder, columns=["iq"])


def test_names_of_regions_are_those_of_the_resources(folder):
    assert find(where_arrays(settings(folder))).features == NAMES
    replace(folder / "resource/resources.json", "lReg01_GM_Vol", "lReg01_WM_Vol")
    with pytest.raises(TableError, match=r"resources\.json: the regions are not grey matter"):
        find(where_arrays(settings(folder)))


def test_regions_are_divided_by_the_volume_in_the_table_of_people(folder):
    arrays = find(where_arrays(settings(folder, features_scale="tiv"))).of_scan
    scaled = arrays["sub-112345678901"].part()
    np.testing.assert_allclose(scaled[0, 0], (np.arange(284.0) + 1) / 1250)
    replace(folder / "participants.tsv", "\t1250\t", "\tn/a\t")
    arrays = find(where_arrays(settings(folder, features_scale="tiv"))).of_scan
    with pytest.raises(BadScanError, match=r"cannot be divided by the volume 'n/a'"):
        arrays["sub-112345678901"].part()
    without(folder / "participants.tsv", "tiv")
    with pytest.raises(TableError, match=r"no column 'TIV' \(cohort\.regions\.tiv\)"):
        read(folder, features_scale="tiv")


def test_images_are_divided_by_nothing(folder):
    with pytest.raises(SettingsError, match=r"cohort\.features_scale: tiv .* quasiraw has no"):
        read(folder, features_scale="tiv", image="quasiraw")


def test_a_folder_with_neither_is_told_what_was_looked_for(folder):
    (folder / "participants.tsv").unlink()
    with pytest.raises(TableError, match=r"neither participants\.tsv .* nor train\.tsv"):
        read(folder)


SIZES = {"vbm": 5, "quasiraw": 7, "xhemi": 11, "vbm_roi": 284, "desikan": 476, "destrieux": 1036}


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """The challenge's packing of five people, of images made small."""
    monkeypatch.setattr(challenge, "SIZES", SIZES)
    monkeypatch.setattr(challenge, "WIDTH", sum(SIZES.values()))
    challenge._mask.cache_clear()
    people = {
        "train": [["01", 20, 7], ["02", 30, 8], ["03", 40, 7]],
        "internal_test": [["11", 50, 7]],
        "external_test": [["21", 60, 101]],
    }
    for number, (part, rows) in enumerate(people.items()):
        write(tmp_path / f"{part}.tsv", "participant_id|age|site", rows, mark="\ufeff")
        values = np.arange(len(rows) * challenge.WIDTH, dtype=np.float32) + 10_000 * number
        np.save(tmp_path / f"{part}.npy", values.reshape(len(rows), -1))
    for kind, (name, above) in challenge.MASKS.items():
        image = np.zeros((3, 3, 2), np.float32)
        image.flat[np.arange(SIZES[kind]) * 2] = above + 0.1
        image.flat[1] = above
        save_nifti(tmp_path / "resource" / name, image, np.eye(4))
    folds = {"fold0": {"train": [0], "internal_test": [2]}, "fold1": {"train": [1, 2]}}
    (tmp_path / "cv_splits_indices.json").write_text(json.dumps(folds))
    return tmp_path


def test_the_packing_is_read_part_by_part_and_the_external_people_lose_their_site(packed):
    scans = read(packed, columns=["split", "cv0", "cv1"]).scans
    assert [scan.scan_id for scan in scans] == ["sub-01", "sub-02", "sub-03", "sub-11", "sub-21"]
    assert [scan.site for scan in scans] == ["7", "8", "7", "7", None]
    assert [scan.columns["split"] for scan in scans[2:]] == [*challenge.PARTS]
    assert [scan.columns["cv0"] for scan in scans[:3]] == ["train", None, "internal_test"]
    assert [scan.columns["cv1"] for scan in scans[:3]] == [None, "train", "train"]
    assert scans[4].images == {"vbm_roi": str(packed / "external_test.npy")}


def test_each_kind_is_cut_out_of_its_persons_row(packed):
    row = np.load(packed / "train.npy")[1]
    start = 0
    for image, size in SIZES.items():
        if image != "xhemi":
            part = find(where_arrays(settings(packed, image=image))).of_scan["sub-02"].part()
            if image in challenge.MASKS:
                assert part.shape == (3, 3, 2)
                np.testing.assert_array_equal(part.flat[np.arange(size) * 2], row[start:][:size])
                assert np.count_nonzero(part) == size
            else:
                np.testing.assert_array_equal(part.ravel(), row[start:][:size])
        start += size


def test_the_sizes_of_the_release_add_up():
    assert challenge.WIDTH == 3_659_572


def test_an_array_of_another_size_and_a_mask_that_keeps_other_voxels_are_refused(packed):
    np.save(packed / "train.npy", np.zeros((2, challenge.WIDTH), np.float32))
    with pytest.raises(TableError, match=r"train\.npy: has shape \(2, 1819\), not \(3, 1819\)"):
        read(packed)
    (packed / "train.npy").unlink()
    with pytest.raises(TableError, match=r"train\.npy: no such file \(cohort\.path\)"):
        read(packed)


def test_a_mask_that_is_another_or_absent_is_refused(packed):
    name, _ = challenge.MASKS["vbm"]
    save_nifti(packed / "resource" / name, np.ones((3, 3, 2), np.float32), np.eye(4))
    with pytest.raises(TableError, match=r"18 voxels are above 0\.05, and 5 are packed"):
        read(packed, image="vbm")
    (packed / "resource" / name).unlink()
    with pytest.raises(TableError, match=r"no cat12vbm_space-MNI152_desc-gm_TPM\.nii\.gz there"):
        read(packed, image="vbm")


@pytest.mark.parametrize("column", ["participant_id", "age", "site"])
def test_a_column_that_the_packing_lacks_is_named(packed, column):
    without(packed / "internal_test.tsv", column)
    with pytest.raises(TableError, match=rf"internal_test\.tsv: no column '{column}'"):
        read(packed)


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ('{"a": {"train": [0, 3]}}', r"fold 0, train: 3 is no row of train\.tsv"),
        ('{"a": {"train": [0], "internal_test": [0]}}', r"internal_test: 0 stands there twice"),
        ("[]", r"is no JSON of folds, parts and rows"),
    ],
)
def test_folds_that_do_not_fit_the_rows_are_refused(packed, folds, message):
    (packed / "cv_splits_indices.json").write_text(folds)
    with pytest.raises(TableError, match=message):
        read(packed)


def test_the_packing_has_no_volume_to_divide_by(packed):
    with pytest.raises(SettingsError, match=r"the challenge packs no intracranial volume"):
        read(packed, features_scale="tiv")
