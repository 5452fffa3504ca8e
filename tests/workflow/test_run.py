"""The whole workflow on a small study: it ends, repeats itself, and reruns what an edit touches."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time

import pandas as pd
import pytest
import yaml
from small_study import CONFIG, Workflow, all_edited, edited

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("small")]

REPORT = {"Writing the tables", "Drawing the figures", "Writing the page"}
REPORT |= {"Making models for new scans"}
REPORT |= {"Adding up what the jobs took", "Evaluating: intervals"}
PREPROCESSING = ("Stripping", "Correcting", "Registering")
PER_SCAN = ("Checking", *PREPROCESSING, "Measuring")
NAMING = "Naming the scans that cannot be used"
SCANS = ("01", "02", "03_ses-a", "03_ses-b", *(f"{number:02d}" for number in range(4, 15)))
BEFORE_REGISTRATION = ("Checking", "Stripping", "Writing the cohort's", NAMING, "Asking whether")


def retrained(row: str) -> set[str]:
    jobs = {f"Training {row}, seed {seed}, fold {fold}" for seed in (0, 1) for fold in (0, 1)}
    return jobs | {f"Probing {row}"}


def test_every_row_of_the_table_is_there_with_all_seeds(finished: Workflow):
    table = read_tsv(finished.folder / "results/small/tables/mae.tsv")
    assert table["loss"].tolist() == ["l1", "exp", "dynlocrep"]
    assert (table["n_seeds"] == 2).all()
    assert table[["mae_mean", "ci_low", "ci_high", "mae_baseline"]].notna().all(axis=None)
    norms = read_tsv(finished.folder / "results/small/tables/norms.tsv")
    assert set(norms["norm"]) == {"manhattan", "cosine"}


def test_the_table_is_what_the_predictions_say(finished: Workflow):
    results = finished.folder / "results/small"
    table = read_tsv(results / "tables/mae.tsv").set_index("loss")
    for row in table.index:
        errors = []
        for seed in (0, 1):
            frame = read_tsv(results / f"predictions/{row}/seed-{seed}.tsv")
            test = frame[frame["split"] == "test"]
            assert test["scan_id"].is_unique
            assert len(test) == 13
            errors.append((test["predicted_age"] - test["age"]).abs().mean())
        assert table.loc[row, "mae_mean"] == pytest.approx(sum(errors) / 2, rel=1e-6)


def test_no_participant_is_trained_on_and_tested(finished: Workflow):
    scans = read_tsv(finished.folder / "results/small/dataset/scans.tsv").set_index("scan_id")
    assert scans["participant_id"].duplicated().any(), "the study has a participant scanned twice"
    for seed in (0, 1):
        split = read_json(finished.folder / f"results/small/dataset/splits/seed-{seed}.json")
        for fold in split["folds"]:
            train = set(scans.loc[fold["train"], "participant_id"])
            test = set(scans.loc[fold["test"], "participant_id"])
            assert not train & test


def test_bad_scans_are_left_out_and_listed_with_their_reason(finished: Workflow):
    table = read_tsv(finished.folder / "results/small/tables/excluded.tsv").set_index("scan_id")
    assert set(table.index) == {"sub-05", "sub-06"}
    assert "zero" in table.loc["sub-05", "reason"]
    assert "4" in table.loc["sub-06", "reason"]
    page = (finished.folder / "results/small/report.html").read_text()
    assert "2 scans were not used" in page
    assert "sub-0" not in re.sub(r"base64,[^\"]+", "", page), "it names nobody"


def test_stiffness_in_pa_is_learned_in_kpa(finished: Workflow):
    import numpy as np

    array = np.load(finished.folder / "results/derivatives/study/array/stiffness_res-8.npy")
    assert 1 < np.median(array[array != 0]) < 5


def test_a_second_run_has_nothing_to_do(finished: Workflow):
    assert finished.jobs() == set()


def test_editing_a_loss_plans_its_trainings_and_what_follows_alone(finished: Workflow):
    with edited(finished.folder / "workflow/contrage/losses/exp.py", "\n# an edit\n"):
        assert finished.jobs() == retrained("exp") | REPORT
    assert finished.jobs() == set(), "an edit undone reruns nothing"


def test_editing_a_loss_replans_all_its_rows(finished: Workflow):
    with edited(finished.folder / "workflow/contrage/losses/dynlocrep.py", "\n# an edit\n"):
        asked = {"Asking whether trainings can run"}  # by the loss itself: which repel how many
        rows = retrained("dynlocrep") | retrained("dynlocrep-cosine")
        assert finished.jobs() == rows | REPORT | asked


def test_the_quality_page_shows_every_scan_and_the_report_leads_to_it(finished: Workflow):
    folder = finished.folder / "results" / "derivatives" / "study"
    html = (folder / "quality.html").read_text()
    lines = (folder / "quality.tsv").read_text().splitlines()
    # Of two that failed there is no picture, for it says why with names; two are of a pair.
    assert len(lines) == 16 and html.count('src="data:image/jpeg;base64,') == 13 + 2
    assert sum("\tfailed\t" in line for line in lines) == 2
    report = finished.folder / "results" / "small" / "report.html"
    link = report.read_text().partition('<a href="..')[2].partition('"')[0]
    assert (report.parent / f"..{link}").resolve() == (folder / "quality.html").resolve()


def test_excluding_scans_repeats_nothing_before_the_selection(finished: Workflow):
    listed = finished.folder / "exclude.tsv"
    listed.write_text("scan_id\treason\nsub-02\tmoved\n")
    config = {**CONFIG, "cohort": {**CONFIG["cohort"], "exclude": "exclude.tsv"}}
    (finished.folder / "excluding.yaml").write_text(yaml.safe_dump(config))
    planned = finished.jobs("excluding.yaml")
    assert {"Choosing the scans of the experiment", "Writing the quality page"} <= planned
    before = (*PER_SCAN, "Stacking", "Writing the cohort", "Naming")
    assert not [job for job in planned if job.startswith(before)]
    listed.write_text("scan_id\treason\nsub-99\tmoved\n")
    done = finished.run("-n", config="excluding.yaml")
    assert done.returncode != 0
    assert "exclude.tsv, line 2: no scan 'sub-99'" in done.stdout + done.stderr


def test_touching_a_loss_plans_nothing(finished: Workflow):
    (finished.folder / "workflow/contrage/losses/exp.py").touch()
    assert finished.jobs() == set()


def test_touching_code_of_every_scan_plans_nothing(finished: Workflow):
    for name in ("check", "strip", "register", "quality/measure", "images"):
        (finished.folder / f"workflow/contrage/imaging/{name}.py").touch()
    assert not {name for name in finished.jobs() if name.endswith("sub-01")}


def test_editing_the_code_of_registration_repeats_it_and_what_follows_alone(finished: Workflow):
    with edited(finished.folder / "workflow/contrage/imaging/space/carry.py", "\n# an edit\n"):
        planned = finished.jobs()
    for job in ("Registering", "Measuring the quality of"):
        assert len([name for name in planned if name.startswith(job)]) == 15, job
    assert {"Stacking all images into one array", "Describing the derivatives"} <= planned
    assert retrained("exp") | retrained("l1") | REPORT <= planned
    assert not [name for name in planned if name.startswith(BEFORE_REGISTRATION)]
    assert finished.jobs() == set(), "an edit undone reruns nothing"


def test_editing_the_code_of_quality_preprocesses_nothing(finished: Workflow):
    with edited(finished.folder / "workflow/contrage/imaging/quality/measure.py", "\n# an edit\n"):
        planned = {name.split(" sub-")[0] for name in finished.jobs() if " sub-" in name}
    assert planned == {"Measuring the quality of"}


def test_editing_the_settings_of_registration_repeats_nothing_where_none_is_asked_for(
    finished: Workflow,
):
    file = finished.folder / "workflow/contrage/resources/registration/precise.json"
    before = file.read_text()
    file.write_text(before.replace("200, 100", "300, 100"))
    try:
        assert file.read_text() != before and finished.jobs() == set()
    finally:
        file.write_text(before)


def test_editing_what_only_draws_or_is_not_used_repeats_nothing_of_a_scan(finished: Workflow):
    names = ("quality/picture.py", "bias.py", "correct.py")
    names += ("skull_strip/_nipype.py", "skull_strip/_template.py")
    with all_edited(finished.folder / "workflow/contrage/imaging", *names):
        assert finished.jobs() <= {"Describing the derivatives"}


def test_a_raw_image_that_changed_is_checked_and_preprocessed_anew_alone(finished: Workflow):
    raw = finished.folder / "study/sub-01/mre/sub-01_stiffness.nii.gz"
    times = raw.stat()
    with edited(raw, "more"):
        planned = {name for name in finished.jobs() if name.startswith(PER_SCAN)}
    os.utime(raw, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert planned == {
        "Checking the raw images of sub-01",
        "Stripping the skull of sub-01",
        "Registering sub-01 to MNI152",
        "Measuring the quality of sub-01",
    }


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("sub-01_desc-preproc.json", "quality/measure", ["Registering sub-01 to MNI152"]),
        (
            "anat/sub-01_desc-brain_mask.nii.gz",
            "space/carry",
            [f"Registering sub-{number} to MNI152" for number in SCANS]
            + ["Stripping the skull of sub-01"],
        ),
    ],
)
def test_a_record_or_an_image_that_was_removed_is_made_again_for_a_job_that_reads_it(
    finished: Workflow, name: str, source: str, expected: list[str]
):
    file = finished.folder / "results/derivatives/study/sub-01" / name
    kept = file.rename(finished.folder / "kept")
    try:
        with edited(finished.folder / f"workflow/contrage/imaging/{source}.py", "\n# an edit\n"):
            planned = finished.jobs()
    finally:
        kept.rename(file)
    assert sorted(job for job in planned if job.startswith(PREPROCESSING)) == expected


def test_changing_a_loss_in_the_config_retrains_it_alone(finished: Workflow):
    changed = {**CONFIG, "losses": {"exp": {"sigma": 5.0}}}
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(changed))
    assert finished.jobs("changed.yaml") == retrained("exp") | REPORT


def test_a_change_of_mind_on_bad_scans_does_not_make_good_ones_anew(finished: Workflow):
    changed = {**CONFIG, "cohort": {**CONFIG["cohort"], "on_bad_scan": "fail"}}
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(changed))
    planned = finished.jobs("changed.yaml")
    assert not [job for job in planned if job.startswith(("Checking", *PREPROCESSING))], planned


def test_no_change_hides_behind_another_in_the_same_run(finished: Workflow):
    """Jobs that must run early keep Snakemake from looking at those that depend on them."""
    changed = {
        **CONFIG,
        "cohort": {**CONFIG["cohort"], "on_bad_scan": "fail"},
        "preprocessing": {**CONFIG["preprocessing"], "bias_correction": {"target": "map"}},
        "training": {**CONFIG["training"], "device": "auto"},
    }
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(changed))
    planned = finished.jobs("changed.yaml")
    for job in ("Naming the scans", "Registering", "Asking whether", "Training exp, seed 0"):
        assert [name for name in planned if name.startswith(job)], job


def test_changing_the_device_retrains_everything(finished: Workflow):
    changed = {**CONFIG, "training": {**CONFIG["training"], "device": "auto"}}
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(changed))
    planned = finished.jobs("changed.yaml")
    assert {name for name in planned if name.startswith("Training")} == {
        name
        for row in ("l1", "exp", "dynlocrep", "dynlocrep-cosine")
        for name in retrained(row)
        if name.startswith("Training")
    }


def test_changing_the_statistics_trains_nothing(finished: Workflow):
    changed = {**CONFIG, "statistics": {"bootstrap": 300}}
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(changed))
    asked = REPORT - {"Evaluating: intervals"} | {"Evaluating: site"}
    assert finished.jobs("changed.yaml") == asked


def test_editing_what_words_messages_or_says_where_files_lie_plans_nothing(finished: Workflow):
    names = ("errors.py", "logs.py", "layout.py", "run/code.py", "cli.py", "settings/command.py")
    with all_edited(finished.folder / "workflow/contrage", *names):
        assert finished.jobs() == set()


def test_editing_a_file_that_the_run_does_not_use_plans_nothing(finished: Workflow):
    names = (
        "cohort/sources/mre134.py",
        "cohort/phantom/heads/acquisition.py",
        "dataset/schemes/given.py",
        "learning/encoders/densenet.py",
        "modalities/vbm.py",
        "evaluation/elements/external.py",
    )
    with all_edited(finished.folder / "workflow/contrage", *names):
        assert finished.jobs() == set()


def test_editing_the_report_the_plan_or_settings_trains_and_preprocesses_nothing(
    finished: Workflow,
):
    names = ("report/style.py", "report/quality/rows.py", "plan/jobs.py", "settings/words.py")
    with all_edited(finished.folder / "workflow/contrage", *names):
        planned = finished.jobs()
    assert not [job for job in planned if job.startswith(("Training", "Probing", *PER_SCAN))]


def test_editing_the_look_of_pages_redraws_pages_alone(finished: Workflow):
    with edited(finished.folder / "workflow/contrage/report/style.css", "\n/* an edit */\n"):
        assert finished.jobs() == {"Writing the page", "Writing the quality page"}


def test_a_file_dropped_among_the_losses_is_a_row(finished: Workflow):
    losses = finished.folder / "workflow/contrage/losses"
    shutil.copy(losses / "exp.py", losses / "mine.py")
    changed = {**CONFIG, "benchmark": {"losses": "all", "norms": []}}
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(changed))
    try:
        assert retrained("mine") <= finished.jobs("changed.yaml")
    finally:
        (losses / "mine.py").unlink()


def test_an_interrupted_run_goes_on_and_ends_with_the_same_numbers(finished: Workflow):
    before = finished.tables()
    for name in ("training", "features", "predictions", "metrics", "tables"):
        shutil.rmtree(finished.folder / "results/small" / name)
    process = subprocess.Popen(
        finished.command(),
        cwd=finished.folder,
        env=finished.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    training = finished.folder / "results/small/training"
    while not list(training.glob("*/*/*/model.pt")):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert finished.run("--unlock").returncode == 0
    done = finished.run("--rerun-incomplete")
    assert done.returncode == 0, done.stdout + done.stderr
    assert finished.tables() == before


def test_snakemake_makes_its_own_report_too(finished: Workflow):
    done = finished.run("--report", "report.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (finished.folder / "report.zip").stat().st_size > 100_000


def test_the_run_is_a_benchmark_of_itself(finished: Workflow):
    times = pd.read_csv(finished.folder / "results/small/tables/runtimes.tsv", sep="\t")
    assert {"train", "probe"} <= set(times.iloc[:, 0])
