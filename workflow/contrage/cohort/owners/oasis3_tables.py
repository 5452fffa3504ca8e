"""OASIS-3's tables: people, sessions and scanners, clinicians' diagnoses (UDS form D1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from contrage.cohort.owners.visits import AD, HC, MCI, ClinicVisit
from contrage.errors import few
from contrage.tables import Table, is_missing

PEOPLE, SESSIONS = "cohort.oasis3.demographics", "cohort.oasis3.sessions"
DIAGNOSES, RATINGS = "cohort.oasis3.diagnoses", "cohort.oasis3.ratings"
PERSON, DAY = "OASISID", "days_to_visit"
LABEL = re.compile(r"(OAS3\d{4})_MR_(d(\d{4}))")
OTHER, IMPAIRED = "other", "impaired"
NORMAL, DEMENTED, UNCLEAR = "NORMCOG", "DEMENTED", "IMPNOMCI"
MILD = ("MCIAMEM", "MCIAPLUS", "MCINON1", "MCINON2")
CAUSES = {"PROBAD": "PROBADIF", "POSSAD": "POSSADIF", "alzdis": "alzdisif"}
"""Of dementia: Alzheimer's disease, and the column that says whether it is the primary cause."""
CONTRIBUTING = "2"
FLAGS = (NORMAL, DEMENTED, *MILD, UNCLEAR, *CAUSES)


@dataclass(frozen=True)
class Person:
    """A person at entry.

    Attributes
    ----------
    age : float or None
        Years.
    sex : str or None
        The table's code.
    cells : dict of str to str
        The whole line.
    """

    age: float | None
    sex: str | None
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Imaging:
    """A session in the scanner.

    Attributes
    ----------
    label : str
        The owner's: OAS30001_MR_d0129.
    person : str
    session : str
        d0129.
    day : int or None
        Since entry; None where the label does not say it.
    site : str or None
        The scanner.
    cells : dict of str to str
        Its first line.
    line : int
    """

    label: str
    person: str
    session: str
    day: int | None
    site: str | None
    cells: Mapping[str, str]
    line: int


def people(table: Table) -> dict[str, Person]:
    """Return everybody; raise `TableError` if a column is not there."""
    person, age, sex = (table.column(name, PEOPLE) for name in (PERSON, "AgeatEntry", "GENDER"))
    return {cells[person]: Person(_number(cells[age]), cells[sex], cells) for cells in table.rows}


def imaging(table: Table, site: str) -> list[Imaging]:
    """Return the sessions, each once, in the order of the table.

    Parameters
    ----------
    table : Table
        A line per image or session.
    site : str
        The column that stands for the site.

    Raises
    ------
    TableError
        If a column is not there.
    """
    person, label = table.column("subject_id", SESSIONS), table.column("label", SESSIONS)
    scanner = table.column(site, "cohort.oasis3.site")
    found: dict[str, Imaging] = {}
    for line, cells in zip(table.numbers, table.rows, strict=True):
        known = LABEL.fullmatch(cells[label])
        told = Imaging(
            label=cells[label],
            person=known[1] if known else cells[person],
            session=known[2] if known else f"line{line}",
            day=int(known[3]) if known else None,
            site=None if is_missing(cells[scanner]) else cells[scanner],
            cells=cells,
            line=line,
        )
        first = found.setdefault(cells[label], told)
        if first.site is None and told.site is not None:
            found[cells[label]] = Imaging(**{**vars(first), "site": told.site})
    return list(found.values())


def visits(table: Table, notes: list[str]) -> dict[str, list[ClinicVisit]]:
    """Return everybody's visits by form D1, days since entry.

    Parameters
    ----------
    table : Table
    notes : list of str
        Gets a line on rows without a day, and on rows that say nothing.

    Raises
    ------
    TableError
        If a column is not there.
    """
    person, day = table.column(PERSON, DIAGNOSES), table.column(DAY, DIAGNOSES)
    columns = {name: table.column(name, DIAGNOSES) for name in (*FLAGS, *CAUSES.values())}
    found: dict[str, list[ClinicVisit]] = {}
    undated, silent = [], []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        number = _number(cells[day])
        state, wrong = state_of({name: cells[column] for name, column in columns.items()})
        if number is None:
            undated.append(f"{cells[person]} (line {line})")
        elif state is None and not wrong:
            silent.append(f"{cells[person]} (line {line})")
        else:
            found.setdefault(cells[person], []).append(ClinicVisit(int(number), state, wrong))
    name = table.path.name
    if undated:
        notes.append(f"visits without a number in {DAY}: {few(undated)} ({name})")
    if silent:
        notes.append(f"visits of which no diagnosis is ticked: {few(silent)} ({name})")
    return found


def state_of(cells: Mapping[str, str]) -> tuple[str | None, str]:
    """Return what a form D1 says, or why that cannot be used.

    Parameters
    ----------
    cells : mapping
        Flags are 0 or 1, blanks are questions that were skipped.

    Returns
    -------
    (state, wrong)
        HC, MCI, AD, other (dementia of another cause, or with Alzheimer's disease as a contributing
        one), impaired (without being MCI); None with what is wrong, or with nothing where no state
        is ticked.
    """
    for name in FLAGS:
        if not is_missing(cells[name]) and _number(cells[name]) not in (0, 1):
            return None, f"{name} is {cells[name]!r}, neither 0 nor 1"
    ticked = {name for name in FLAGS if _number(cells[name]) == 1}
    states = [
        state
        for state, names in (
            (HC, {NORMAL}),
            (MCI, set(MILD)),
            (DEMENTED.lower(), {DEMENTED}),
            (IMPAIRED, {UNCLEAR}),
        )
        if ticked & names
    ]
    if len(states) > 1:
        return None, f"conflicting: {' and '.join(states)} are ticked"
    if DEMENTED not in ticked:
        return (states[0] if states else None), ""
    primary = [name for name in CAUSES if name in ticked and not _contributes(cells[CAUSES[name]])]
    return (AD if primary else OTHER), ""


def _contributes(cell: str) -> bool:
    return _number(cell) == _number(CONTRIBUTING)


def ratings(table: Table) -> dict[str, list[tuple[int, Mapping[str, str]]]]:
    """Return everybody's rows of form B4 with their days."""
    person, day = table.column(PERSON, RATINGS), table.column(DAY, RATINGS)
    found: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for cells in table.rows:
        number = _number(cells[day])
        if number is not None:
            found.setdefault(cells[person], []).append((int(number), cells))
    return found


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
