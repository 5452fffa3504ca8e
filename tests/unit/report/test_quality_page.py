"""The quality page of a cohort and its table."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from given import given
from PIL import Image

from contrage.files import write_json
from contrage.imaging.template.source import NILEARN
from contrage.layout import check_file, quality_file
from contrage.report.quality.page import quality_page
from contrage.report.quality.rows import measured
from contrage.report.viewer import NIIVUE
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.steps.report import QualityPageStep
from contrage.tables import read_tsv, write_tsv

OK = {"status": "ok", "stage": "quality", "reason": None, "flagged": False, "flag_reason": []}
RECORDS = {
    "sub-1": OK | {"coverage": 0.91, "correlation": None, "pose_degrees": 12.34, "mirrored": False},
    "sub-2_ses-a": OK
    | {"coverage": 0.51, "flagged": True, "flag_reason": ["coverage 0.510 is below 0.7"]},
    "sub-2_ses-b": OK | {"coverage": 0.85, "new_measure": 3, "fit": {"residual": 0.25}},
    "sub-3": {"status": "failed", "stage": "check", "reason": "/data/raw/sub-3_T1w.nii.gz: zeros"},
}


class Cohort:
    """A folder of derivatives with records and pictures, and the page on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = list(RECORDS)
        scans = pd.DataFrame(
            {
                "scan_id": names,
                "participant_id": [name.partition("_")[0] for name in names],
                "session": [None, "a", "b", None],
                "age": [20.0, 30.0, 32.0, 40.0],
                "sex": "F",
                "site": ["<b>A</b>", "B", "B", None],
            }
        )
        write_tsv(folder / "scans.tsv", scans)
        before = {"scan_id": ["sub-9"], "participant_id": ["sub-9"], "stage": ["import"]}
        write_tsv(folder / "excluded.tsv", pd.DataFrame(before | {"reason": ["no map"]}))
        rng = np.random.default_rng(1)
        for name, record in RECORDS.items():
            write_json(folder / quality_file(name), record)
            pixels = rng.integers(0, 255, (30, 40, 3)).astype(np.uint8)
            picture = folder / quality_file(name).replace(".json", ".png")
            Image.fromarray(pixels).save(picture)

    def page(self, exclude: str | None = None, show_ids: bool = True) -> str:
        path = None
        if exclude:
            path = self.folder / "exclude.tsv"
            path.write_text(exclude)
        quality_page(
            QualityPageStep(
                "study",
                given(QualitySettings, "preprocessing.quality"),
                None,
                ("stiffness", "T1w"),
                2,
                NILEARN.settings(),
                show_ids,
            ),
            scans=self.folder / "scans.tsv",
            excluded=self.folder / "excluded.tsv",
            derivatives=self.folder,
            exclude=path,
            page=self.folder / "quality.html",
            table=self.folder / "quality.tsv",
            numbers=self.folder / "quality_numbers.tsv",
        )
        return (self.folder / "quality.html").read_text(encoding="utf-8")

    @property
    def table(self) -> pd.DataFrame:
        return read_tsv(self.folder / "quality.tsv").set_index("scan_id")


@pytest.fixture
def cohort(tmp_path) -> Cohort:
    return Cohort(tmp_path)


def without_niivue(html: str) -> str:
    """Return the page's own text: NiiVue names its licences, and brings a picture."""
    return html.replace(NIIVUE.read_text(encoding="utf-8"), "")


def rows(html: str) -> list[str]:
    return re.findall(r'<tr id="([^"]+)"', html)


def test_flagged_scans_stand_first_then_those_that_failed(cohort):
    assert rows(cohort.page()) == ["sub-2_ses-a", "sub-3", "sub-1", "sub-2_ses-b"]
    assert cohort.table["status"].tolist() == ["flagged", "failed", "ok", "ok"]


def test_the_table_holds_every_number_of_the_records(cohort):
    cohort.page()
    table = cohort.table
    assert table.at["sub-1", "pose_degrees"] == 12.34
    assert table.at["sub-2_ses-b", "new_measure"] == 3
    assert table.at["sub-2_ses-b", "fit.residual"] == 0.25
    assert str(table.at["sub-1", "mirrored"]) == "False"
    assert "correlation" not in table  # no scan has one
    assert table.at["sub-2_ses-a", "session"] == "a" and table.at["sub-2_ses-a", "age"] == 30


def test_a_measure_without_a_name_of_its_own_has_its_key_as_heading(cohort):
    html = cohort.page()
    assert ">rotation [°]</button>" in html and ">new measure</button>" in html


def test_what_is_wrong_is_told_without_folders_of_this_machine(cohort):
    html = cohort.page()
    assert "coverage 0.510 is below 0.7" in html
    assert "check: …/sub-3_T1w.nii.gz: zeros" in html and "/data/raw" not in html
    assert "no map" in html


def test_what_the_first_check_doubted_stands_with_the_reasons(cohort):
    cohort.page()
    name = cohort.table.query("status == 'ok'").index[0]
    record = {"status": "ok", "warnings": ["/data/map.nii.gz: was clipped at 8"]}
    write_json(cohort.folder / check_file(name), record)
    html = cohort.page()
    assert "map.nii.gz: was clipped at 8" in html and "/data/map" not in html
    line = cohort.table.loc[name]
    assert line["status"] == "ok" and "was clipped" in line["reason"]


def test_maps_that_disagree_about_their_unit_are_told(cohort):
    cohort.page()
    names = [str(name) for name in cohort.table.index]
    for name, unit in zip(names, ["Pa", *["kPa"] * (len(names) - 1)], strict=True):
        record = {"status": "ok", "unit": unit, "unit_declared": "auto", "median_kpa": 2.5}
        write_json(cohort.folder / check_file(name), record)
    cohort.page()
    told = cohort.table["reason"].fillna("").str.contains("disagree about the unit")
    assert told.sum() == 1


def test_words_that_are_no_judgement_are_no_measures():
    assert measured(RECORDS["sub-3"]) == {}
    assert measured({"a": True, "b": "text", "c": [1, 2], "d": None}) == {"a": True, "d": None}


def test_the_page_holds_its_pictures_and_needs_nothing_from_outside(cohort):
    html = without_niivue(cohort.page())
    assert html.count("data:image/jpeg;base64,") == len(RECORDS)
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert links and all(link.startswith(("data:", "#")) for link in links)
    advice = ("http.server", "http://127.0.0.1:8000")
    for words in ("http-equiv", *advice):
        html = html.replace(words, "")
    assert "http" not in html


def test_too_many_pictures_are_shown_from_the_files_beside_the_page(cohort, monkeypatch):
    monkeypatch.setattr("contrage.report.quality.page.MOST_EMBEDDED", 1000)
    html = without_niivue(cohort.page())
    assert "data:image/jpeg" not in html
    shown = re.findall(r'<img src="(sub-[^"]+)"', html)
    assert len(shown) == len(RECORDS) and all((cohort.folder / file).is_file() for file in shown)


def test_what_the_reader_excluded_is_marked_and_kept_in_the_list(cohort):
    html = cohort.page("scan_id\treason\nsub-1\tghosts & rings\nsub-9\tleft </script> study\n")
    line = html[html.index('<tr id="sub-1"') :].partition("</tr>")[0]
    assert "checked" in line and 'value="ghosts &amp; rings"' in line
    others = re.search(r'id="others">(.*?)</script>', html, re.S).group(1)
    assert json.loads(others) == {"sub-9": "left </script> study"}
    assert cohort.table.at["sub-1", "excluded"] == "ghosts & rings"
    assert html.count(" checked>") == 1


def test_headings_are_buttons_and_rows_carry_their_numbers(cohort):
    html = cohort.page()
    head = html[html.index("<thead>") : html.index("</thead>")]
    assert head.count("<button") == head.count("<th ") - 2  # all but exclude and picture
    assert 'data-key="0.51">0.510<' in html
    row = html[html.index('<tr id="sub-3"') :].partition("</tr>")[0]
    assert 'data-key="">' in row  # nothing was measured


def test_names_cannot_break_the_page(cohort):
    html = cohort.page()
    assert "<b>A</b>" not in html and "&lt;b&gt;A&lt;/b&gt;" in html


def test_distributions_have_a_dot_per_scan_that_leads_to_its_row(cohort):
    html = cohort.page()
    plots = re.findall(r"<svg.*?</svg>", html, re.S)
    assert len(plots) == 1  # the only measure that three scans have
    told = dict(re.findall(r'<a href="#([^"]+)"[^>]*><title>([^<]+)</title>', plots[0]))
    values = {"sub-1": 0.91, "sub-2_ses-a": 0.51, "sub-2_ses-b": 0.85}
    assert told == {scan: f"{scan}: {value:.3f}" for scan, value in values.items()}
    assert plots[0].count("stroke-width: 1.6") == 1  # the flagged one is ringed
    assert "_blank" not in plots[0], "a dot leads to its row in this page"
    assert plots[0].count('class="limit"') == 1


def test_misplaced_scans_stand_first_with_their_reasons_and_a_status_of_their_own(cohort):
    reason = "map_shift_mm 60.000 is above 20: the map does not lie on its session's brain"
    record = OK | {"flagged": True, "flag_reason": ["map_shift_mm 60.000 is above 4"]}
    write_json(cohort.folder / quality_file("sub-2_ses-b"), record | {"misplaced": [reason]})
    html = cohort.page()
    assert cohort.table.index[0] == "sub-2_ses-b"
    line = cohort.table.loc["sub-2_ses-b"]
    assert line["status"] == "misplaced"
    assert line["reason"] == f"{reason}; map_shift_mm 60.000 is above 4"
    assert '<span class="badge misplaced">misplaced</span>' in html
    assert "<option>misplaced</option>" in html and "<b>1</b><span>misplaced" in html


def test_a_page_without_misplaced_scans_does_not_speak_of_them_above_the_table(cohort):
    assert "misplaced" not in cohort.page().partition("<table")[0].partition("<body>")[2]


def numbers_of(cohort: Cohort) -> dict[str, str]:
    table = read_tsv(cohort.folder / "quality_numbers.tsv", as_text=True)
    named = table[table["number"].notna()]
    return {row.scan_id: f"scan {row.number}" for row in named.itertuples()}


def test_a_page_of_numbers_names_nobody_and_a_file_beside_it_says_who_they_are(cohort):
    exclude = 'scan_id\treason\nsub-1\tghosts of sub-3\nsub-9\tleft "the" study\n'
    html = without_niivue(cohort.page(exclude, show_ids=False))
    text = re.sub(r"base64,[^\"]+", "", html)
    assert not re.search(r"sub-\d", text)
    of = numbers_of(cohort)
    assert set(of) == set(RECORDS) and set(of.values()) == {f"scan {n}" for n in range(1, 5)}
    assert list(of.values()) != sorted(of.values()), "no order of ids"
    ordered = ["sub-2_ses-a", "sub-3", "sub-1", "sub-2_ses-b"]
    assert rows(html) == [of[scan].replace(" ", "-") for scan in ordered]
    assert "check: a file: zeros" in html and 'value="ghosts of [id]"' in html
    assert html.count("data:image/jpeg") == 3, "the card of the one that failed names its file"
    assert '<th scope="row">1 scan</th><td class="word">import</td>' in html
    table = read_tsv(cohort.folder / "quality_numbers.tsv", as_text=True)
    told = dict(zip(table["scan_id"], table["reason"], strict=True))
    assert told["sub-1"] == "ghosts of sub-3" and told["sub-2_ses-a"].startswith("coverage 0.510")
    assert "n/a\tsub-9" in (cohort.folder / "quality_numbers.tsv").read_text()
    rest = table[table["number"].isna()]
    assert rest[["scan_id", "reason"]].values.tolist() == [["sub-9", 'left "the" study']]
    (stamp,) = set(table["stamp"])
    assert f'id="stamp">"{stamp}"</script>' in html
    assert json.loads(re.search(r'id="others">(.*?)</script>', html, re.S).group(1)) == {}


def test_dots_of_numbered_scans_lead_to_their_rows(cohort):
    (plot,) = re.findall(r"<svg.*?</svg>", cohort.page(show_ids=False), re.S)
    told = dict(re.findall(r'<a href="#([^"]+)"[^>]*><title>([^<]+)</title>', plot))
    of = numbers_of(cohort)
    values = {of["sub-1"]: 0.91, of["sub-2_ses-a"]: 0.51, of["sub-2_ses-b"]: 0.85}
    assert told == {each.replace(" ", "-"): f"{each}: {v:.3f}" for each, v in values.items()}


def test_too_many_pictures_of_numbered_scans_wait_for_their_names(cohort, monkeypatch):
    monkeypatch.setattr("contrage.report.quality.page.MOST_EMBEDDED", 1000)
    html = without_niivue(cohort.page(show_ids=False))
    assert html.count('<img alt="picture of scan') == len(RECORDS)
    assert "once <code>quality_numbers.tsv</code> is chosen" in html


def test_numbers_of_other_measures_have_another_stamp(cohort):
    def stamp() -> str:
        return re.search(r'id="stamp">(.*?)</script>', cohort.page(show_ids=False)).group(1)

    before = stamp()
    assert stamp() == before != "null"
    write_json(cohort.folder / quality_file("sub-1"), RECORDS["sub-1"] | {"coverage": 0.92})
    assert stamp() != before


def test_a_page_that_names_scans_asks_for_no_numbers(cohort):
    assert 'id="stamp">null</script>' in cohort.page()
    assert len(numbers_of(cohort)) == len(RECORDS), "other pages call them by these"
