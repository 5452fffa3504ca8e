"""One person under two ids is found after preprocessing, shown, and never parted where asked."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_study import CONFIG, TWIN_OF, Workflow

from contrage.dataset.select import select
from contrage.dataset.split import split
from contrage.errors import LeakageError
from contrage.files import read_json
from contrage.report.text import number
from contrage.settings.build import build
from contrage.settings.steps.dataset import SelectStep, SplitStep
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("small")]

TWINS = [f"sub-{number:02d}" for number in sorted(TWIN_OF)]


def array_of(workflow: Workflow, cohort: str) -> Path:
    return workflow.folder / f"results/derivatives/{cohort}/array/stiffness_res-8"


def selected(finished: Workflow, action: str, folder: Path) -> pd.DataFrame:
    """Choose the scans of the experiment as its rule does, with another action."""
    derivatives, array = finished.folder / "results/derivatives/study", array_of(finished, "study")
    settings = SelectStep("list", {}, None, action)
    select(
        settings,
        scans=derivatives / "scans.tsv",
        excluded=derivatives / "excluded.tsv",
        rows=Path(f"{array}.tsv"),
        derivatives=derivatives,
        selected=folder / "scans.tsv",
        left_out=folder / "excluded.tsv",
        same_person=Path(f"{array}_same_person.tsv"),
    )
    return read_tsv(folder / "scans.tsv")


def asked_of_split(finished: Workflow) -> SplitStep:
    """What the run has asked of its split."""
    code = (finished.folder / ".snakemake/metadata").iterdir()
    jobs = (read_json(file) for file in code)
    command = next(job["shellcmd"] for job in jobs if job.get("rule") == "split")
    (settings,) = re.findall(r"--settings '([^']+)'", command)
    return build(SplitStep, json.loads(settings))


def test_the_planted_rescan_is_found_and_nobody_else(finished):
    array = array_of(finished, "study")
    table, record = read_tsv(f"{array}_same_person.tsv"), read_json(f"{array}_same_person.json")
    assert table[["participant_id", "other_participant_id"]].values.tolist() == [TWINS]
    assert record["n_pairs"] == 1 and record["n_scans"] == 13 and record["n_rescans"] == 1
    assert record["largest_below"] < record["limit"] < table["correlation"][0]


def test_the_quality_page_shows_the_pair_the_limit_and_what_lies_around_it(finished):
    html = (finished.folder / "results/derivatives/study/quality.html").read_text()
    _, _, section = html.partition('<h2 id="same-person">')
    section, _, _ = section.partition("<h2 ")
    record = read_json(f"{array_of(finished, 'study')}_same_person.json")
    assert section.count("data:image/jpeg") == 2
    for name in ("limit", "largest_below", "median_rescan"):
        assert number(record[name], 3) in section
    numbers = read_tsv(finished.folder / "results/derivatives/study/quality_numbers.tsv")
    of = {line.scan_id: f"scan {line.number}" for line in numbers.itertuples()}
    for twin in TWINS:
        assert f'alt="picture of {of[twin]}"' in section and f"<b>{of[twin]}</b>" in section
    assert not any(scan in html for scan in of), "nobody is named"


def test_both_are_on_one_side_of_every_fold_where_that_is_asked(finished, tmp_path):
    scans = selected(finished, "same", tmp_path)
    twins = scans[scans["scan_id"].isin(TWINS)]
    assert twins["participant_id"].tolist() == [TWINS[0]] * 2
    assert scans["participant_id"].nunique() == 13 - 1 - 1  # one has two sessions, one is a twin
    asked, array = asked_of_split(finished), Path(f"{array_of(finished, 'study')}.npy")
    sides = []
    for seed in range(12):
        own = SplitStep(**{**vars(asked), "seed": seed})
        split(own, scans=tmp_path / "scans.tsv", array=array, output=tmp_path / "split.json")
        for fold in read_json(tmp_path / "split.json")["folds"]:
            sides.append(len(set(TWINS) & set(fold["test"])))
    assert set(sides) <= {0, 2} and len(sides) == 24


def test_with_the_default_nothing_of_a_split_depends_on_it(finished, tmp_path):
    before = read_tsv(finished.folder / "results/small/dataset/scans.tsv")
    assert before["participant_id"].nunique() == 12
    planned = finished.run("-n", "--forcerun", "same_person")
    assert "Comparing every pair of scans" in planned.stdout + planned.stderr
    assert "Choosing the scans" not in planned.stdout + planned.stderr
    assert "Writing the quality page" in planned.stdout + planned.stderr


def test_a_pair_stops_the_run_before_anything_is_trained_where_that_is_asked(finished, tmp_path):
    with pytest.raises(LeakageError, match=r"cohort.same_person: sub-02 and sub-14 may be one"):
        selected(finished, "fail", tmp_path)


def test_the_scans_of_a_pretraining_on_like_maps_are_compared_as_well(finished):
    shutil.copytree(finished.folder / "study", finished.folder / "earlier")
    before = {"source": "bids", "name": "earlier", "path": "earlier", "image": "stiffness"}
    config = {
        **CONFIG,
        "experiment": "tuned",
        "cohort": {**CONFIG["cohort"], "same_person": "same"},
        "benchmark": {"losses": ["l1"], "norms": [], "pretrained": ["l1"]},
        "pretraining": {
            "cohort": {**before, "on_bad_scan": "exclude"},
            "training": {"epochs": 1},
            "same_ids": "other-people",
        },
    }
    (finished.folder / "tuned.yaml").write_text(yaml.safe_dump(config))
    planned = finished.run("-n", "-p", config="tuned.yaml")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    commands = (planned.stdout + planned.stderr).splitlines()
    compares = [line for line in commands if " same-person " in line and "--before" in line]
    (compares,) = [line for line in compares if "results/tuned/dataset/same_person.tsv" in line]
    array = "results/derivatives/earlier/array/stiffness_res-8"
    assert f"--before-array {array}.npy --before-rows {array}.tsv" in compares
    assert '"before": "earlier", "same_ids": false' in compares
    assert any("results/tuned/same_person.html" in line for line in commands)
    selects = [line for line in commands if " select " in line]
    asked = "--pretrained results/tuned-pretraining/dataset/scans.tsv"
    assert sorted(asked in line for line in selects) == [False, True]
    page = finished.folder / "results/tuned/same_person.html"
    made = finished.run("--", "results/tuned/same_person.html", config="tuned.yaml")
    assert made.returncode == 0, made.stdout + made.stderr
    table = read_tsv(page.with_name("dataset") / "same_person.tsv")
    between = table[table["other_cohort"] == "earlier"]
    assert set(between["participant_id"]) == set(between["other_participant_id"])
    assert between["participant_id"].nunique() == 12, "all are copies"
    html = page.read_text()
    assert html.count("a scan</b> of earlier") > 5 and not re.search(r"sub-\d", html)
