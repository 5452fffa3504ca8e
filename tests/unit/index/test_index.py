"""The page over all experiments: what the tables say, in order, and of nobody by name."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from results_folder import PEOPLE, ROWS, errors, experiment
from scipy import stats

from contrage import cli
from contrage.files import read_json
from contrage.index.page import write_index
from contrage.report.text import number
from contrage.tables import read_tsv, write_tsv

EVIL = "<img onerror=alert(1) src=x>"


class Cells(HTMLParser):
    """The cells of a page's tables, line by line, the tags that it has and the text in a script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[list[str]] = []
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.is_cell = False
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.lines.append([])
        if tag in ("td", "th"):
            self.lines[-1].append("")
            self.is_cell = True
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts[-1] += data
        elif self.is_cell:
            self.lines[-1][-1] += data

    def handle_endtag(self, tag) -> None:
        self.is_cell = self.is_cell and tag not in ("td", "th")

    @property
    def compared(self) -> dict:
        return json.loads(self.scripts[0])


def page_of(results: Path) -> Cells:
    write_index(results, results / "index.html")
    return Cells((results / "index.html").read_text(encoding="utf-8"))


def line_of(cells: Cells, name: str) -> list[str]:
    (line,) = [line for line in cells.lines if line and line[0].split(" ")[0] == name]
    return [cell.strip() for cell in line]


def test_every_number_of_a_line_is_that_of_the_table_and_the_newest_stands_first(tmp_path):
    experiment(tmp_path, "old", written="2025-01-02T03:04:05+00:00")
    experiment(tmp_path, "new", shift=0.25, written="2026-01-02T03:04:05+00:00")
    cells = page_of(tmp_path)
    assert [line[0].strip() for line in cells.lines[1:3]] == ["new", "old"]
    for name, date in (("new", "2026-01-02 03:04"), ("old", "2025-01-02 03:04")):
        best = read_tsv(tmp_path / name / "tables/mae.tsv").sort_values("mae_mean").iloc[0]
        told = [name, date, "people", str(len(PEOPLE)), best["loss"]]
        told += [f"{number(best['mae_mean'])} years"]
        told += [f"{number(best['ci_low'])} to {number(best['ci_high'])}"]
        assert line_of(cells, name) == [*told, number(best["mae_baseline"])]


def test_studies_and_reports_without_a_record_are_listed_and_broken_ones_are_not(tmp_path, caplog):
    experiment(tmp_path, "early", record=False)
    (tmp_path / "study").mkdir()
    (tmp_path / "study/study.html").write_text("a study")
    for other in ("derivatives", "phantom", "unfinished"):
        (tmp_path / other / "tables").mkdir(parents=True)
    experiment(tmp_path, "broken")
    (tmp_path / "broken/provenance.json").write_text('{"written": ')
    experiment(tmp_path, "other")
    record = tmp_path / "other/provenance.json"
    told = read_json(record)
    del told["settings"]["config"]["target"]["unit"]
    record.write_text(json.dumps(told))
    cells = page_of(tmp_path)
    assert {line[0].strip() for line in cells.lines[1:]} == {"early", "study study"}
    assert line_of(cells, "early")[2:5] == ["", str(len(PEOPLE)), "exp"]
    assert (
        "broken" in caplog.text
        and "/other: cannot" in caplog.text
        and "is not in the index" in caplog.text
    )
    assert 'href="study/study.html"' in (tmp_path / "index.html").read_text()


def test_two_sides_show_their_own_measure(tmp_path):
    experiment(tmp_path, "sides")
    (tmp_path / "sides/tables/mae.tsv").unlink()
    line = {"bacc_mean": 0.75125, "ci_low": 0.5, "ci_high": 0.9, "bacc_baseline": 0.5}
    table = pd.DataFrame([{"loss": "bce"} | line, {"loss": "exp"} | line | {"bacc_mean": 0.7}])
    write_tsv(tmp_path / "sides/tables/bacc.tsv", table.assign(n_participants=8))
    told = line_of(page_of(tmp_path), "sides")
    assert told[3:] == ["8", "bce", "0.751 of sides", "0.500 to 0.900", "0.500"]


def test_people_of_both_are_paired_one_by_one(tmp_path):
    experiment(tmp_path, "one", written="2026-02-02T00:00:00+00:00", people=PEOPLE[:15])
    experiment(tmp_path, "two", shift=0.5, people=PEOPLE[4:])
    compared = page_of(tmp_path).compared
    assert compared["names"] == ["one", "two"]
    both = PEOPLE[4:15]
    for row, told in zip(ROWS, compared["pairs"]["0-1"], strict=True):
        own, other = (
            np.mean([np.abs(errors(row, seed, shift, both)) for seed in (0, 1)], axis=0)
            for shift in (0, 0.5)
        )
        test = stats.ttest_rel(own, other)
        low, high = test.confidence_interval(0.95)
        assert told == {
            "rows": row,
            "people": str(len(both)),
            "error": number(own.mean()),
            "other": number(other.mean()),
            "difference": number((own - other).mean()),
            "interval": f"{number(low)} to {number(high)}",
            "unit": "years",
        }


def test_only_what_can_be_compared_is(tmp_path):
    experiment(tmp_path, "a", written="2026-09-01T00:00:00+00:00")
    experiment(tmp_path, "b", written="2026-08-01T00:00:00+00:00", people=PEOPLE[:10])
    experiment(tmp_path, "c", written="2026-07-01T00:00:00+00:00", people=PEOPLE[10:])
    other = {"source": "bids", "name": "others"}
    experiment(tmp_path, "d", written="2026-06-01T00:00:00+00:00", cohort=other)
    pairs = page_of(tmp_path).compared["pairs"]
    assert set(pairs) == {"0-1", "0-2", "1-2"}
    assert pairs["1-2"] == [] and len(pairs["0-1"]) == 2


def test_a_setting_is_told_with_its_key_and_differs_where_it_does(tmp_path):
    experiment(tmp_path, "a", training={"seeds": [0, 1], "epochs": 7}, written="2026-09-01T00:00Z")
    experiment(tmp_path, "b", training={"seeds": [0, 1], "epochs": 8})
    one, two = page_of(tmp_path).compared["configs"]
    different = {key for key in one if one[key] != two[key]}
    assert different == {"experiment", "training.epochs"}
    assert (one["training.epochs"], two["training.epochs"]) == ("7", "8")
    assert one["training.seeds"] == "[0, 1]" and one["cohort.exclude"] == "null"


def test_no_person_and_no_folder_is_named(tmp_path):
    experiment(
        tmp_path,
        "a",
        written="2026-09-01T00:00:00+00:00",
        dataset={"leave_out": {PEOPLE[0]: "moved", "zq01k": "moved"}},
        description=f"without {PEOPLE[2]} and sub-marines",
        cohort={
            "source": "bids",
            "name": "people",
            "path": "/home/me/secret",
            "exclude": "/home/me/x.tsv",
        },
    )
    experiment(tmp_path, "b")
    cells = page_of(tmp_path)
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"zq\d\dk", html) and "/home" not in html
    one = cells.compared["configs"][0]
    assert one["dataset.leave_out"] == "2 people"
    assert one["description"] == "without [id] and sub-marines"
    assert one["cohort.path"] == "…/secret"


@pytest.mark.parametrize("name", [f"a{EVIL[:4]}b", "a&b", "a'b", "a%20 b#c?d"])
def test_whatever_stands_in_names_and_settings_is_text(tmp_path, name):
    experiment(tmp_path, name, description=f"</script>{EVIL}")
    experiment(tmp_path, "other", cohort={"source": "bids", "name": "people", "path": EVIL})
    file = tmp_path / name / "tables/mae.tsv"
    write_tsv(file, read_tsv(file).replace({"loss": {"exp": EVIL}}))
    cells = page_of(tmp_path)
    assert "img" not in cells.tags and cells.tags.count("script") == 2
    assert line_of(cells, "other") and EVIL in [cell for line in cells.lines for cell in line]
    assert f"</script>{EVIL}" in [each["description"] for each in cells.compared["configs"]]
    html = (tmp_path / "index.html").read_text()
    addresses = re.findall(r'href="([^"]+)/report.html"', html)
    assert {_plain(address) for address in addresses} == {name, "other"}


def _plain(address: str) -> str:
    from html import unescape
    from urllib.parse import unquote

    return unquote(unescape(address))


def test_the_command_writes_it_and_names_a_folder_that_is_not_there(tmp_path, capsys):
    experiment(tmp_path, "a")
    cli.main(["index", str(tmp_path)])
    assert "1 experiments and studies" in capsys.readouterr().out
    assert (tmp_path / "index.html").is_file()
    with pytest.raises(SystemExit, match="1"):
        cli.main(["index", str(tmp_path / "no")])
    assert "no such folder" in capsys.readouterr().err


def test_a_folder_without_a_report_is_told_so(tmp_path):
    page_of(tmp_path)
    assert "There is no report in this folder yet." in (tmp_path / "index.html").read_text()
