"""What the page says of intervals: how wide they are, and whom they hold."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.statistics.conformal import PEOPLE, SITE
from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.elements.sections import Section, best_first
from contrage.report.findings import Study
from contrage.report.style import loss_colours, loss_name
from contrage.report.text import MISSING, count, interval, listed, missing, number, percent

ALL, BAND = "all", "band"
PERSON, EXTERNAL = "person", "external"
FEW = 10
"""People of a site below which no page calls it the worst one."""


def intervals(study: Study, title: str) -> Section:
    """Say how wide intervals have to be, and what they hold of people, bands, sites."""
    table = best_first(study, study.tables["intervals"])
    rows = list(dict.fromkeys(table["row"]))
    own = table[table["row"] == rows[0]]
    level, group, groups = percent(own["level"].iloc[0], 0), study.kind.group, study.kind.groups
    asked = (
        f"How sure is a prediction? The interval is the prediction ± the error that {level} of "
        "people stay within whom the models have not seen, corrected for their number (split "
        "conformal); each person counts once, by the first scan. It is for other people of the "
        f"same {groups}. For people of another {group} it is made of {groups} in place of people, "
        f"each of which weighs alike. What they hold was measured on people, and {groups}, of whom "
        "they were not made: in the table after both half widths."
    )
    if int(own["n_seeds"].iloc[0]) > 1:
        asked += " Of several seeds the mean prediction is meant."
    page = PageTable(_head(study, table), _lines(study, table, rows), 1, "tables/intervals.tsv")
    found = [*_of_people(study, own), *_of_sites(study, own), *_of_external(study, own)]
    return Section("intervals", title, asked, found, page, "intervals", _notes(table))


def _pick(table: pd.DataFrame, kind: str, new: str, part: str = ALL) -> pd.DataFrame:
    return table[(table["interval"] == kind) & (table["new"] == new) & (table["part"] == part)]


def _tried(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return which intervals were tried on whom, in the order of the table."""
    pairs = table[["new", "interval"]].drop_duplicates().itertuples(index=False, name=None)
    return list(pairs)


def _head(study: Study, table: pd.DataFrame) -> list[str]:
    groups = study.kind.groups
    made = {PEOPLE: "± of people", SITE: f"± of {groups}"}
    words = {PERSON: "new people", SITE: f"new {groups}", EXTERNAL: "external"}
    head = ["loss", *(study.target.axis(each) for each in made.values())]
    return head + [f"{words[new]}: {made[kind]}" for new, kind in _tried(table)]


def _lines(study: Study, table: pd.DataFrame, rows: list[str]) -> list[Line]:
    colours, lines = loss_colours(rows), []
    for row in rows:
        own = table[table["row"] == row]
        widths = [_width(study, own, kind) for kind in (PEOPLE, SITE)]
        held = [_held(_pick(own, kind, new).iloc[0]) for new, kind in _tried(table)]
        lines.append(Line([loss_name(row), *widths, *held], colours[row]))
    return lines


def _width(study: Study, own: pd.DataFrame, kind: str) -> str:
    found = own.loc[(own["interval"] == kind) & (own["part"] == ALL), "half_width"]
    return number(found.iloc[0], study.digits) if len(found) else MISSING


def _held(line: pd.Series) -> str:
    """Return a share with its interval: "90.0 % (88 to 92)"."""
    if missing(line["share"]):
        return MISSING
    return f"{percent(line['share'])} ({interval(100 * line['low'], 100 * line['high'], 0)})"


def _wide(study: Study, line: pd.Series) -> str:
    return study.target.told(f"± {number(line['half_width'], study.digits)}")


def _of_people(study: Study, own: pd.DataFrame) -> list[str]:
    """Say what the interval of people holds of them and of bands."""
    whole = _pick(own, PEOPLE, PERSON).iloc[0]
    if missing(whole["share"]):
        return []
    said = (
        f"{loss_name(whole['row'])}: {_wide(study, whole)} holds {_held(whole)} of "
        f"{count(int(whole['people']), 'test person', 'test people')}. That is so by "
        "construction; what it holds of parts of them is not."
    )
    return [said + _of_bands(study, _pick(own, PEOPLE, PERSON, BAND), whole["level"])]


def _of_bands(study: Study, bands: pd.DataFrame, level: float) -> str:
    """Say of which bands the interval holds fewer or more than it should, where it is clear."""
    if len(bands) < 2:
        return ""
    word, told = study.target.word, percent(level, 0)
    off = bands[(bands["high"] < level) | (bands["low"] > level)]
    if not len(off):
        return f" In no band of {word} is the share clear of {told}."
    shares = [f"{_held(line)} of {word} {line['value']}" for _, line in off.iterrows()]
    return f" Clear of {told} is what it holds by band: {listed(shares)}."


def _of_sites(study: Study, own: pd.DataFrame) -> list[str]:
    """Say what both intervals hold of people of sites of whom they were not made."""
    said = []
    for kind in (PEOPLE, SITE):
        whole = _pick(own, kind, SITE)
        if not len(whole) or missing(whole["share"].iloc[0]):
            continue
        line, groups = whole.iloc[0], study.kind.groups
        made = "people" if kind == PEOPLE else groups
        said.append(
            f"Of people of {int(line['sites'])} new {groups} the interval that is made of {made} "
            f"({_wide(study, line)}) holds {_held(line)}{_worst(_pick(own, kind, SITE, SITE))}."
        )
    if said:
        said.append(_seen(study, _pick(own, PEOPLE, SITE).iloc[0]["seen"]))
    return [" ".join(said)] if said else []


def _worst(sites: pd.DataFrame) -> str:
    """Return of which site it holds fewest, among those with enough people."""
    enough = sites[sites["people"] >= FEW]
    if not len(enough):
        return ""
    worst = enough.loc[enough["share"].idxmin()]
    people = int(worst["people"])
    return f", of the worst, {worst['value']}, {percent(worst['share'], 0)} of {people}"


def _seen(study: Study, seen: str) -> str:
    """Say whether the sites were new to the models as well."""
    groups = study.kind.groups
    if seen == "none":
        return f"The models had not learned from these {groups} either."
    several = {"all": f"these {groups}", "some": f"some of these {groups}"}[seen]
    return (
        f"But the models had learned from other people of {several}: expect less of {groups} that "
        "are new to them (dataset.split.scheme: leave-site-out, or external people, measure it)."
    )


def _of_external(study: Study, own: pd.DataFrame) -> list[str]:
    """Say what both intervals hold of external people."""
    told = []
    for kind in (PEOPLE, SITE):
        whole = _pick(own, kind, EXTERNAL)
        if len(whole) and not missing(whole["share"].iloc[0]):
            line = whole.iloc[0]
            made = "people" if kind == PEOPLE else study.kind.groups
            held = f"{_held(line)}{_worst(_pick(own, kind, EXTERNAL, SITE))}"
            told.append(f"of {made} ({_wide(study, line)}) holds {held}")
    if not told:
        return []
    people = count(int(line["people"]), "external person", "external people")
    return [f"Of {people} the interval {', that '.join(told)}."]


def _notes(table: pd.DataFrame) -> list[str]:
    """Return why numbers are not there, each once."""
    lacking = table[table["note"].notna() & (table["part"] == ALL)]
    return [f"{note[:1].upper()}{note[1:]}." for note in dict.fromkeys(lacking["note"])]
