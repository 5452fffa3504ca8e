"""Images of a scan belong together, and where there are several nobody guesses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cohorts import asked

from contrage.bids import parse
from contrage.cohort.read import read_cohort
from contrage.cohort.scans import Cohort, Scan
from contrage.errors import TableError
from contrage.settings.build import as_plain

SETTINGS = {"source": "bids", "on_bad_scan": "exclude"}


def cohort(folder: Path, *files: str, **others: Any) -> Cohort:
    """Read a study in which sub-09 is whole and the files are those of further participants."""
    whole = ["anat/sub-09_T1w", "anat/sub-09_desc-brain_mask", "mre/sub-09_stiffness"]
    for name in [*(f"sub-09/{file}" for file in whole), "sub-09/mre/sub-09_magnitude"]:
        put(folder, f"{name}.nii.gz")
    for name in files:
        put(folder, name if name.endswith(".nii") else f"{name}.nii.gz")
    people = sorted(path.name for path in folder.glob("sub-*"))
    rows = "".join(f"{name}\t{20 + k}\n" for k, name in enumerate(people))
    (folder / "participants.tsv").write_text(f"participant_id\tage\n{rows}")
    return read_cohort(asked(**{**SETTINGS, "path": str(folder), **others}))


def put(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()


def first(found: Cohort) -> Scan:
    return next(scan for scan in found.scans if scan.scan_id.startswith("sub-01"))


def reason(found: Cohort) -> str:
    (left_out,) = found.excluded
    assert left_out.stage == "files"
    return left_out.reason


T1 = {"image": "T1w", "needs_anatomical": True}
MASKED = {**T1, "needs_mask": True}
RUNS = ["sub-01/anat/sub-01_run-2_T1w", "sub-01/anat/sub-01_run-10_T1w"]


def test_a_name_is_parted_into_entities():
    name = parse("sub-01_ses-a_acq-50Hz_run-02_stiffness.nii.gz")
    assert name.entities == {"sub": "01", "ses": "a", "acq": "50Hz", "run": "02"}
    assert (name.suffix, name.odd) == ("stiffness", "")
    assert parse("sub-01_acq-pre_op_T1w.nii").odd == "op"
    assert parse("sub-01_T1w.json") is None


def test_several_images_without_a_choice_are_a_bad_scan_that_names_them(tmp_path):
    told = reason(cohort(tmp_path, *RUNS, **T1))
    assert "sub-01_run-2_T1w.nii.gz, sub-01_run-10_T1w.nii.gz" in told
    assert "cohort.entities: {run: first}" in told


@pytest.mark.parametrize(
    ("entities", "taken"),
    [
        ({"run": "first"}, "run-2"),
        ({"run": "last"}, "run-10"),
        ({"run": "10"}, "run-10"),
        ({"run": 2}, "run-2"),
        ({"run": "02"}, "run-2"),
        ({"T1w": {"run": "last"}}, "run-10"),
        ({"acq": "highres", "run": "first"}, "run-2"),
    ],
)
def test_an_entity_chooses_and_runs_go_by_number(tmp_path, entities, taken):
    found = cohort(tmp_path, *RUNS, **T1, entities=entities)
    assert f"_{taken}_" in first(found).images["T1w"]
    (choice,) = found.choices
    assert (choice.scan_id, choice.image) == ("sub-01", "T1w")
    assert len(choice.others) == 1


def test_an_entity_that_chooses_nothing_is_told(tmp_path):
    told = reason(cohort(tmp_path, *RUNS, **T1, entities={"run": "3"}))
    assert told.startswith("no T1w with run-3 (cohort.entities); there are sub-01_run-10")


def test_images_without_an_entity_can_be_chosen(tmp_path):
    files = ["sub-01/anat/sub-01_T1w", "sub-01/anat/sub-01_acq-fse_T1w"]
    found = cohort(tmp_path, *files, **T1, entities={"acq": None})
    assert first(found).images["T1w"].endswith("sub-01_T1w.nii.gz")


def test_two_files_of_one_image_are_told(tmp_path):
    files = ["sub-01/mre/sub-01_stiffness.nii", "sub-01/mre/sub-01_stiffness"]
    assert "2 files of one stiffness image" in reason(cohort(tmp_path, *files))


@pytest.mark.parametrize(
    "mask", ["run-1", "acq-b_run-2", "acq-a", "acq-a_run-2_space-MNI152", "acq-a_run-2_rec-x"]
)
def test_a_mask_of_another_image_is_refused(tmp_path, mask):
    files = ["sub-01/anat/sub-01_acq-a_run-2_T1w", f"sub-01/anat/sub-01_{mask}_desc-brain_mask"]
    assert "does not belong to sub-01_acq-a_run-2_T1w.nii.gz" in reason(
        cohort(tmp_path, *files, **MASKED)
    )


def test_the_mask_of_the_image_is_taken_among_others(tmp_path):
    files = [*RUNS, *(f"sub-01/anat/sub-01_run-{n}_desc-brain_mask" for n in ("2", "10", "3"))]
    files += ["sub-01/anat/sub-01_run-10_space-MNI152_desc-brain_mask"]
    found = cohort(tmp_path, *files, **MASKED, entities={"run": "last"})
    assert first(found).images["mask"].endswith("sub-01_run-10_desc-brain_mask.nii.gz")


@pytest.mark.parametrize("entity", ["run", "acq"])
def test_magnitude_and_maps_are_those_of_the_map(tmp_path, entity):
    kinds = ("stiffness", "magnitude", "dampingratio")
    files = [f"sub-01/mre/sub-01_{entity}-{n}_{kind}" for n in (1, 2) for kind in kinds]
    scan = first(cohort(tmp_path, *files, needs_magnitude=True, entities={entity: "2"}))
    for path in map(scan.images.get, ("stiffness", "magnitude", "dampingratio")):
        assert f"_{entity}-2_" in path


def test_a_magnitude_of_another_run_is_refused_where_it_is_needed(tmp_path):
    files = ["sub-01/mre/sub-01_run-1_stiffness", "sub-01/mre/sub-01_run-2_magnitude"]
    told = reason(cohort(tmp_path, *files, needs_magnitude=True))
    assert "sub-01_run-2_magnitude.nii.gz does not belong to sub-01_run-1_stiffness" in told
    assert first(cohort(tmp_path)).images["stiffness"].endswith("run-1_stiffness.nii.gz")


def test_a_t1_of_the_maps_run_is_taken_and_of_another_run_refused(tmp_path):
    files = ["sub-01/mre/sub-01_run-2_stiffness", "sub-01/anat/sub-01_run-1_T1w"]
    assert "run differs" in reason(cohort(tmp_path, *files, needs_anatomical=True))
    put(tmp_path, "sub-01/anat/sub-01_run-2_T1w.nii.gz")
    scan = first(cohort(tmp_path, needs_anatomical=True))
    assert scan.images["T1w"].endswith("run-2_T1w.nii.gz")


@pytest.mark.parametrize(
    ("entity", "words"),
    [("ce-gad", "is contrast-enhanced"), ("space-MNI152", "space of its own"),
     ("desc-preproc", "was made from another"), ("part-phase", "one part of a complex")],
)  # fmt: skip
def test_unusual_images_are_told_and_taken_only_when_asked_for(tmp_path, entity, words):
    key, label = entity.split("-")
    file = f"sub-01/anat/sub-01_{entity}_T1w"
    told = reason(cohort(tmp_path, file, **T1))
    assert words in told and f"{{T1w: {{{key}: {label}}}}}" in told
    found = cohort(tmp_path, **T1, entities={"T1w": {key: label}}, on_bad_scan="exclude")
    assert entity in first(found).images["T1w"]
    put(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz")
    plain = cohort(tmp_path, **T1)
    assert first(plain).images["T1w"].endswith("sub-01_T1w.nii.gz")
    assert plain.choices[0].others == [f"sub-01_{entity}_T1w.nii.gz"]


def test_maps_of_several_frequencies_are_refused_with_their_counts(tmp_path):
    (tmp_path / "sub-09").mkdir()
    files = [f"sub-0{n}/mre/sub-0{n}_acq-{hz}Hz_stiffness" for n, hz in ((1, 30), (2, 50), (3, 30))]
    with pytest.raises(TableError, match=r"2 acq-30Hz \(sub-01, sub-03\), 1 acq-50Hz \(sub-02\)"):
        cohort(tmp_path, *files)
    assert len(cohort(tmp_path, entities={"acq": "any"}).scans) == 4
    chosen = cohort(tmp_path, entities={"stiffness": {"acq": "30Hz"}})
    assert [scan.scan_id for scan in chosen.scans] == ["sub-01", "sub-03"]


def test_images_that_differ_in_another_entity_are_noted(tmp_path):
    files = [f"sub-0{n}/anat/sub-0{n}_acq-{kind}_T1w" for n, kind in ((1, "a"), (2, "b"))]
    (note,) = cohort(tmp_path, *files, **T1).notes
    assert "1 acq-a (sub-01), 1 acq-b (sub-02), 1 without acq (sub-09)" in note


@pytest.mark.parametrize(
    "name",
    ["sub-01_acq-pre_op_stiffness", "sub-01_acq-{x}_stiffness", "sub-01__stiffness"],
)
def test_a_name_that_is_none_of_bids_is_told(tmp_path, name):
    assert "is no BIDS name" in reason(cohort(tmp_path, f"sub-01/mre/{name}"))


def test_a_link_to_nowhere_and_a_folder_in_place_of_an_image_are_told(tmp_path):
    put(tmp_path, "sub-01/mre/x.json")
    image = tmp_path / "sub-01/mre/sub-01_stiffness.nii.gz"
    image.symlink_to("gone")
    assert "link to nowhere; fetch it" in reason(cohort(tmp_path))
    image.unlink()
    image.mkdir()
    assert "is a folder, no file" in reason(cohort(tmp_path))


def test_an_image_that_is_not_needed_may_be_as_it_likes(tmp_path):
    found = cohort(tmp_path, "sub-01/mre/sub-01_stiffness", *RUNS, "sub-01/anat/sub-01_run-7_mask")
    assert not found.excluded and len(found.scans) == 2


ORDINARY = "-dac_override,-dac_read_search"
READ = """
import json, sys
from contrage.cohort.read import read_cohort
from contrage.settings.build import build
from contrage.settings.steps.cohort import CohortStep
found = read_cohort(build(CohortStep, json.loads(sys.argv[1])))
print(json.dumps([vars(each) for each in found.excluded]))
"""


@pytest.mark.parametrize("place", [".", "..", "sub-01_stiffness.nii.gz"])
def test_a_file_or_folder_without_permission_is_told(tmp_path, root, place):
    """Root may read everything: it gives that right up for this."""
    cohort(tmp_path, "sub-01/mre/sub-01_stiffness")
    closed = tmp_path / "sub-01" / "mre" / place
    gives_up = ["setpriv", f"--bounding-set={ORDINARY}", f"--inh-caps={ORDINARY}"]
    settings = as_plain(asked(**SETTINGS, path=str(tmp_path)))
    command = [sys.executable, "-c", READ, json.dumps(settings)]
    closed.chmod(0)
    try:
        done = subprocess.run(
            [*(gives_up if os.geteuid() == 0 else []), *command],
            env={**os.environ, "PYTHONPATH": str(root / "workflow")},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        os.chmod(os.path.normpath(closed), 0o755)
    (left_out,) = json.loads(done.stdout)
    assert (left_out["scan_id"], left_out["stage"]) == ("sub-01", "files")
    assert "may not be read" in left_out["reason"]


def test_a_session_that_is_no_label_is_told_and_the_others_go_on(tmp_path):
    found = cohort(tmp_path, "sub-01/ses-2020-01-05/mre/sub-01_ses-2020-01-05_stiffness")
    assert "ses-2020-01-05 is no BIDS label" in reason(found)
    put(tmp_path, "sub-01/ses-b/mre/sub-01_ses-b_stiffness.nii.gz")
    assert first(cohort(tmp_path)).scan_id == "sub-01_ses-b"


def test_a_map_that_is_not_used_decides_nothing(tmp_path):
    files = ["sub-01/anat/sub-01_run-1_T1w", "sub-01/mre/sub-01_run-2_stiffness"]
    assert first(cohort(tmp_path, *files, **T1)).images["T1w"].endswith("run-1_T1w.nii.gz")
    put(tmp_path, "sub-01/anat/sub-01_run-2_T1w.nii.gz")
    assert "2 T1w images" in reason(cohort(tmp_path, **T1))


@pytest.mark.parametrize(
    ("one", "other"), [("acq-mre30Hz", "acq-mre50Hz"), ("freq-30", "freq-50"), ("acq-30", "acq-50")]
)
def test_frequencies_are_known_however_they_are_written_and_in_every_map(tmp_path, one, other):
    for number, entity in ((1, one), (2, other)):
        put(tmp_path, f"sub-0{number}/mre/sub-0{number}_{entity}_stiffness.nii.gz")
        put(tmp_path, f"sub-0{number}/anat/sub-0{number}_T1w.nii.gz")
    with pytest.raises(TableError, match=r"several frequencies.*{stiffness: {"):
        cohort(tmp_path)
    with pytest.raises(TableError, match="several frequencies"):
        cohort(tmp_path, **T1, maps=["stiffness"])
    assert len(cohort(tmp_path, **T1).scans) == 3


def test_the_advice_chooses(tmp_path):
    files = ["sub-01/anat/sub-01_T1w", "sub-01/anat/sub-01_rec-norm_T1w"]
    assert "{rec: none}" in reason(cohort(tmp_path, *files, **T1))
    assert len(cohort(tmp_path, **T1, entities={"rec": "none"}).scans) == 2
    put(tmp_path, "sub-01/mre/sub-01_run-1_stiffness.nii.gz")
    put(tmp_path, "sub-01/mre/sub-01_run-01_stiffness.nii.gz")
    assert "remove all but one" in reason(cohort(tmp_path))


def test_a_choice_that_touches_no_image_is_told(tmp_path):
    found = cohort(
        tmp_path, *RUNS, **T1, entities={"run": "first", "acq": "highres", "mask": {"rec": "x"}}
    )
    assert [note for note in found.notes if "cohort.entities" in note] == [
        "cohort.entities.acq: no image has this entity",
        "cohort.entities.rec: no image has this entity",
    ]


def test_what_lies_in_place_of_a_missing_image_is_named(tmp_path):
    (left_out,) = cohort(tmp_path, "sub-01/mre/sub-20_stiffness").excluded
    assert left_out.reason.endswith("(there: sub-20_stiffness.nii.gz)")


def test_a_mask_waits_for_its_image(tmp_path):
    told = reason(cohort(tmp_path, *RUNS, "sub-01/anat/sub-01_desc-brain_mask", **MASKED))
    assert told.startswith("2 T1w images") and "desc" not in told.partition("choose")[2]


def test_a_t1_that_maps_alone_do_not_need_is_told_with_the_way_out(tmp_path):
    (left_out,) = cohort(tmp_path, "sub-01/mre/sub-01_stiffness", needs_anatomical=True).excluded
    assert "no T1w image (for skull_strip or bias_correction; brain-only maps" in left_out.reason


@pytest.mark.parametrize("name", ["stiffness.mgz", "acq-a_stiffness.img", "stiffness.dcm"])
def test_an_image_of_another_format_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"sub-20/mre/sub-20_{name}")
    put(tmp_path, "sub-20/mre/sub-20_stiffness.json")
    (left_out,) = cohort(tmp_path).excluded
    assert left_out.stage == "import"
    assert left_out.reason.endswith(f"(convert sub-20_{name} to .nii.gz)")
