"""EchoNet-Dynamic, A4 and HCP-Lifespan as they are handed out, and files of one's own."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from cohorts import asked
from given import block
from handed_out import replace, without
from one_file_each import (
    EF,
    GRID,
    SUVR,
    draw,
    hand,
    stacked,
    write_a4,
    write_echonet,
    write_hcp,
)

from contrage.cohort.read import read_cohort
from contrage.errors import BadScanError, SettingsError, TableError
from contrage.modalities import video


@pytest.fixture
def echonet(tmp_path, monkeypatch):
    write_echonet(tmp_path)
    size = {"0X1A.avi": 3, "0X2B.avi": 20}
    frames = [hand(number, (6, 8)).astype(np.float32) for number in range(20)]
    monkeypatch.setattr(video, "count", lambda path: size[path.name])
    monkeypatch.setattr(video, "decoded", lambda path, chosen: {n: frames[n] for n in chosen})
    return tmp_path


@pytest.fixture
def a4(tmp_path):
    write_a4(tmp_path)
    return tmp_path


@pytest.fixture
def hcp(tmp_path):
    write_hcp(tmp_path)
    return tmp_path


def of_echonet(folder, **others):
    told = {"image": "video", "target": EF, "columns": ["Split"], **others}
    return asked(source="echonet", path=str(folder), **told)


def of_a4(folder, a4=None, **others):
    own = {**block("cohort")["a4"], **(a4 or {})}
    return asked(
        source="a4", path=str(folder), a4=own, **{"image": "pet", "target": SUVR, **others}
    )


def of_hcp(folder, hcp=None, **others):
    own = {**block("cohort")["hcp"], **(hcp or {})}
    return asked(source="hcp", path=str(folder), hcp=own, image="series", **others)


def test_echonets_files_are_found_with_and_without_their_ending(echonet):
    first, second = read_cohort(of_echonet(echonet)).scans
    assert (first.scan_id, first.columns) == ("sub-0X1A", {"Split": "TRAIN", "EF": "55.5"})
    assert second.images["video"].endswith("Videos/0X2B.avi")


def test_shorter_videos_are_counted_beside_the_array(echonet, tmp_path):
    own = {"frames": 4, "pixels": [6, 8]}
    values, _, _, beside = stacked(of_echonet(echonet), tmp_path, video=own)
    assert values.shape == (2, 1, 4, 6, 8)
    (told,) = beside["told"].items()
    assert told == ("videos with fewer frames than asked for, reflected at both ends", ["sub-0X1A"])


def test_a_video_that_is_cut_short_is_no_shorter_video(echonet, tmp_path):
    replace(echonet / "FileList.csv", '"3", "TRAIN"', '"5", "TRAIN"')
    own = {"frames": 4, "pixels": [6, 8]}
    with pytest.raises(BadScanError, match=r"0X1A\.avi: has 3 frames where its owner's table .* 5"):
        stacked(of_echonet(echonet), tmp_path, video=own)


@pytest.mark.parametrize("said", ["4", "2"])
def test_a_number_of_frames_that_decoders_may_differ_by_is_told(echonet, tmp_path, said):
    replace(echonet / "FileList.csv", '"3", "TRAIN"', f'"{said}", "TRAIN"')
    own = {"frames": 2, "pixels": [6, 8], "every": 1}
    _, _, _, beside = stacked(of_echonet(echonet), tmp_path, video=own)
    assert beside["told"] == {
        "videos with another number of frames than their owner's table says": ["sub-0X1A"]
    }


@pytest.mark.parametrize("column", ["FileName", "EF"])
def test_a_column_that_is_not_there_is_named(echonet, column):
    without(echonet / "FileList.csv", column)
    with pytest.raises(TableError, match=rf"no column '{column}'"):
        read_cohort(of_echonet(echonet))


def test_a_video_that_is_not_there_is_named(echonet):
    (echonet / "Videos/0X2B.avi").unlink()
    with pytest.raises(TableError, match="sub-0X2B: no file of 0X2B"):
        read_cohort(of_echonet(echonet))


def test_of_a4_everybody_is_there_once_by_the_composite(a4, tmp_path):
    found = read_cohort(of_a4(a4))
    assert [scan.columns["suvr_cer"] for scan in found.scans] == ["2.00", "2.10", "2.20"]
    assert [scan.scan_id for scan in found.scans] == ["sub-B10080", "sub-B10081", "sub-B10082"]
    values, rows, _, beside = stacked(
        of_a4(a4), tmp_path, pet={"grid": GRID, "edge_mm": 2, "reference": None}
    )
    assert values.shape == (3, 1, *GRID) and rows["scan_id"].tolist()[0] == "sub-B10080"
    assert beside["steps"][0]["parameters"]["own"]["reference"] is None


def test_a_person_without_the_row_that_counts_is_named(a4):
    replace(a4 / "A4_PETSUVR_PRV2.csv", '"B10081", "Composite_Summary"', '"B10081", "Composite"')
    with pytest.raises(TableError, match=r"sub-B10081: B10081 has no row Composite_Summary"):
        read_cohort(of_a4(a4))


def test_a_person_with_two_of_them_is_named_with_the_lines(a4):
    replace(a4 / "A4_PETSUVR_PRV2.csv", '"B10081", "Region_0"', '"B10081", "Composite_Summary"')
    said = r"two rows Composite_Summary of one person: B10081 \(lines 10 and 17\)"
    with pytest.raises(TableError, match=said):
        read_cohort(of_a4(a4))


def test_a_region_that_nobody_has_is_told_with_those_that_are_there(a4):
    with pytest.raises(TableError, match=r"'Thalamus' in brain_region \(cohort\.a4\.region\)"):
        read_cohort(of_a4(a4, a4={"region": "Thalamus"}))


def test_volumes_of_nobody_in_the_table_are_told(a4):
    nib.save(nib.Nifti1Image(np.ones(GRID, np.float32), np.eye(4)), a4 / "B9_pet.nii")
    assert read_cohort(of_a4(a4)).notes == ["files of nobody in A4_PETSUVR_PRV2.csv: B9"]


@pytest.mark.parametrize(("of", "folder"), [(of_echonet, "echonet"), (of_a4, "a4")])
def test_ages_are_not_told_by_owners_who_have_none(of, folder, request):
    with pytest.raises(SettingsError, match=r"target\.column: .* tells no ages"):
        read_cohort(of(request.getfixturevalue(folder), target={}, columns=[]))


def test_hcps_ages_are_months_and_those_above_90_are_left_out(hcp):
    found = read_cohort(of_hcp(hcp))
    assert [(scan.scan_id, scan.sex) for scan in found.scans] == [
        ("sub-HCA600001", "F"),
        ("sub-HCA600002", "M"),
    ]
    assert found.scans[0].age == pytest.approx(437 / 12)
    (out,) = found.excluded
    assert (
        out.scan_id == "sub-HCA600003" and "100 years, which stands for any above 90" in out.reason
    )
    assert "1 people are left out whose ages are above 90 years" in found.notes[0]


def test_of_hcp_the_line_that_explains_the_columns_alone_is_no_person(hcp):
    replace(hcp / "ndar_subject01.txt", "HCA600002", "HCA 600002")
    assert "sub-HCA600002" in [scan.scan_id for scan in read_cohort(of_hcp(hcp)).scans]


def test_hcps_top_coded_ages_can_be_kept(hcp):
    found = read_cohort(of_hcp(hcp, hcp={"top_coded": "keep"}))
    assert [scan.age for scan in found.scans][-1] == 100


def test_a_series_of_other_regions_is_named_before_training(hcp, tmp_path):
    own = {"regions": 3, "length": 8}
    values, _, _, beside = stacked(of_hcp(hcp), tmp_path, series=own)
    assert values.shape == (2, 3, 8) and "told" not in beside
    np.save(hcp / "HCA600002_V1_MR.npy", np.ones((4, 12)))
    with pytest.raises(BadScanError, match=r"HCA600002_V1_MR\.npy: has 4 regions, not 3"):
        stacked(of_hcp(hcp), tmp_path, series=own)


def test_an_age_that_is_none_is_named(hcp):
    replace(hcp / "ndar_subject01.txt", "437", "unknown")
    with pytest.raises(TableError, match="sub-HCA600001: age is missing"):
        read_cohort(of_hcp(hcp))


def test_ones_own_files_stand_beside_participants_tsv(tmp_path):
    lines = ["participant_id\tage\tpoints"]
    for number, ending in enumerate(["png", "jpg", "jpeg"]):
        draw(tmp_path / "pictures" / f"sub-{number}_xray.{ending}", hand(number))
        lines.append(f"{number}\t{30 + number}\t{number / 10}")
    (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "sub-0_xray.json").write_text("{}")
    target = {"column": "points", "unit": "points", "range": [0, 1]}
    settings = asked(source="arrays", path=str(tmp_path), image="xray", target=target)
    values, rows, _, _ = stacked(settings, tmp_path, xray={"size": [26, 20]})
    assert values.shape == (3, 1, 26, 20) and rows["row"].tolist() == [0, 1, 2]
