"""What the page says and draws of intervals."""

from __future__ import annotations

import re
from dataclasses import asdict
from html import unescape

import numpy as np
import pandas as pd
import pytest
from configured import configured
from PIL import Image

from contrage.evaluation.covered import AskedIntervals, measured
from contrage.evaluation.elements.intervals import IN_FILE
from contrage.files import read_json
from contrage.report.elements import interval_words
from contrage.report.elements.ingredients import gather
from contrage.report.elements.intervals import intervals
from contrage.report.elements.sections import Section
from contrage.report.findings import Study
from contrage.settings.steps.report import FiguresStep
from contrage.tables import write_tsv

ROWS = ("exp", "dynlocrep")
SITES = tuple("abcdefghijkl")


def people(size: float = 3.0, seen: bool = True, count: int = 240) -> pd.DataFrame:
    """People at twelve sites: those of one, and all above seventy, are taken for far older."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"participant_id": [f"sub-{n:03d}" for n in range(count)]})
    frame["target"] = rng.uniform(20, 80, count)
    frame["site"] = [SITES[n % len(SITES)] for n in range(count)]
    far = 20.0 * ((frame["site"] == "c") | (frame["target"] > 70))
    frame["residual"] = np.abs(rng.normal(0, size, count) + far)
    return frame.assign(seen=seen)


def table(
    level: float = 0.9, external: pd.DataFrame | None = None, seeds: int = 1, **told
) -> pd.DataFrame:
    """Return the table of two rows, the second of which errs more."""
    asked, lines = AskedIntervals(level, None, 10.0, 0.95), []
    nobody = people(count=0) if external is None else external
    for row, size in zip(ROWS, (3.0, 5.0), strict=True):
        for each in measured(people(size, **told), nobody, asked):
            more = {"row": row, "level": level, "n_seeds": seeds, "note": each.note or None}
            lines.append(asdict(each) | more)
    return pd.DataFrame(lines, columns=list(IN_FILE))


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def said(told: pd.DataFrame) -> Section:
    """Return the section of a study whose best row is exp."""
    main = pd.DataFrame({"loss": ROWS, "mae_mean": [3.0, 5.0]})
    return interval_words.intervals(
        Study(configured(), {"mae": main, "intervals": told}, 240, []), "Intervals"
    )


def text_of(told: pd.DataFrame) -> str:
    """Return what is asked, found and noted of it."""
    section = said(told)
    return " ".join([section.asked, *section.found, *section.notes])


def figures(report) -> list[str]:
    return [entry["name"] for entry in read_json(report.path("figures", "figures.json"))]


def best(report) -> str:
    """Name the row that the page is about: the first of its table of errors."""
    names = {"Exponential": "exp", "DynLocRep": "dynlocrep"}
    return names[re.search(r"(Exponential|DynLocRep): ± ", plain(report.html))[1]]


def test_intervals_have_words_a_table_and_a_figure(evaluated):
    told = table()
    report = evaluated({"intervals": told}, drawn=True)
    text, row = plain(report.html), best(report)
    own = told[(told["row"] == row) & (told["part"] == "all")]
    width, of_sites = own.drop_duplicates("interval")["half_width"]
    assert "How sure is a prediction?" in text
    low, high = 100 * own["low"].iloc[0], 100 * own["high"].iloc[0]
    bounds = f"({low:.0f} to {high:.0f})"
    assert f"± {width:.2f} years holds 90.0 % {bounds} of 240 test people." in text
    assert f"the interval that is made of people (± {width:.2f} years) holds" in text
    assert f"the interval that is made of studies (± {of_sites:.2f} years) holds" in text
    assert "of the worst, c, " in text and "of 20" in text
    assert "But the models had learned from other people of these studies" in text
    assert "intervals" in figures(report) and 'id="figure-intervals"' in report.html
    with Image.open(report.path("figures", "intervals.png")) as picture:
        assert picture.size[0] > 400
    assert 'id="table-intervals"' in report.html and "tables/intervals.tsv" in report.html


def test_bands_whose_share_is_clear_of_the_level_are_named():
    told = table()
    bands = told[(told["part"] == "band") & (told["new"] == "person") & (told["row"] == "exp")]
    off = bands[(bands["high"] < 0.9) | (bands["low"] > 0.9)]["value"].tolist()
    assert "70 to 80" in off and len(off) < len(bands) == 6
    (found,) = re.findall(r"Clear of 90 % is what it holds by band: (.*?)\. ", text_of(told))
    assert re.findall(r"of age (\d\d to \d\d)", found) == off
    alike = told.assign(low=0.8, high=0.95)
    assert "In no band of age is the share clear of 90 %." in text_of(alike)


def test_whether_the_models_had_seen_the_sites_is_said():
    known, new = text_of(table()), text_of(table(seen=False))
    assert "But the models had learned from other people of these studies" in known
    assert "The models had not learned from these studies either." in new
    assert "learned from other people" not in new
    mixed = text_of(table().assign(seen="some"))
    assert "had learned from other people of some of these studies" in mixed


def test_external_people_are_told_apart():
    told = table(external=people(6.0, seen=False, count=36))
    assert re.search(
        r"Of 36 external people the interval of people \(± \S+ years\) holds \d+\.\d % \(",
        text_of(told),
    )
    assert said(told).table.head[-2:] == [
        "external: ± of people",
        "external: ± of studies",
    ]


def test_too_few_sites_are_told():
    told = table(level=0.95)
    text = text_of(told)
    assert "Too few sites for an interval of this level." in text
    assert "made of people (±" in text and "the interval that is made of studies" not in text
    assert said(told).table.lines[0].cells[2] == said(told).table.lines[0].cells[5] == "n/a"


def test_several_seeds_are_said_to_be_one_prediction():
    assert "Of several seeds the mean" in text_of(table(seeds=3))
    assert "Of several seeds the mean" not in text_of(table())


def test_without_sites_there_is_no_word_of_them():
    alone = table()
    alone = alone[(alone["new"] == "person") & (alone["part"] != "site")]
    assert "new studies the interval" not in text_of(alone)
    assert said(alone).table.lines[0].cells[2] == "n/a"


def test_a_site_of_few_people_is_never_called_the_worst():
    told = table()
    told.loc[told["value"] == "c", "people"] = 9
    assert "of the worst, c," not in text_of(told) and "of the worst, c," in text_of(table())


@pytest.fixture
def drawn(bare, tmp_path):
    """Draw the figure of a table, where there is one."""
    bare.make_tables()
    bare.settings["evaluations"] = {"intervals": None}

    def draw(told: pd.DataFrame):
        write_tsv(bare.path("tables", "intervals.tsv"), told)
        scans = bare.path("dataset", "scans.tsv")
        asked = bare.asked(FiguresStep)
        given = gather(asked, scans, bare.derivatives, tmp_path, tables=bare.tables())
        return intervals(given)

    return draw


def test_an_interval_without_an_end_is_no_figure_and_the_page_says_why(drawn):
    few = table()
    few[["share", "low", "high", "half_width"]] = np.nan
    few["note"] = "too few people for an interval of this level"
    assert drawn(few) is None
    assert "Too few people for an interval of this level." in text_of(few)


def test_no_more_sites_are_drawn_than_can_be_read(drawn):
    asked, many = AskedIntervals(0.9, None, 10.0, 0.95), people(count=300)
    many["site"] = [f"s{n % 60:02d}" for n in range(len(many))]
    lines = [
        asdict(each) | {"row": "exp", "level": 0.9, "n_seeds": 1, "note": None}
        for each in measured(many, people(count=0), asked)
    ]
    figure = drawn(pd.DataFrame(lines, columns=list(IN_FILE)))
    assert "(the 40 of which fewest are held)" in figure.caption and figure.height < 2400
    whole, alone = drawn(table()), table()
    assert "(the 40" not in whole.caption and "Study by study" in whole.caption
    alone = drawn(alone[(alone["new"] == "person") & (alone["part"] != "site")])
    assert "Study by study" not in alone.caption and alone.width < whole.width
