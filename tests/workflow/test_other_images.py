"""What is planned for prepared arrays, for T1 images at 1 mm and for a second map of a session."""

from __future__ import annotations

import copy

import pytest
import yaml
from small_study import CONFIG, Workflow, checkout

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("other_images")]

PEOPLE = [f"{number:02d}3456789012" for number in range(12)]


@pytest.fixture(scope="module")
def folder(root, tmp_path_factory) -> Workflow:
    """A checkout beside a BIDS study and a folder of arrays, all of empty files."""
    workflow = checkout(root, tmp_path_factory.mktemp("other") / "contrage")
    study, openbhb = workflow.folder / "study", workflow.folder / "openbhb"
    lines = ["participant_id\tsex\tage\tsite"]
    for number, person in enumerate(PEOPLE):
        files = [
            study / f"sub-{person}/anat/sub-{person}_T1w.nii.gz",
            study / f"sub-{person}/mre/sub-{person}_stiffness.nii.gz",
            study / f"sub-{person}/mre/sub-{person}_dampingratio.nii.gz",
            openbhb / f"train/derivatives/sub-{person}/ses-1"
            f"/sub-{person}_preproc-cat12vbm_desc-gm_T1w.npy",
        ]
        for file in files[: 2 if number == 5 else 3] + files[3:]:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        lines.append(f"{person}\tfemale\t{20 + number}\t{number % 2}")
    for place in (study, openbhb):
        (place / "participants.tsv").write_text("\n".join(lines) + "\n")
    return workflow


def plan(workflow: Workflow, **change: dict) -> str:
    """Return the commands of a dry run."""
    config = copy.deepcopy(CONFIG)
    for part, values in change.items():
        config.setdefault(part, {}).update(values)
    (workflow.folder / "other.yaml").write_text(yaml.safe_dump(config))
    done = workflow.run("-n", "-p", config="other.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def commands(printed: str, step: str) -> list[str]:
    return [line for line in printed.splitlines() if f"contrage {step} " in line]


def test_arrays_are_stacked_and_no_imaging_job_runs(folder):
    cohort = {"source": "arrays", "name": "a", "path": "openbhb", "image": "vbm"}
    printed = plan(folder, cohort=cohort, dataset={"voxel_mm": 6})
    assert len(commands(printed, "arrays")) == 1
    assert "array/vbm_res-6.npy" in commands(printed, "arrays")[0]
    for step in ("check", "strip", "correct", "register", "quality", "stack"):
        assert not commands(printed, step)


def test_the_t1_at_one_millimetre_is_what_is_learned_from(folder):
    steps = {"registration": {"voxel_mm": 1, "transform": "affine9"}}
    cohort = {"name": "t", "image": "T1w"}
    printed = plan(folder, cohort=cohort, preprocessing=steps, dataset={"voxel_mm": 8})
    made = commands(printed, "register")
    assert len(made) == len(PEOPLE)
    assert all("_space-MNI152_res-1_desc-preproc_T1w.nii.gz" in line for line in made)
    assert not any("_res-2_" in line or "_stiffness" in line for line in made)
    assert '"grid_mm": 1, "image": "T1w"' in commands(printed, "stack")[0]


def maps_in(line: str, option: str = "--maps") -> list[str]:
    """Return the names of the maps that a command is given under an option."""
    words = line.partition(f" {option} ")[2].partition(" --")[0].split()
    return [word.partition("=")[0] for word in words]


def test_a_scan_without_the_damping_ratio_stays_where_it_is_only_carried_along(folder):
    printed = plan(folder, cohort={"name": "m", "maps": ["dampingratio"]})
    made = commands(printed, "register")
    assert len(made) == len(PEOPLE)
    lacking = next(line for line in made if f"sub-{PEOPLE[5]}" in line)
    assert maps_in(lacking) == ["stiffness"]
    assert maps_in(lacking, "--preproc-maps") == ["stiffness", "dampingratio"]
    judged = commands(printed, "quality")
    for lines in (made, judged):
        assert [*map(len, map(maps_in, lines))].count(2) == len(PEOPLE) - 1
    assert all(maps_in(line)[0] == "stiffness" for line in judged)
    assert '"image": "stiffness"' in commands(printed, "stack")[0]


def test_a_scan_without_the_damping_ratio_is_left_out_where_it_is_learned_from(folder):
    printed = plan(folder, cohort={"name": "d", "image": "dampingratio"})
    assert len(commands(printed, "register")) == len(PEOPLE) - 1
    assert "array/dampingratio_res-8.npy" in commands(printed, "stack")[0]


def test_the_warp_of_syn_is_written_and_quality_does_not_ask_for_it(folder):
    steps = {"registration": {"transform": "syn"}, "skull_strip": {"method": "template"}}
    printed = plan(folder, cohort={"name": "w"}, preprocessing=steps)
    assert all(" --warp " in line for line in commands(printed, "register"))
    assert not any(" --warp " in line for line in commands(printed, "quality"))
