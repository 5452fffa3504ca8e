"""A section of the page on an evaluation: what was asked, what was found, its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from contrage.evaluation.statistics.gap import ALL, CONTROL
from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.findings import Study
from contrage.report.style import baseline_name, loss_colours, loss_name
from contrage.report.text import MISSING, interval, listed, missing, number


@dataclass(frozen=True)
class Section:
    """An evaluation as the template prints it.

    Attributes
    ----------
    name, title, asked : str
        Of its table; its heading; what was asked, and how.
    found : list of str
        What the numbers say.
    table : PageTable
    figure : str
        Name of its figure.
    notes : list of str
        Why numbers are not there.
    """

    name: str
    title: str
    asked: str
    found: list[str]
    table: PageTable
    figure: str
    notes: list[str] = field(default_factory=list)


def name_of(row: str, cohort: str = ALL) -> str:
    """Return what a reader knows a row by, with its cohort where there are several."""
    name = baseline_name(row) if row == CONTROL else loss_name(row)
    return name if cohort == ALL else f"{name}, {cohort}"


def best_first(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table's lines in the order of the table of losses, those of other rows last."""
    rows = list(study.main.get("loss", []))
    place = {row: at for at, row in enumerate(rows)}
    return table.sort_values("row", key=lambda row: row.map(place), kind="stable")


def notes_of(table: pd.DataFrame) -> list[str]:
    """Return why numbers are not there, each with the rows and cohorts that it is said of."""
    told: dict[str, list[str]] = {}
    for line in table[table["note"].notna()].itertuples():
        where = told.setdefault(line.note, [])
        if (name := name_of(line.row, line.cohort)) not in where:
            where.append(name)
    return [f"{listed(names)}: {note}." for note, names in told.items()]


def bounded(value: float, low: float, high: float, digits: int = 1) -> str:
    """Return a number with its interval in brackets."""
    if missing(value):
        return MISSING
    told = number(value, digits)
    return told if missing(low) else f"{told} ({interval(low, high, digits)})"


def lines_of(frame: pd.DataFrame, cells: Callable[[pd.Series], list[str]]) -> list[Line]:
    """Return a line for each of a frame's rows, named and coloured by the loss."""
    colours = loss_colours(frame["row"].unique())
    several = frame["cohort"].nunique() > 1
    return [
        Line(
            [name_of(line.row), *[line.cohort] * several, *cells(line)],
            "" if line.row == CONTROL else colours[line.row],
            "baseline" if line.row == CONTROL else "",
        )
        for _, line in frame.iterrows()
    ]


def head_of(frame: pd.DataFrame, *more: str) -> list[str]:
    """Return the headings of such lines."""
    return ["loss", *["cohort"] * (frame["cohort"].nunique() > 1), *more]
