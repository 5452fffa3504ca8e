"""Data that changes after a run: whatever was done to them, the next run is like a fresh one."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from small_study import Workflow, checkout
from tiny_maps import CONFIG, Study, brain, write_maps

from contrage.cohort.sources.mre134 import TABLE
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("changes")]
TARGET = "results/x/tables/mae.tsv"
KEPT = (
    "results/derivatives/x/*.tsv",
    "results/derivatives/x/array/*.tsv",
    "results/x/dataset/*.tsv",
    "results/x/dataset/splits/*.json",
    "results/x/predictions/*/*.tsv",
    "results/x/baselines/*.tsv",
    "results/x/tables/*.tsv",
)
GONE = "in the cohort no longer"


def outcome(folder: Path) -> dict[str, bytes]:
    """Return everything that tells who was there and what came out, run times aside."""
    files = [file for pattern in KEPT for file in sorted(folder.glob(pattern))]
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in files
        if file.name != "runtimes.tsv"
    }


def run(workflow: Workflow, *arguments: str, config: str = "x.yaml") -> str:
    done = workflow.run(*arguments, config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def study(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workflow, Study]]:
    """A checkout that has run on ten people."""
    workflow = checkout(root, tmp_path_factory.mktemp("changes") / "contrage")
    (workflow.folder / "x.yaml").write_text(yaml.safe_dump(CONFIG))
    people = write_maps(workflow.folder / "study")
    run(workflow, "--", TARGET)
    yield workflow, people


def planned(workflow: Workflow, target: str = TARGET, config: str = "x.yaml") -> set[str]:
    printed = run(workflow, "-n", "--", target, config=config)
    lines = [line.strip() for line in printed.splitlines()]
    lines = [line.partition(": ")[2] for line in lines if line.startswith("Job ")]
    return {line for line in lines if line}


def test_each_change_is_noticed_and_undone_plans_nothing(study):
    workflow, people = study
    assert planned(workflow) == set()
    away = workflow.folder / "away"
    people.put_away("03", away)
    assert "Writing the cohort's table" in planned(workflow)
    people.restore("03", away)
    assert planned(workflow) == set()
    kept = people.map("05")
    shutil.copy2(kept, away / "kept")
    people.replace("05", 77)
    jobs = planned(workflow)
    assert {"Checking the raw images of sub-05", "Registering sub-05 to MNI152"} <= jobs
    assert not [job for job in jobs if job.startswith(("Checking", "Registering"))
                and "sub-05" not in job]  # fmt: skip
    shutil.copy2(away / "kept", kept)
    assert planned(workflow) == set()
    table = people.folder / "participants.tsv"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("20.0", "21.0"), encoding="utf-8")
    os.utime(table, ns=(10**9, 10**9))
    assert "Writing the cohort's table" in planned(workflow)
    people.write()
    assert planned(workflow) == set()
    table.touch()
    assert planned(workflow) == set(), "a touch changes nothing"
    people.write()


def test_code_in_place_of_newer_code_is_noticed(study):
    workflow, _ = study
    loss = workflow.folder / "workflow/contrage/losses/l1.py"
    kept, times = loss.read_bytes(), loss.stat()
    loss.write_bytes(kept + b"\n# an older version\n")
    os.utime(loss, ns=(10**9, 10**9))
    try:
        jobs = planned(workflow)
    finally:
        loss.write_bytes(kept)
        os.utime(loss, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "Training l1, seed 0, fold 0" in jobs


def test_any_sequence_of_changes_ends_as_a_fresh_run_on_the_final_data(study):
    """Somebody joins, withdraws, is scanned anew, renamed; files move away and come back."""
    workflow, people = study
    away = workflow.folder / "away"
    people.add("12", 33.0, 12)
    people.remove("02")
    people.replace("04", 41)
    people.put_away("06", away)
    printed = run(workflow, "--", TARGET)
    assert f"sub-02, sub-06 are {GONE}" in printed, "one withdrew, the other's map was moved away"
    assert "rm -rf results/derivatives/x/sub-02 " in printed
    for file in outcome(workflow.folder).values():
        assert b"sub-02" not in file, "who withdrew leaves every table"
    people.restore("06", away)
    people.replace("12", 13)
    people.rename("07", "71")
    people.add("02", 70.0, 2)
    people.remove("01")
    run(workflow, "--", TARGET)
    fresh = checkout(workflow.folder, workflow.folder.parent / "fresh")
    shutil.copytree(people.folder, fresh.folder / "study")
    shutil.copy(workflow.folder / "x.yaml", fresh.folder)
    run(fresh, "--", TARGET)
    assert outcome(workflow.folder) == outcome(fresh.folder)
    scans = read_tsv(workflow.folder / "results/x/dataset/scans.tsv")
    assert sorted(scans["participant_id"]) == sorted(f"sub-{label}" for label in people.ages)
    for each in (workflow, fresh):
        run(each, "--", "results/x/tables/runtimes.tsv")
    runtimes = read_tsv(workflow.folder / "results/x/tables/runtimes.tsv").set_index("step")
    assert runtimes.loc["check", "jobs"] == len(people.ages), "runs of who is gone do not count"
    again = read_tsv(fresh.folder / "results/x/tables/runtimes.tsv").set_index("step")
    assert runtimes["jobs"].to_dict() == again["jobs"].to_dict()


def test_figures_declare_what_they_draw_and_another_map_draws_them_again(study):
    workflow, people = study
    drawn = "results/x/figures"
    run(workflow, "--", drawn)
    assert planned(workflow, drawn) == set()
    kept = people.map("05").read_bytes(), people.map("05").stat()
    people.replace("05", 77)
    assert "Drawing the figures" in planned(workflow, drawn)
    people.map("05").write_bytes(kept[0])
    os.utime(people.map("05"), ns=(kept[1].st_atime_ns, kept[1].st_mtime_ns))
    assert planned(workflow, drawn) == set()
    name = "sub-05_space-MNI152_res-2_desc-preproc_stiffness.nii.gz"
    image = workflow.folder / "results/derivatives/x/sub-05/mre" / name
    content, times = image.read_bytes(), image.stat()
    image.write_bytes(content + b" ")
    assert "Drawing the figures" in planned(workflow, drawn), "the image itself is declared"
    image.write_bytes(content)
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_image_that_joins_a_published_folder_reaches_the_table(root, tmp_path):
    workflow = checkout(root, tmp_path / "contrage")
    data = workflow.folder / "mre"
    (data / "individual_stiffness_files").mkdir(parents=True)
    people = {"SUBJECT ID": [1, 2, 3], "AGE": [20, 21, 22], "SEX": "F", "ORIG STUDY": "A"}
    pd.DataFrame(people).to_excel(data / TABLE, index=False)
    files = [data / f"individual_stiffness_files/{n:03d}Stiffness_warped.nii.gz" for n in (1, 2, 3)]
    for file in files[:2]:
        file.touch()
    cohort = {"source": "mre134", "name": "mre", "path": "mre"}
    (workflow.folder / "x.yaml").write_text(yaml.safe_dump({**CONFIG, "cohort": cohort}))
    target = "results/derivatives/mre/scans.tsv"
    run(workflow, "--", target)
    files[2].touch()
    os.utime(files[2], ns=(1, 1))
    assert planned(workflow, target) == {"Writing the cohort's table"}
    run(workflow, "--", target)
    assert len(read_tsv(workflow.folder / target)) == 3


def test_prepared_arrays_and_a_cohort_of_pretraining_are_watched_as_well(root, tmp_path):
    workflow = checkout(root, tmp_path / "contrage")
    data = workflow.folder / "arrays"
    rows = ["participant_id\tage"]
    for person in ("1", "2", "3"):
        file = data / f"sub-{person}/sub-{person}_preproc-cat12vbm_desc-gm_T1w.npy"
        file.parent.mkdir(parents=True)
        np.save(file, np.random.default_rng(int(person)).random((121, 145, 121), np.float32))
        rows.append(f"{person}\t{20 + int(person)}")
    (data / "participants.tsv").write_text("\n".join(rows) + "\n")
    arrays = {"source": "arrays", "name": "vbm", "path": "arrays", "image": "vbm"}
    before = {"cohort": {**copy.deepcopy(CONFIG["cohort"]), "name": "other", "image": "T1w"}}
    config = {
        **CONFIG,
        "cohort": arrays,
        "dataset": {"voxel_mm": 6},
        "pretraining": {**before, "training": {"epochs": 1, "batch_size": 2}},
        "benchmark": {**CONFIG["benchmark"], "pretrained": ["l1"]},
        "preprocessing": {"skull_strip": {"method": "none"}, "registration": {"transform": "none"}},
    }
    for person in ("7", "8", "9"):
        file = workflow.folder / f"study/sub-{person}/anat/sub-{person}_T1w.nii.gz"
        file.parent.mkdir(parents=True)
        file.write_bytes(brain(30, int(person)).tobytes())
    table = workflow.folder / "study/participants.tsv"
    table.write_text("participant_id\tage\n7\t30\n8\t40\n9\t50\n")
    (workflow.folder / "x.yaml").write_text(yaml.safe_dump(config))
    array, other = (
        "results/derivatives/vbm/array/vbm_res-6.npy",
        "results/derivatives/other/scans.tsv",
    )
    run(workflow, "--", array, other)
    assert planned(workflow, array) == planned(workflow, other) == set()
    file = data / "sub-2/sub-2_preproc-cat12vbm_desc-gm_T1w.npy"
    np.save(file, np.load(file) + 1)
    os.utime(file, ns=(1, 1))
    assert "Checking the prepared arrays and stacking them into one" in planned(workflow, array)
    shutil.rmtree(workflow.folder / "study/sub-8")
    assert planned(workflow, other) == {"Writing the cohort's table"}
