"""A collection of LONI's archive as it is handed out, ICBM for one."""

from __future__ import annotations

import pytest
from cohorts import asked
from given import block
from handed_out import replace, without, write_regions
from small_cohorts import LONI_IMAGES as IMAGES
from small_cohorts import write_loni

from contrage.cohort.read import read_cohort
from contrage.errors import TableError


@pytest.fixture
def folder(tmp_path):
    write_loni(tmp_path)
    return tmp_path


def read(folder, loni=None, **others):
    own = {**block("cohort")["loni"], **(loni or {})}
    told = {"image": "vbm_roi", "columns": ["group", "diagnosis", "date"], **others}
    return read_cohort(asked(source="loni", path=str(folder), loni=own, **told))


def test_everybody_is_of_one_group_and_site_and_nobody_has_a_diagnosis(folder):
    other, one = read(folder).scans
    assert (one.scan_id, one.age, one.sex, one.site) == (
        "sub-MNI42_ses-19990305",
        33.0,
        "M",
        "ICBM",
    )
    assert one.columns == {"group": "HC", "diagnosis": None, "date": "1999-03-05"}
    assert (other.scan_id, other.sex) == ("sub-MNI7_ses-20011231", "F")
    told = read(folder, loni={"group": "young", "site": "MNI"}).scans[0]
    assert (told.columns["group"], told.site) == ("young", "MNI")


def test_a_second_image_of_a_day_is_left_and_told(folder):
    (choice,) = read(folder).choices
    assert (choice.taken, choice.others) == ("I99999", ["I100000"])


def test_whole_years_and_ids_without_zeros_are_told(folder):
    notes = read(folder).notes
    assert f"ages are whole years ({IMAGES}): people are up to a year older" in notes
    assert any("MNI0042 is sub-MNI42" in note for note in notes)
    replace(folder / IMAGES, '"58"', '"58.4"')
    assert not any("whole years" in note for note in read(folder).notes)


@pytest.mark.parametrize("column", ["Sex", "Age", "Modality", "Description", "Acq Date"])
def test_a_column_that_is_not_there_is_named_with_its_file_and_setting(folder, column):
    without(folder / IMAGES, column)
    with pytest.raises(TableError) as error:
        read(folder)
    assert f"{IMAGES}: no column '{column}' (cohort.loni.collection)" in str(error.value)


def test_an_age_that_is_not_told_is_a_bad_row(folder):
    replace(folder / IMAGES, '"58"', '""')
    with pytest.raises(TableError, match=r"sub-MNI7_ses-20011231: age is missing"):
        read(folder)
    (left,) = read(folder, on_bad_scan="exclude").excluded
    assert left.reason == "age is missing"


def test_people_whose_ids_differ_by_signs_alone_are_asked_about(folder):
    replace(folder / IMAGES, '"MNI_0007"', '"MNI-0042"')
    with pytest.raises(TableError, match=r"MNI-0042 and MNI_0042 differ by signs alone"):
        read(folder)


@pytest.mark.parametrize(
    ("column", "key"),
    [("participant_id", "participant"), ("session", "session"), ("TIV", "tiv")],
)
def test_a_column_that_a_table_of_regions_lacks_is_named_with_its_setting(folder, column, key):
    without(folder / "neuromorphometrics_cat12_vbm_roi.tsv", column)
    with pytest.raises(TableError) as error:
        read(folder, features_scale="tiv")
    assert f"no column '{column}' (cohort.regions.{key})" in str(error.value)


def test_a_table_of_regions_without_runs_has_one_image_a_day(folder):
    write_regions(folder, [("MNI42", "19990305", ""), ("MNI7", "20011231", "")])
    without(folder / "neuromorphometrics_cat12_vbm_roi.tsv", "run")
    assert len(read(folder).scans) == 2


def test_a_row_that_stands_there_twice_is_refused(folder):
    write_regions(folder, [("MNI42", "19990305", 1), ("sub-MNI42", "ses-19990305", "01")])
    with pytest.raises(TableError, match=r"stand there twice: sub-MNI42_ses-19990305"):
        read(folder)


def test_rows_that_no_image_asks_for_are_told(folder):
    write_regions(folder, [("MNI42", "19990305", 1), ("MNI7", "20011231", 1), ("X", "1", 1)])
    assert f"arrays of no session in {IMAGES}: sub-X_ses-1" in read(folder).notes


def test_two_tables_of_regions_are_asked_about(folder):
    write_regions(folder / "older", [("MNI42", "19990305", 1)])
    with pytest.raises(TableError, match=r"which table of regions .*\(cohort\.regions\.file\)"):
        read(folder)
