"""Which steps of preprocessing another setting, or an edit, repeats; on heads, skull and all."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest
import yaml
from small_study import TINY, Workflow, all_edited, edited

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]

STEPS = {
    "check": "Checking the raw images of ",
    "strip": "Stripping the skull of ",
    "correct": "Correcting the bias field of ",
    "register": "Registering ",
    "quality": "Measuring the quality of ",
}
ALL = ("strip", "correct", "register", "quality")
PEOPLE = TINY["cohort"]["phantom"]["participants"]


def steps(jobs: set[str]) -> tuple[str, ...]:
    """Return the steps that are repeated; each is for all scans, or for none."""
    counts = {step: sum(job.startswith(text) for job in jobs) for step, text in STEPS.items()}
    assert set(counts.values()) <= {0, PEOPLE}, counts
    return tuple(step for step, count in counts.items() if count)


def with_preprocessing(phantoms: Workflow, **blocks: dict) -> set[str]:
    """Return the jobs that other settings of preprocessing plan."""
    config = {**copy.deepcopy(TINY), "preprocessing": blocks}
    (phantoms.folder / "changed.yaml").write_text(yaml.safe_dump(config))
    return phantoms.jobs("changed.yaml")


def test_nothing_is_planned_once_it_is_finished(phantoms: Workflow):
    assert phantoms.jobs("tiny.yaml") == set()


@pytest.mark.parametrize(
    ("block", "change", "expected"),
    [
        ("registration", {"interpolation": "bspline"}, ("register", "quality")),
        ("registration", {"transform": "affine9"}, ("register", "quality")),
        ("bias_correction", {"iterations": [10, 10]}, ("correct", "register", "quality")),
        ("registration", {"seed": 2}, ALL),
    ],
)
def test_another_setting_repeats_its_step_and_those_after_it(
    phantoms: Workflow, block: str, change: dict, expected: tuple[str, ...]
):
    planned = with_preprocessing(phantoms, **{block: change})
    assert steps(planned) == expected
    assert {"Stacking all images into one array", "Describing the derivatives"} <= planned
    assert [job for job in planned if job.startswith("Training")]


def test_another_way_of_skull_stripping_repeats_all_three(
    phantoms: Workflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "bet"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert steps(with_preprocessing(phantoms, skull_strip={"method": "bet"})) == ALL


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("skull_strip/_template", ALL),
        ("bias", ("correct", "register", "quality")),
        ("correct", ("correct", "register", "quality")),
        ("space/mni", ("register", "quality")),
        ("quality/measure", ("quality",)),
    ],
)
def test_an_edit_repeats_the_steps_whose_code_it_is(
    phantoms: Workflow, source: str, expected: tuple[str, ...]
):
    with edited(phantoms.folder / f"workflow/contrage/imaging/{source}.py", "\n# an edit\n"):
        planned = phantoms.jobs("tiny.yaml")
    assert steps(planned) == expected


def test_an_edit_of_what_draws_or_is_not_used_repeats_no_step_and_no_training(phantoms: Workflow):
    names = ("quality/picture.py", "skull_strip/_nipype.py", "skull_strip/hdbet.py")
    with all_edited(phantoms.folder / "workflow/contrage/imaging", *names):
        assert phantoms.jobs("tiny.yaml") == set()


@pytest.mark.parametrize(
    ("part", "expected"), [("linear", ("register", "quality")), ("pose", ALL), ("warp", ())]
)
def test_of_the_settings_of_registration_those_count_that_a_step_takes(
    phantoms: Workflow, part: str, expected: tuple[str, ...]
):
    file = phantoms.folder / "workflow/contrage/resources/registration/testing.json"
    before = file.read_text()
    content = json.loads(before)
    content[part]["template_mm"] = 5
    file.write_text(json.dumps(content))
    try:
        assert steps(phantoms.jobs("tiny.yaml")) == expected
    finally:
        file.write_text(before)
