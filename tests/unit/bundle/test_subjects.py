"""Whom files, folders and names of files are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cohorts import asked
from given import config
from targets import POINTS

from contrage.bundle.opened import Bundle
from contrage.bundle.subjects import subjects
from contrage.bundle.template import template_here, with_template
from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError, TableError
from contrage.files import sha256
from contrage.imaging.template.source import NILEARN
from contrage.plan.model import seen
from contrage.settings.steps.imaging import TemplateFiles


def taking(bundle: Bundle, **preprocessing) -> Bundle:
    """A model of maps that reach MNI152 through their T1."""
    whole = config(experiment="x", cohort={"name": "x"}, preprocessing=preprocessing)
    found = replace(bundle.facts, seen=seen(whole, NILEARN.settings()))
    return replace(bundle, facts=found)


def touch(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    return files


def test_files_of_one_scan_go_together_by_their_bids_names(of_maps, tmp_path):
    names = "sub-1_T1w.nii.gz", "sub-2_ses-b_stiffness.nii", "sub-2_ses-b_T1w.nii.gz"
    files = touch(tmp_path, *names, "sub-1_acq-x_stiffness.nii.gz")
    first, second = subjects(taking(of_maps), files)
    assert first.name == "sub-1" and second.name == "sub-2_ses-b"
    assert first.images == {"anatomical": files[0], "stiffness": files[3]}
    assert second.images == {"anatomical": files[2], "stiffness": files[1]}
    assert first.problem is None


def test_an_image_that_lacks_is_named_with_what_to_give(of_maps, tmp_path):
    (only,) = subjects(taking(of_maps), touch(tmp_path, "sub-1_T1w.nii.gz"))
    assert "stiffness is given; this model takes anatomical=FILE,stiffness=FILE" in only.problem


def test_files_of_any_name_are_given_by_what_they_are(of_maps, tmp_path):
    one, other = touch(tmp_path, "head.nii", "map.nii")
    text = Path(f"anatomical={one},stiffness={other}")
    (found,) = subjects(taking(of_maps), [text])
    assert found.images == {"anatomical": one, "stiffness": other} and found.problem is None
    with pytest.raises(TableError, match="takes anatomical and stiffness, and no T1w"):
        subjects(taking(of_maps), [Path(f"T1w={one}")])


def test_a_bids_folder_tells_scans_sessions_and_ages(of_maps, tmp_path):
    touch(
        tmp_path,
        *("sub-01/anat/sub-01_T1w.nii.gz", "sub-01/mre/sub-01_stiffness.nii.gz"),
        *("sub-01/anat/sub-01_ce-gd_T1w.nii.gz", "sub-01/func/sub-01_bold.nii.gz"),
        *("sub-02/ses-a/anat/sub-02_ses-a_T1w.nii", "sub-02/ses-a/mre/sub-02_ses-a_stiffness.nii"),
        *("sub-02/ses-b/anat/sub-02_ses-b_T1w.nii", "sub-02/ses-b/mre/sub-02_ses-b_stiffness.nii"),
        *("sub-03/anat/sub-03_run-1_T1w.nii", "sub-03/anat/sub-03_run-2_T1w.nii"),
    )
    rows = ["participant_id\tage\tsex", "sub-01\t44\tF", "sub-02\t51.5\tM", "sub-03\tn/a\tM"]
    (tmp_path / "participants.tsv").write_text("\n".join(rows) + "\n")
    found = {each.name: each for each in subjects(taking(of_maps), [tmp_path])}
    assert list(found) == ["sub-01", "sub-02_ses-a", "sub-02_ses-b", "sub-03"]
    assert found["sub-01"].images["anatomical"].name == "sub-01_T1w.nii.gz"
    assert (found["sub-01"].known, found["sub-01"].sex) == (44, "F")
    assert found["sub-02_ses-b"].known is None and found["sub-02_ses-b"].sex == "M"
    assert "several scans: it is taken for none of them" in found["sub-02_ses-b"].notes[0]
    assert "are both there; give the one to take" in found["sub-03"].problem


def test_a_mask_is_that_of_the_brain(of_maps, tmp_path):
    model = taking(of_maps, skull_strip={"method": "mask"})
    names = ["sub-1_T1w.nii", "sub-1_stiffness.nii", "sub-1_desc-lesion_mask.nii"]
    files = touch(tmp_path, *names, "sub-1_desc-brain_mask.nii")
    (found,) = subjects(model, files)
    assert found.images["mask"] == files[3]
    (without,) = subjects(model, files[:3])
    assert "no image of the kind mask is given" in without.problem


def test_a_flat_folder_of_images_is_taken_file_by_file(of_maps, tmp_path):
    touch(tmp_path, "b.nii.gz", "a.nii", "notes.txt")
    assert [each.name for each in subjects(of_maps, [tmp_path])] == ["a", "b"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match=r"there is no \w+ to predict"):
        subjects(of_maps, [tmp_path / "empty"])


def test_a_template_of_ones_own_files_must_be_given_and_be_the_same(of_maps, tmp_path):
    mine = tmp_path / "mine.nii"
    mine.write_bytes(b"a template")
    stated = TemplateFiles("files", "mine.nii", None, sha256(mine), None)
    imaging = with_template(of_maps.facts.seen.imaging, stated)
    facts = replace(of_maps.facts, seen=replace(of_maps.facts.seen, imaging=imaging))
    assert imaging.strip.template is None and imaging.quality.template == stated
    with pytest.raises(SettingsError, match=r"registered to mine\.nii.*give it with --template"):
        template_here(facts, None)
    assert template_here(facts, (mine, None)).anatomical == str(mine)
    other = tmp_path / "other.nii"
    other.write_bytes(b"another")
    with pytest.raises(SettingsError, match="has the checksum"):
        template_here(facts, (other, None))


def test_nilearns_template_is_compared_with_its_checksum(of_maps):
    assert template_here(of_maps.facts, None) == NILEARN.settings()
    wrong = replace(NILEARN.settings(), sha256="0" * 64)
    imaging = with_template(of_maps.facts.seen.imaging, wrong)
    facts = replace(of_maps.facts, seen=replace(of_maps.facts.seen, imaging=imaging))
    with pytest.raises(SettingsError, match="another one than results were made with"):
        template_here(facts, None)


@pytest.mark.parametrize("sessions", [("01", "02"), ("1", "2")])
def test_the_age_of_a_session_is_that_of_no_other(of_maps, tmp_path, sessions):
    for session in ("01", "02", "03"):
        touch(tmp_path, f"sub-01/ses-{session}/anat/sub-01_ses-{session}_T1w.nii")
        touch(tmp_path, f"sub-01/ses-{session}/mre/sub-01_ses-{session}_stiffness.nii")
    rows = ["participant_id\tsession\tage"]
    rows += [f"sub-1\t{name}\t{age}" for name, age in zip(sessions, (70, 75), strict=True)]
    (tmp_path / "participants.tsv").write_text("\n".join(rows) + "\n")
    found = subjects(taking(of_maps), [tmp_path])
    assert [each.known for each in found] == [70, 75, None]


def test_a_table_that_tells_two_ages_of_one_person_is_refused(of_maps, tmp_path):
    (tmp_path / "known.tsv").write_text("participant_id\tage\nsub-1\t70\n01\t75\n")
    one, other = touch(tmp_path, "sub-1_T1w.nii", "sub-1_stiffness.nii")
    with pytest.raises(TableError, match="stands there twice, and not alike"):
        subjects(taking(of_maps), [one, other], tmp_path / "known.tsv")


def test_two_files_of_a_kind_are_asked_about_and_made_files_are_no_scans(of_maps, tmp_path):
    names = ["sub-1_run-1_T1w.nii", "sub-1_run-2_T1w.nii", "sub-1_stiffness.nii"]
    (found,) = subjects(taking(of_maps), touch(tmp_path, *names))
    assert "are both there; give the one to take" in found.problem
    made = "sub-2_space-MNI152_desc-preproc_T1w.nii"
    (found,) = subjects(taking(of_maps), touch(tmp_path, made, "sub-2_stiffness.nii"))
    assert "no image of the kind anatomical is given" in found.problem


def head(folder: Path, *names: str) -> None:
    """Files of a scan, which need no content to be found."""
    for name in names:
        person, _, session = name.partition("/")
        own = f"{person}_{session}" if session else person
        images = f"anat/{own}_T1w.nii", f"mre/{own}_stiffness.nii"
        touch(folder / name, *images)


def lines(path: Path, *rows: str) -> None:
    path.write_text("\n".join(row.replace(" ", "\t") for row in rows) + "\n")


def told(bundle: Bundle, folder: Path, **asked) -> dict[str, float | None]:
    return {each.name: each.known for each in subjects(taking(bundle), [folder], **asked)}


def test_an_age_of_sessions_tsv_counts_more_than_that_at_entry(of_maps, tmp_path):
    head(tmp_path, "sub-01/ses-a", "sub-01/ses-b", "sub-02/ses-a")
    lines(tmp_path / "participants.tsv", "participant_id age sex", "sub-01 60 F", "sub-02 30 M")
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id age", "ses-a 61", "ses-b 63.5")
    found = {each.name: each for each in subjects(taking(of_maps), [tmp_path])}
    ages = {name: each.known for name, each in found.items()}
    assert ages == {"sub-01_ses-a": 61, "sub-01_ses-b": 63.5, "sub-02_ses-a": 30}
    assert all(not each.notes for each in found.values()) and found["sub-01_ses-b"].sex == "F"


def test_a_session_without_an_age_of_its_own_has_not_that_at_entry(of_maps, tmp_path):
    head(tmp_path, "sub-01/ses-a", "sub-02/ses-a", "sub-03/ses-a")
    people = ("sub-01 60", "sub-02 50", "sub-03 40")
    lines(tmp_path / "participants.tsv", "participant_id age", *people)
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id age", "ses-a n/a")
    lines(tmp_path / "sub-02/sub-02_sessions.tsv", "session_id age", "ses-b 51")
    lines(tmp_path / "sub-03/sub-03_sessions.tsv", "session_id age", "ses-a 41", "ses-a 42")
    none, other, twice = subjects(taking(of_maps), [tmp_path])
    assert (none.known, other.known, twice.known) == (None, None, None)
    assert "ses-a has no age in its row of sub-01_sessions.tsv" in none.notes[0]
    assert "ses-a has no row in sub-02_sessions.tsv" in other.notes[0]
    assert "ses-a stands there twice" in twice.notes[0]


@pytest.mark.parametrize("where", ["sessions.json", "participants.json"])
def test_ages_in_months_are_told_in_years(of_maps, tmp_path, where):
    head(tmp_path, "sub-01/ses-a", "sub-01/ses-b")
    lines(tmp_path / "participants.tsv", "participant_id sex", "sub-01 1")
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id age", "a 120", "b 132")
    (tmp_path / where).write_text(
        '{"age": {"Units": "months"}, "sex": {"Levels": {"1": "male", "2": "female"}}}'
    )
    assert told(of_maps, tmp_path) == {"sub-01_ses-a": 10, "sub-01_ses-b": 11}


def test_ages_in_months_of_participants_tsv_and_of_a_table_of_the_known(of_maps, tmp_path):
    head(tmp_path, "sub-01", "sub-02")
    lines(tmp_path / "participants.tsv", "participant_id age", "sub-01 120", "sub-02 18")
    (tmp_path / "participants.json").write_text('{"age": {"Units": ["months"]}}')
    assert told(of_maps, tmp_path) == {"sub-01": 10, "sub-02": 1.5}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    known = elsewhere / "my_known.tsv"
    lines(known, "participant_id age", "sub-01 12.5")
    assert told(of_maps, tmp_path, known=known) == {"sub-01": 12.5, "sub-02": None}
    lines(known, "participant_id age", "sub-01 126")
    known.with_suffix(".json").write_text('{"age": {"Units": "months"}}')
    assert told(of_maps, tmp_path, known=known) == {"sub-01": 10.5, "sub-02": None}


def test_an_age_of_the_image_itself_counts_most(of_maps, tmp_path):
    head(tmp_path, "sub-01/ses-a")
    lines(tmp_path / "participants.tsv", "participant_id age", "sub-01 60")
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id age", "ses-a 61")
    table = tmp_path / "sub-01/ses-a/sub-01_ses-a_scans.tsv"
    lines(
        table, "filename age", "anat/sub-01_ses-a_T1w.nii 62", "mre/sub-01_ses-a_stiffness.nii 64"
    )
    assert told(of_maps, tmp_path) == {"sub-01_ses-a": 64}  # the map is what is learned from


def test_a_unit_that_only_words_hint_at_is_asked_for_without_a_key_of_configurations(
    of_maps, tmp_path
):
    head(tmp_path, "sub-01/ses-a")
    lines(tmp_path / "participants.tsv", "participant_id age", "sub-01 120")
    (tmp_path / "participants.json").write_text('{"age": {"Description": "age in months"}}')
    with pytest.raises(TableError, match=r"there are no Units; add them$"):
        subjects(taking(of_maps), [tmp_path])
    (tmp_path / "participants.json").unlink()
    lines(tmp_path / "participants.tsv", "participant_id age", "sub-01 9")
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id age", "ses-a 110")
    (found,) = subjects(taking(of_maps), [tmp_path])
    assert (
        found.known is None and "are they in one unit? Say Units in sessions.json" in found.notes[0]
    )


def test_the_value_of_another_target_is_that_of_the_session(of_maps, tmp_path):
    model = taking(of_maps)
    model = replace(model, facts=replace(model.facts, target=POINTS))
    head(tmp_path, "sub-01/ses-a", "sub-01/ses-b", "sub-02/ses-a")
    lines(tmp_path / "participants.tsv", "participant_id progression", "sub-01 9", "sub-02 7")
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id progression", "a 12", "b n/a")
    first, second, third = subjects(model, [tmp_path])
    assert (first.known, second.known, third.known) == (12, None, 7)
    assert "no progression in sub-01_sessions.tsv" in second.notes[0]


def test_a_folders_ages_are_those_that_the_workflow_reads(of_maps, tmp_path):
    # The same folder through the source of a cohort: sessions, months, zeros in front, no row.
    head(tmp_path, "sub-01/ses-1", "sub-01/ses-02", "sub-2", "sub-3/ses-1", "sub-4")
    people = ("01 40 m", "02 30 F", "sub-3 35 n/a", "sub-4 45 w")
    lines(tmp_path / "participants.tsv", "participant_id age_years sex", *people)
    lines(tmp_path / "sub-01/sub-01_sessions.tsv", "session_id age", "01 492", "ses-2 516")
    lines(tmp_path / "sub-4/sub-4_scans.tsv", "filename age", "mre/sub-4_stiffness.nii 552")
    for kind in ("sessions", "scans"):
        (tmp_path / f"{kind}.json").write_text('{"age": {"Units": "months"}}')
    cohort = read_cohort(asked(source="bids", on_bad_scan="fail", path=str(tmp_path)))
    ages = {scan.scan_id: scan.age for scan in cohort.scans}
    assert ages == told(of_maps, tmp_path)
    assert ages["sub-01_ses-02"] == 43 and ages["sub-4"] == 46 and len(ages) == 5
