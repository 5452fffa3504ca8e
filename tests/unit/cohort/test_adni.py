"""ADNI as its owners hand it out, with its traps."""

from __future__ import annotations

import pytest
from cohorts import asked
from given import block
from handed_out import replace, values_of, without, write
from small_cohorts import ADNI_DIAGNOSES as DIAGNOSES
from small_cohorts import ADNI_IMAGES as IMAGES
from small_cohorts import ADNI_MERGED as MERGED
from small_cohorts import ADNI_VISITS as VISITS
from small_cohorts import OTHER, day, write_adni

from contrage.cohort.read import read_cohort
from contrage.cohort.sources.adni import find
from contrage.cohort.stored import where_arrays
from contrage.errors import SettingsError, TableError

OF_MERGED = ("PTID", "VISCODE", "EXAMDATE", "SITE", "AGE", "PTGENDER")


@pytest.fixture
def folder(tmp_path):
    write_adni(tmp_path)
    return tmp_path


def settings(folder, adni=None, **others):
    told = {"columns": ["diagnosis", "group", "date"], "image": "vbm_roi", **others}
    own = {**block("cohort")["adni"], **(adni or {})}
    return asked(source="adni", path=str(folder), adni=own, **told)


def read(folder, **others):
    return read_cohort(settings(folder, **others))


def test_the_age_at_a_scan_is_that_at_entry_and_the_time_since(folder):
    found = {scan.scan_id: scan for scan in read(folder).scans}
    assert list(found) == [
        "sub-002S0295_ses-20100209",
        "sub-002S0295_ses-20120130",
        "sub-011S0003_ses-20100311",
        "sub-011S0003_ses-20110917",
    ]
    first, second = found["sub-002S0295_ses-20100209"], found["sub-002S0295_ses-20120130"]
    assert first.age == pytest.approx(70.5 - 20 / 365.25, abs=1e-9)
    assert second.age == pytest.approx(70.5 + 700 / 365.25, abs=1e-9)
    assert (first.sex, first.site, first.columns["date"]) == ("M", "002", "2010-02-09")
    assert first.images == {"vbm_roi": str(folder / "neuromorphometrics_cat12_vbm_roi.tsv")}


def test_a_diagnosis_is_that_of_the_nearest_visit_and_none_beyond_the_window(folder):
    cohort = read(folder)
    assert [scan.columns["diagnosis"] for scan in cohort.scans] == ["HC", "HC", "MCI", None]
    assert (
        "scans without a diagnosis within 180 days, whose column diagnosis is empty (1): "
        "011_S_0003 (1)"
    ) in cohort.notes
    wide = read(folder, adni={"window_days": 200})
    assert [scan.columns["diagnosis"] for scan in wide.scans] == ["HC", "HC", "MCI", "MCI"]


def test_the_group_is_a_persons_and_those_in_no_table_are_counted(folder):
    cohort = read(folder)
    groups = [scan.columns["group"] for scan in cohort.scans]
    assert groups == ["HC", "HC", "MCI-censored", "MCI-censored"]
    assert "people in no table by group (1), MCI-censored: 011_S_0003" in cohort.notes
    short = read(folder, adni={"conversion_months": 10})
    assert short.scans[2].columns["group"] == "sMCI"


def test_of_two_images_of_a_day_the_one_of_the_lower_number_is_taken_and_the_choice_told(folder):
    (choice,) = read(folder).choices
    assert choice.scan_id == "sub-002S0295_ses-20100209"
    assert (choice.taken, choice.others) == ("I99999", ["I100000"])


def test_all_images_of_a_day_are_sessions_of_one_person_where_that_is_asked(folder):
    cohort = read(folder, adni={"images": "all"})
    assert [scan.scan_id for scan in cohort.scans][:2] == [
        "sub-002S0295_ses-20100209",
        "sub-002S0295_ses-20100209run2",
    ]
    assert len(cohort.scans) == 5 and not cohort.choices
    where = where_arrays(settings(folder))
    arrays = find(where).of_scan
    for row, scan in enumerate(cohort.scans):
        assert list(arrays[scan.scan_id].part()) == list(values_of(row))


def test_other_images_are_told_by_their_description(folder):
    replace(folder / IMAGES, '"I100003", "002_S_0295", "M", "70", "1", "MRI", "MP-RAGE"',
            '"I100003", "002_S_0295", "M", "70", "1", "MRI", "Field Mapping"')  # fmt: skip
    cohort = read(folder)
    assert len(cohort.scans) == 3
    told = "images that are no accepted T1 (cohort.adni.descriptions): 'Field Mapping' (1)"
    assert any(note.startswith(told) for note in cohort.notes)
    assert any("sub-002S0295_ses-20120130" in note for note in cohort.notes)


@pytest.mark.parametrize(
    ("column", "codes", "diagnoses"),
    [
        ("DIAGNOSIS", (1, 2), ["HC", "HC", "MCI", None]),
        ("DXCURREN", (1, 3), ["HC", "HC", "AD", None]),
        ("DXCHANGE", (7, 8), ["HC", "HC", "MCI", None]),
        ("DXCHANGE", (9, 4), ["HC", "HC", "MCI", None]),
        ("DXCHANGE", (1, 5), ["HC", "HC", "AD", None]),
    ],
)
def test_codes_of_older_releases_are_understood(folder, column, codes, diagnoses):
    rows = [
        [person[-4:], person, code, day(after), codes[person == OTHER]]
        for person, after, code in VISITS
    ]
    write(folder / DIAGNOSES, f"RID|PTID|VISCODE2|EXAMDATE|{column}", rows)
    assert [scan.columns["diagnosis"] for scan in read(folder).scans] == diagnoses


def test_a_diagnosis_without_ptid_or_date_is_joined_by_rid_and_visit(folder):
    rows = [[p[-4:], code, "-4", 1 + (p == OTHER)] for p, _, code in VISITS]
    write(folder / DIAGNOSES, "RID|VISCODE2|EXAMDATE|DIAGNOSIS", [*rows, ["9999", "bl", "", "3"]])
    cohort = read(folder)
    assert [scan.columns["diagnosis"] for scan in cohort.scans] == ["HC", "HC", "MCI", None]
    assert f"diagnoses of nobody in {MERGED}: lines 6 ({DIAGNOSES})" in cohort.notes


def test_without_a_table_of_diagnoses_those_of_the_merged_visits_count(folder):
    (folder / DIAGNOSES).unlink()
    replace(folder / MERGED, '"Female", "MCI"', '"Female", "MCI to Dementia"')
    cohort = read(folder, adni={"diagnoses": None})
    assert [scan.columns["diagnosis"] for scan in cohort.scans] == ["HC", "HC", "AD", None]


def test_a_code_that_is_none_leaves_the_scan_out_with_its_reason(folder):
    replace(folder / DIAGNOSES, f'"m24", "{day(730)}", "1"', f'"m24", "{day(730)}", "8"')
    cohort = read(folder)
    (left,) = cohort.excluded
    assert left.scan_id == "sub-002S0295_ses-20120130"
    assert left.reason == "DIAGNOSIS is '8', which is no diagnosis"
    assert cohort.scans[0].columns["group"] is None


def test_of_several_releases_the_newest_by_its_name_is_read_and_told(folder):
    (folder / "ADNIMERGE_30Jan2019.csv").write_text("nothing\n")
    (folder / "of others.csv").write_bytes(b"B\xfccher;\n1;2;3\n")
    (folder / "ADNIMERGE_DICT_01Jul2021.csv").write_text("nothing\n")
    told = f"{MERGED} is read, the newest by the date in its name; not ADNIMERGE_30Jan2019.csv"
    assert told in read(folder).notes
    (folder / "ADNIMERGE.csv").write_text("nothing\n")
    (folder / "ADNIMERGE_2020-07-01.csv").write_text("nothing\n")
    with pytest.raises(TableError, match=r"which of .* is meant \(cohort\.adni\.merged\)"):
        read(folder)


@pytest.mark.parametrize(
    ("file", "column", "key"),
    [
        *(
            (MERGED, name, "merged")
            for name in ["PTID", "VISCODE", "EXAMDATE", "SITE", "AGE", "PTGENDER"]
        ),
        (DIAGNOSES, "EXAMDATE", "diagnoses"),
        (DIAGNOSES, "DIAGNOSIS", "diagnoses"),
        *((IMAGES, name, "collection") for name in ("Sex", "Age", "Modality", "Acq Date")),
    ],
)
def test_a_column_that_is_not_there_is_named_with_its_file_and_setting(folder, file, column, key):
    without(folder / file, column)
    with pytest.raises(TableError) as error:
        read(folder)
    assert f"{file}: no column '{column}' (cohort.adni.{key})" in str(error.value)


@pytest.mark.parametrize("column", ["Image Data ID", "Subject"])
def test_a_list_of_images_is_known_by_its_columns_unless_it_is_named(folder, column):
    without(folder / IMAGES, column)
    with pytest.raises(TableError, match=r"none of .*\(cohort\.adni\.collection\); name the file"):
        read(folder)
    with pytest.raises(TableError, match=rf"no column '{column}' \(cohort\.adni\.collection\)"):
        read(folder, adni={"collection": IMAGES})


def test_a_file_that_is_not_there_is_named_with_its_setting(folder):
    (folder / DIAGNOSES).unlink()
    with pytest.raises(TableError, match=r"no file DXSUM\*\.csv there \(cohort\.adni\.diagnoses\)"):
        read(folder)


def test_who_cannot_be_joined_is_listed_with_the_reason_or_refused(folder):
    replace(folder / IMAGES, f'"{day(700, True)}"', '"29.1.2012"')
    replace(folder / MERGED, f'"{OTHER}", "bl"', f'"{OTHER}", "sc"')
    with pytest.raises(TableError, match=r"011_S_0003 has no baseline visit"):
        read(folder)
    cohort = read(folder, on_bad_scan="exclude")
    assert [scan.scan_id for scan in cohort.scans] == ["sub-002S0295_ses-20100209"]
    reasons = {each.scan_id: each.reason for each in cohort.excluded}
    assert reasons["sub-002S0295_ses-line4"] == (
        "line 4: Acq Date '29.1.2012' is no date (m/d/yyyy)"
    )
    assert "no baseline visit with a date" in reasons["sub-011S0003_ses-20100311"]


def test_an_image_of_nobody_in_the_merged_visits_and_one_without_an_array_are_listed(folder):
    with (folder / IMAGES).open("a") as stream:
        row = '"I7", "{}", "F", "70", "1", "MRI", "MPRAGE", "3/5/2010"\n'
        stream.write(row.format("099_S_9999") + row.format(OTHER))
    reasons = {e.scan_id: e.reason for e in read(folder, on_bad_scan="exclude").excluded}
    assert reasons == {
        "sub-099S9999_ses-20100305": (
            "099_S_9999 is not in the merged visits (cohort.adni.merged)"
        ),
        "sub-011S0003_ses-20100305": (
            "no array sub-011S0003_ses-20100305_preproc-cat12vbm_desc-gm_ROI.npy, and no row in "
            "a table of regions"
        ),
    }


def test_further_columns_are_of_the_list_of_images_or_of_the_nearest_merged_visit(folder):
    cohort = read(folder, columns=["Visit", "of no use"])
    assert cohort.scans[0].columns == {"Visit": "1", "of no use": "yes"}
    assert cohort.scans[3].columns["of no use"] is None
    with pytest.raises(TableError, match=r"cohort\.columns: .*no column 'APOE4' in T1_7_01_2020"):
        read(folder, columns=["APOE4"])


def test_prepared_images_are_found_by_person_and_session(folder):
    (folder / "neuromorphometrics_cat12_vbm_roi.tsv").unlink()
    ending = "preproc-cat12vbm_desc-gm_T1w.npy"
    names = [
        f"sub-ADNI002S0295/ses-20100209/sub-ADNI002S0295_ses-20100209_run-1_{ending}",
        f"sub-ADNI002S0295/ses-20120130/sub-ADNI002S0295_{ending}",
        f"sub-011S0003_ses-20100311_{ending}",
    ]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"an array")
    cohort = read(folder, image="vbm", on_bad_scan="exclude")
    assert [scan.images["vbm"] for scan in cohort.scans] == [str(folder / name) for name in names]
    assert cohort.scans[0].scan_id == "sub-ADNI002S0295_ses-20100209"
    with pytest.raises(SettingsError, match=r"cohort\.features_scale: tiv needs a table"):
        read(folder, image="vbm", features_scale="tiv")
