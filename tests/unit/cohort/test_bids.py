"""A BIDS folder is read as its owner means it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cohorts import asked

from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError, TableError
from contrage.settings.steps.cohort import CohortStep


def settings(path: Path, **others) -> CohortStep:
    ordinary = {"source": "bids", "needs_anatomical": True, "on_bad_scan": "fail"}
    return asked(**{**ordinary, "path": str(path), **others})


def put(folder: Path, *files: str) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def table(folder: Path, *lines: str) -> None:
    (folder / "participants.tsv").write_text("\n".join(line.replace(" ", "\t") for line in lines))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """One participant with compressed and one with plain images."""
    table(tmp_path, "participant_id age sex site", "sub-01 30.5 F A", "02 61 M B")
    put(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz", "sub-01/mre/sub-01_stiffness.nii.gz")
    put(tmp_path, "sub-02/anat/sub-02_T1w.nii", "sub-02/mre/sub-02_stiffness.nii")
    return tmp_path


def test_both_endings_of_nifti_are_found(study):
    cohort = read_cohort(settings(study))
    assert [scan.scan_id for scan in cohort.scans] == ["sub-01", "sub-02"]
    assert [scan.age for scan in cohort.scans] == [30.5, 61.0]
    assert cohort.scans[1].images["T1w"].endswith("sub-02_T1w.nii")
    assert cohort.scans[0].site == "A"
    assert not cohort.excluded


def test_sex_and_site_may_be_absent(tmp_path):
    table(tmp_path, "participant_id age", "01 30")
    put(tmp_path, "sub-01/mre/sub-01_stiffness.nii.gz")
    (scan,) = read_cohort(settings(tmp_path, needs_anatomical=False)).scans
    assert (scan.sex, scan.site, scan.images.get("T1w")) == (None, None, None)


def test_ids_of_many_digits_stay_as_they_are(tmp_path):
    table(tmp_path, "participant_id age", "000123456789 30")
    put(tmp_path, "sub-000123456789/mre/sub-000123456789_stiffness.nii.gz")
    (scan,) = read_cohort(settings(tmp_path, needs_anatomical=False)).scans
    assert scan.participant_id == "sub-000123456789"


def test_a_participant_without_an_image_is_listed_and_the_run_goes_on(study):
    (study / "sub-02/mre/sub-02_stiffness.nii").unlink()
    cohort = read_cohort(settings(study))
    assert [scan.scan_id for scan in cohort.scans] == ["sub-01"]
    assert cohort.excluded[0].scan_id == "sub-02"
    assert "stiffness" in cohort.excluded[0].reason


def test_a_folder_without_a_row_is_listed(study):
    put(study, "sub-03/mre/sub-03_stiffness.nii.gz")
    (left_out,) = read_cohort(settings(study)).excluded
    assert (left_out.scan_id, left_out.reason) == ("sub-03", "no row in participants.tsv")


def test_sessions_have_their_own_ages_where_a_table_tells_them(tmp_path):
    table(tmp_path, "participant_id age", "01 30")
    for name in ("a", "b"):
        put(tmp_path, f"sub-01/ses-{name}/mre/sub-01_ses-{name}_stiffness.nii.gz")
    (tmp_path / "sub-01/sub-01_sessions.tsv").write_text("session_id\tage\nses-a\t30\nses-b\t32\n")
    cohort = read_cohort(settings(tmp_path, needs_anatomical=False))
    assert [(s.scan_id, s.age) for s in cohort.scans] == [
        ("sub-01_ses-a", 30),
        ("sub-01_ses-b", 32),
    ]


def test_the_magnitude_can_stand_for_the_t1(tmp_path):
    table(tmp_path, "participant_id age", "01 30")
    put(tmp_path, "sub-01/mre/sub-01_stiffness.nii.gz", "sub-01/mre/sub-01_magnitude.nii.gz")
    (scan,) = read_cohort(settings(tmp_path, anatomical="magnitude")).scans
    assert scan.images["magnitude"].endswith("magnitude.nii.gz")


def test_a_mask_is_looked_for_where_it_is_needed(study):
    put(study, "sub-01/anat/sub-01_desc-brain_mask.nii.gz")
    cohort = read_cohort(settings(study, needs_mask=True))
    assert [scan.scan_id for scan in cohort.scans] == ["sub-01"]
    assert "brain mask" in cohort.excluded[0].reason


@pytest.mark.parametrize("text", ["participant_id,age\n01,30", "subject\tage\n01\t30", ""])
def test_a_table_of_another_form_is_named(tmp_path, text):
    (tmp_path / "participants.tsv").write_text(text)
    with pytest.raises(TableError, match=r"participants\.tsv"):
        read_cohort(settings(tmp_path))


def test_no_table_no_folder_and_no_usable_scan_are_errors(tmp_path):
    with pytest.raises(TableError, match="no such file"):
        read_cohort(settings(tmp_path))
    with pytest.raises(SettingsError, match=r"cohort\.path"):
        read_cohort(settings(tmp_path / "elsewhere"))
    table(tmp_path, "participant_id age", "01 30")
    with pytest.raises(TableError, match="no scan can be used"):
        read_cohort(settings(tmp_path))


def test_the_damping_ratio_is_found_beside_the_stiffness(study):
    put(study, "sub-01/mre/sub-01_dampingratio.nii.gz")
    one, other = read_cohort(settings(study)).scans
    assert one.images["dampingratio"].endswith("sub-01_dampingratio.nii.gz")
    assert one.images["stiffness"].endswith("sub-01_stiffness.nii.gz")
    assert "dampingratio" not in other.images


def test_learning_from_the_damping_ratio_needs_one(study):
    put(study, "sub-01/mre/sub-01_dampingratio.nii.gz")
    cohort = read_cohort(settings(study, image="dampingratio"))
    assert [scan.scan_id for scan in cohort.scans] == ["sub-01"]
    assert cohort.excluded[0].reason == "no damping-ratio map (mre/…_dampingratio.nii.gz)"
