"""No page names anybody, unless it is asked to."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from test_page import Page

from contrage.files import read_json
from contrage.report.ids import HIDDEN, Hider, counted, known_ids
from contrage.tables import read_tsv, write_tsv

EVIL = '<img src=x onerror="alert(1)">'
IDS = re.compile(r"\bsub-\w")


@pytest.fixture
def named(bare):
    """A report with flags and exclusions that name scans of all sorts."""
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    scans.loc[:1, "flagged"] = True
    scans.loc[:1, "flag_reason"] = [
        "like sub-007_ses-b of sub-009",
        "/data/sub-002_T1w.nii.gz: dark",
    ]
    write_tsv(bare.path("dataset", "scans.tsv"), scans)
    lost = {"scan_id": ["sub-061", EVIL], "participant_id": ["sub-061", EVIL]}
    lost |= {"stage": ["check", "import"], "reason": ["sub-061 is sub-004 again", f"{EVIL} is old"]}
    write_tsv(bare.path("dataset", "excluded.tsv"), pd.DataFrame(lost))
    notes = bare.root / "notes.txt"
    notes.write_text("ages that differ: 1 (sub-014)\n")
    bare.make_tables()

    def report(show_ids: bool) -> str:
        bare.config["report"]["show_ids"] = show_ids
        bare.make_figures(drawn=False)
        bare.make_page(notes=notes)
        return bare.html

    return report


def test_a_page_names_nobody(named, bare):
    html = named(show_ids=False)
    text = re.sub(r"base64,[^\"]+", "", html)
    assert not IDS.search(text) and "onerror" not in text
    page = Page(html)
    assert page.tables["table-flagged"][0] == ["reason", "coverage", "overlap", "correlation"]
    assert page.tables["table-flagged"][1][0] == f"like {HIDDEN} of {HIDDEN}"
    assert [line[:3] for line in page.tables["table-excluded"][1:]] == [
        ["check", f"{HIDDEN} is {HIDDEN} again", "1 scan"],
        ["import", f"{HIDDEN} is old", "1 scan"],
    ]
    assert f"ages that differ: 1 ({HIDDEN})" in page.text
    told = read_json(bare.path("figures", "figures.json"))
    bare.make_figures("quality")
    drawn = bare.path("figures", "quality.svg").read_text(encoding="utf-8")
    assert not IDS.search(drawn) and not IDS.search(str(told))


def test_a_page_that_is_asked_to_names_them_and_escapes_them(named):
    html = named(show_ids=True)
    page = Page(html)
    assert page.tables["table-flagged"][1][:2] == ["sub-001", "like sub-007_ses-b of sub-009"]
    assert page.tables["table-excluded"][2][3] == EVIL
    assert EVIL not in html and "&lt;img src=x" in html


def test_ids_of_another_form_are_hidden_and_words_are_not():
    hide = Hider(["S-0042", "7", EVIL, "sub-1"])
    assert hide("7 of S-0042, sub-12_ses-b") == f"7 of {HIDDEN}, {HIDDEN}"
    assert hide({"a": [EVIL, 3, None]}) == {"a": [HIDDEN, 3, None]}
    assert hide("subject, substance") == "subject, substance"


def test_known_ids_are_those_of_all_tables():
    frames = pd.DataFrame({"scan_id": ["a", None]}), pd.DataFrame({"participant_id": ["b"]})
    assert known_ids(*frames, pd.DataFrame()) == {"a", "b"}


@pytest.mark.parametrize(
    "text",
    [
        "sub-adni-002S0295: withdrew",
        "sub-adni-1_ses-adni-2: withdrew",
        "MNI0001: withdrew",
        "sub-MNI0001: withdrew",
        "sub-anna_ses-b: withdrew",
    ],
)
def test_ids_of_merged_cohorts_and_ids_without_sub_are_hidden_whole(text):
    hide = Hider({"sub-adni-002S0295", "sub-MNI0001", "sub-anna", "sub-anna_ses-b"})
    assert hide(text) == f"{HIDDEN}: withdrew"
    assert hide("x_sub-MNI0001_T1w") == f"x_{HIDDEN}_T1w"


def test_words_and_numbers_are_no_ids():
    hide = Hider({"sub-1200"})
    said = "sub-cortical maps of 1200 people, a row sub-sampled"
    assert hide(said) == said


def test_people_who_are_left_out_are_counted_at_any_depth():
    out = {"dataset": {"leave_out": {"7": "withdrew", "sub-8": "moved"}, "voxel_mm": 2}}
    told = counted({"pretraining": out, **out})
    assert (
        told["dataset"]
        == {"leave_out": "2 people", "voxel_mm": 2}
        == told["pretraining"]["dataset"]
    )
    assert counted({"dataset": {"leave_out": {}}}) == {"dataset": {"leave_out": {}}}
