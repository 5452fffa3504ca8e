"""A number that is meaningless does not pass: odd maps of a cohort are refused, mended or named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import yaml
from small_study import Workflow, checkout
from tiny_maps import AFFINE, CONFIG, Study, write_maps

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("meaningless")]
SPLIT = "results/x/dataset/splits/seed-0.json"
PAGE = "results/derivatives/x/quality.html"
SPIKED, SPEED, T1, FAR, STIFF = "02", "04", "05", "06", "07"


def change(people: Study, label: str, turn) -> None:
    path = people.map(label)
    values = nib.load(path).get_fdata(dtype=np.float32)
    nib.save(nib.Nifti1Image(np.asarray(turn(values), np.float32), AFFINE), path)


def spikes(count: int, value: float):
    def turn(values: np.ndarray) -> np.ndarray:
        values.flat[np.flatnonzero(values)[:count]] = value
        return values

    return turn


def smaller(values: np.ndarray) -> np.ndarray:
    values[:, :, :10] = 0
    return values


def stiff(values: np.ndarray) -> np.ndarray:
    """Make a fifth of the brain twelve times as stiff: within the limits, and of no other map."""
    return np.where(values > np.quantile(values[values > 0], 0.8), 12 * values, values)


@pytest.fixture(scope="module")
def study(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflow]:
    """A checkout that has judged and split ten people, five of them odd."""
    workflow = checkout(root, tmp_path_factory.mktemp("meaningless") / "contrage")
    people = write_maps(workflow.folder / "study")
    change(people, SPIKED, spikes(30, 900))
    change(people, SPEED, np.sqrt)
    change(people, T1, lambda values: values * 300)
    change(people, FAR, smaller)
    change(people, STIFF, stiff)
    settings = {**CONFIG, "preprocessing": dict(CONFIG["preprocessing"])}
    settings["preprocessing"]["quality"] = {"min_coverage": 0.3, "misplaced": {"min_overlap": 0.75}}
    (workflow.folder / "x.yaml").write_text(yaml.safe_dump(settings))
    done = workflow.run("--", SPLIT, PAGE, config="x.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    (workflow.folder / "printed").write_text(done.stdout + done.stderr)
    yield workflow


@pytest.fixture(scope="module")
def left_out(study: Workflow) -> dict[str, tuple[str, str]]:
    table = read_tsv(study.folder / "results/x/dataset/excluded.tsv")
    return {row.scan_id: (row.stage, row.reason) for row in table.itertuples()}


@pytest.fixture(scope="module")
def page(study: Workflow) -> dict[str, tuple[str, str]]:
    table = read_tsv(study.folder / "results/derivatives/x/quality.tsv").fillna("")
    return {row.scan_id: (row.status, row.reason) for row in table.itertuples()}


def test_spikes_are_a_bad_scan(left_out):
    stage, reason = left_out[f"sub-{SPIKED}"]
    assert stage == "check" and "has 30 voxels above 50 kPa (largest 900)" in reason


def test_a_wave_speed_and_a_t1_in_place_of_a_map_are_named_on_the_page_and_stay_listed(
    study, left_out, page
):
    assert "wave speed (m/s)" in page[f"sub-{SPEED}"][1] or "spread by" in page[f"sub-{SPEED}"][1]
    assert "this one was read as Pa" in page[f"sub-{T1}"][1]
    assert {f"sub-{SPEED}", f"sub-{T1}"} & set(left_out) == set()
    doubted = {"maps disagree", "of the cohort", "wave speed", "those of the cohort's maps"}
    sound = [
        reason for scan, (_, reason) in page.items() if scan[-2:] in ("01", "03", "08", "09", "10")
    ]
    assert not [word for word in doubted for reason in sound if word in reason]


def test_a_misplaced_scan_is_left_out_and_said_to_be(study, left_out, page):
    stage, reason = left_out[f"sub-{FAR}"]
    assert stage == "quality" and reason.startswith("an image does not lie where it ought to")
    assert page[f"sub-{FAR}"][0] == "misplaced"
    assert (
        "1 scan is left out (sub-06): an image does not lie"
        in (study.folder / "printed").read_text()
    )


def test_the_scan_that_decides_the_normalisation_is_in_the_split_and_in_what_is_printed(study):
    folds = read_json(study.folder / SPLIT)["folds"]
    named = {entry["scan_id"] for fold in folds for entry in fold["dominant"]}
    assert named == {f"sub-{STIFF}"}
    assert f"sub-{STIFF} alone brings" in (study.folder / "printed").read_text()


def jobs(workflow: Workflow, **preprocessing) -> set[str]:
    """Return the jobs that a changed configuration plans by itself, not by what goes before."""
    config = yaml.safe_load((workflow.folder / "x.yaml").read_text())
    config["preprocessing"] |= preprocessing
    (workflow.folder / "changed.yaml").write_text(yaml.safe_dump(config))
    done = workflow.run("-n", "--", SPLIT, config="changed.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    parts = (done.stdout + done.stderr).split("\n\n")
    changed = [part for part in parts if "Params have changed" in part]
    return {part.partition(": ")[2].partition("\n")[0] for part in changed if "Job " in part}


def test_other_limits_check_and_preprocess_anew_and_another_action_selects_anew(study):
    quality = yaml.safe_load((study.folder / "x.yaml").read_text())["preprocessing"]["quality"]
    limited = {line.split(" sub-")[0] for line in jobs(study, limits={"stiffness": [0, 60]})}
    assert "Checking the raw images of" in limited
    assert limited <= {"Checking the raw images of", "Stripping the skull of", "Registering"}
    assert jobs(study, quality=quality | {"action": "list"}) == {
        "Choosing the scans of the experiment"
    }
    assert jobs(study, limits={"dampingratio": [0, 5]}) == set()
