"""Every number of people, scans and trainings on the page is that of the run's own tables."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from made_up import Report
from test_page import Page
from variants import Choice, make, write

from contrage.report.text import WORDS
from contrage.tables import read_tsv, write_tsv

SEEDS = (3, 4)


def rows(file: Path) -> list[dict[str, str]]:
    """Read a TSV as it stands, by nothing of the package."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module", params=["holdout", "kfold"])
def report(request, tmp_path_factory) -> Report:
    """A study with second visits, flagged and left-out scans, and seeds that an old run had."""
    choice = Choice(scheme=request.param, seeds=SEEDS, stopped=False)
    study = write(tmp_path_factory.mktemp("counted"), choice)
    place = study.path("dataset", "scans.tsv")
    scans = read_tsv(place)
    some = pd.concat([scans.iloc[::7], scans.nlargest(1, "age")]).drop_duplicates("scan_id")
    again = some.assign(session="2", age=some["age"] + 3)
    again["scan_id"] = again["participant_id"] + "_ses-2"
    write_tsv(place, pd.concat([scans, again]))
    stages = ["check"] * 3 + ["quality"] * 4
    lost = [(f"sub-{101 + n}", stage, "for a reason") for n, stage in enumerate(stages)]
    frame = pd.DataFrame(lost, columns=["scan_id", "stage", "reason"])
    write_tsv(study.path("dataset", "excluded.tsv"), frame.assign(participant_id=frame["scan_id"]))
    for row in study.settings["rows"]:
        few = read_tsv(study.path("predictions", row, "seed-3.tsv")).head(5)
        write_tsv(study.path("predictions", row, "seed-0.tsv"), few)
    study.config["report"]["show_ids"] = True
    make(study)
    return study


@pytest.fixture(scope="module")
def page(report) -> Page:
    return Page(report.html)


@pytest.fixture(scope="module")
def scans(report) -> list[dict[str, str]]:
    return rows(report.path("dataset", "scans.tsv"))


def people_of(scans: list[dict[str, str]]) -> int:
    return len({scan["participant_id"] for scan in scans})


def people_tested(report) -> set[str]:
    first = rows(report.path("predictions", "exp", f"seed-{SEEDS[0]}.tsv"))
    return {line["participant_id"] for line in first if line["split"] == "test"}


def told(page: Page, pattern: str) -> list[int]:
    """Return the numbers that a sentence has, words included; it stands on the page."""
    found = re.search(pattern, re.sub(r"\s+", " ", page.text))
    assert found, pattern
    words = {word: number for number, word in enumerate(WORDS)}
    return [words.get(text.lower()) or int(text) for text in found.groups()]


def test_participants_scans_women_and_men(page, scans) -> None:
    sexes = {scan["participant_id"]: scan["sex"] for scan in scans}
    found = told(page, r"cohort has (\d+) participants with (\d+) scans \((\d+) women, (\d+) men\)")
    counts = Counter(sexes.values())
    assert found == [people_of(scans), len(scans), counts["F"], counts["M"]]
    assert len(scans) > people_of(scans)
    assert told(page, r"from (\w+) studies") == [len({scan["site"] for scan in scans})]
    assert told(page, r"(\d+) participants by age") == [people_of(scans)]


def test_the_range_of_ages(page, scans) -> None:
    ages = [float(scan["age"]) for scan in scans]
    expected = [round(min(ages)), round(max(ages))]
    assert told(page, r"aged (\d+) to (\d+) years") == expected
    assert told(page, r"(\d+)–(\d+) ?years ?range of age") == expected


def test_each_line_of_the_cohort(page, scans) -> None:
    for line in page.tables["table-cohort"][1:]:
        own = [scan for scan in scans if line[0] in ("all", scan["site"])]
        ages = [float(scan["age"]) for scan in own]
        assert line[1:3] == [str(people_of(own)), str(len(own))]
        assert line[4] == f"{min(ages):.0f}–{max(ages):.0f}"


def test_scans_that_were_left_out(page, report) -> None:
    excluded = rows(report.path("dataset", "excluded.tsv"))
    assert told(page, r"(\w+) further scans were left out") == [len(excluded)]
    assert told(page, r"(\d+) scans were not used") == [len(excluded)]
    by_stage = Counter(line["stage"] for line in excluded)
    shown = {line[0]: line[2] for line in page.tables["table-excluded"][1:]}
    assert shown == {stage: f"{number} scans" for stage, number in by_stage.items()}


def test_flagged_scans(page, report, scans) -> None:
    flagged = {scan["scan_id"] for scan in scans if scan["flagged"] == "True"}
    assert {line[0] for line in page.tables["table-flagged"][1:]} == flagged
    assert told(page, r"(\d+) flagged \(ringed\)") == [len(flagged)]
    measured = {line[1] for line in page.tables["table-quality"][1:]}
    assert measured == {str(len(scans))}


def test_losses_seeds_and_test_participants(page, report) -> None:
    number = len(people_tested(report))
    losses = len(rows(report.path("tables", "mae.tsv")))
    assert told(page, r"(\d+) ?test participants per seed") == [number]
    assert told(page, r"(\d+) × (\d+) ?losses × training seeds") == [losses, len(SEEDS)]
    assert told(page, r"each of (\w+) losses, from (\d+) seeds") == [losses, len(SEEDS)]
    assert told(page, r"the age of (\d+) participants") == [number]
    if report.config["dataset"]["split"]["scheme"] == "holdout":
        assert told(page, r"(\d+) participants in the test set") == [number]
        assert number < 60
    else:
        assert number == 60 and "in the test set" not in page.text


def test_jobs_that_were_measured(page, report, scans) -> None:
    jobs = {line[0]: int(line[1]) for line in page.tables["table-runtimes"][1:]}
    known = {scan["scan_id"] for scan in rows(report.derivatives / "scans.tsv")}
    assert jobs["register"] == len(known)
    assert jobs["train"] == 6 * len(SEEDS)
