"""The public MRE134 folder, as it is."""

from __future__ import annotations

import pandas as pd
import pytest
from cohorts import asked

from contrage.cohort.read import read_cohort
from contrage.cohort.sources.mre134 import TABLE
from contrage.errors import TableError


def settings(folder):
    return asked(source="mre134", path=str(folder), on_bad_scan="fail")


def write(folder, numbers=(1, 2), ages=(24, 31), images=(1,)):
    frame = pd.DataFrame({"SUBJECT ID": numbers, "AGE": ages, "SEX": "F", "ORIG STUDY": "Study A "})
    frame.to_excel(folder / TABLE, index=False)
    maps = folder / "individual_stiffness_files"
    maps.mkdir()
    for number in images:
        (maps / f"{number:03d}Stiffness_warped.nii.gz").touch()
    return settings(folder)


def test_rows_without_a_map_are_listed_and_the_run_goes_on(tmp_path):
    cohort = read_cohort(write(tmp_path))
    (scan,) = cohort.scans
    assert (scan.participant_id, scan.age, scan.site) == ("sub-001", 24.0, "Study A")
    assert cohort.excluded[0].reason == "no image 002Stiffness_warped.nii.gz"


def test_an_age_in_words_is_an_error_that_names_the_participant(tmp_path):
    with pytest.raises(TableError, match=r"sub-002: age 'n\.k\.'"):
        read_cohort(write(tmp_path, ages=(24, "n.k.")))


def test_a_missing_table_says_what_the_folder_must_be(tmp_path):
    with pytest.raises(TableError, match="as cloned"):
        read_cohort(settings(tmp_path))


def test_the_real_folder_has_134_rows_and_says_which_have_no_map(shared):
    folder = shared / "data" / "mre134"
    cohort = read_cohort(settings(folder))
    maps = len(list((folder / "individual_stiffness_files").iterdir()))
    assert len(cohort.scans) == maps
    assert len(cohort.scans) + len(cohort.excluded) == 134
    assert {scan.site for scan in cohort.scans} <= {f"Study {letter}" for letter in "ABCDE"}
