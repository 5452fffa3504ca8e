"""ADNI's tables of visits: merged (ADNIMERGE) and of diagnoses (DXSUM)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from contrage.cohort.owners.columns import told
from contrage.cohort.owners.days import day_of
from contrage.cohort.owners.visits import AD, HC, MCI, ClinicVisit
from contrage.errors import TableError, few
from contrage.tables import Table, is_missing

MERGED, DIAGNOSES = "cohort.adni.merged", "cohort.adni.diagnoses"
PERSON, NUMBER, VISIT, DATE = "PTID", "RID", "VISCODE", "EXAMDATE"
BASELINE = "bl"
WORDS = {
    **dict.fromkeys(("cn", "nl", "smc"), HC),
    **dict.fromkeys(("mci", "emci", "lmci"), MCI),
    **dict.fromkeys(("dementia", "ad"), AD),
}
CODES = {
    "DIAGNOSIS": {1: HC, 2: MCI, 3: AD},
    "DXCHANGE": {
        **dict.fromkeys((1, 7, 9), HC),
        **dict.fromkeys((2, 4, 8), MCI),
        **dict.fromkeys((3, 5, 6), AD),
    },
    "DXCURREN": {1: HC, 2: MCI, 3: AD},
}
"""Codes of the newest releases, then those of older ones."""
MISSING = ("-1", "-4")
"""ADNI's codes of what was not asked or is not there."""


@dataclass(frozen=True)
class Entry:
    """A person at entry.

    Attributes
    ----------
    day : date or None
        Of the baseline visit.
    age : float or None
        On that day, in years: the table has it on every row, of follow-ups too.
    sex, site : str or None
    """

    day: date | None
    age: float | None
    sex: str | None
    site: str | None


@dataclass(frozen=True)
class MergedVisits:
    """ADNIMERGE, its columns found.

    Attributes
    ----------
    table : Table
    columns : dict of str to str
        Column as it is named here → as it stands there.
    """

    table: Table
    columns: dict[str, str]

    def entries(self) -> dict[str, Entry]:
        """Return everybody at entry; None where someone has no baseline visit."""
        found: dict[str, Entry] = {}
        for cells in self.table.rows:
            person = self.cell(cells, PERSON)
            if person is None:
                continue
            sex, site = self.cell(cells, "PTGENDER"), self.cell(cells, "SITE")
            if (self.cell(cells, VISIT) or "").casefold() == BASELINE:
                day, age = self.day(cells), _number(self.cell(cells, "AGE"))
                found[person] = Entry(day, age, sex, site)
            else:
                found.setdefault(person, Entry(None, None, sex, site))
        return found

    def days(self) -> dict[tuple[str, str], date]:
        """Return the days of visits, by person and code of the visit."""
        found = {}
        for cells in self.table.rows:
            day = self.day(cells)
            if day is not None:
                code = (self.cell(cells, VISIT) or "").casefold()
                found[self.cell(cells, PERSON) or "", code] = day
        return found

    def rows(self) -> dict[str, list[tuple[int, Mapping[str, str]]]]:
        """Return the rows of everybody with their days."""
        found: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
        for cells in self.table.rows:
            day = self.day(cells)
            if day is not None:
                person = self.cell(cells, PERSON) or ""
                found.setdefault(person, []).append((day.toordinal(), cells))
        return found

    def persons(self) -> dict[str, str]:
        """Return person by RID, where the table has that column."""
        number = self.table.find(NUMBER)
        own = self.columns[PERSON]
        return {cells[number]: cells[own] for cells in self.table.rows} if number else {}

    def cell(self, cells: Mapping[str, str], name: str) -> str | None:
        """Return a cell, None where it says nothing."""
        return told(cells[self.columns[name]], MISSING)

    def day(self, cells: Mapping[str, str]) -> date | None:
        """Return the day of a visit."""
        written = self.cell(cells, DATE)
        return None if written is None else day_of(written)


def merged_visits(table: Table, needs_diagnosis: bool) -> MergedVisits:
    """Find the columns of ADNIMERGE; raise `TableError` if one is not there."""
    names = (PERSON, VISIT, DATE, "SITE", "AGE", "PTGENDER", *(("DX",) if needs_diagnosis else ()))
    return MergedVisits(table, {name: table.column(name, MERGED) for name in names})


def visits_of_merged(merged: MergedVisits, notes: list[str]) -> dict[str, list[ClinicVisit]]:
    """Return the visits with their diagnoses by ADNIMERGE's own column."""
    found: dict[str, list[ClinicVisit]] = {}
    undated = []
    for line, cells in zip(merged.table.numbers, merged.table.rows, strict=True):
        person, said, day = merged.cell(cells, PERSON), merged.cell(cells, "DX"), merged.day(cells)
        if said is None or person is None:
            continue
        if day is None:
            undated.append(f"{person} (line {line})")
            continue
        # Releases before 2014 write a change as "MCI to Dementia".
        state = WORDS.get(said.rpartition(" to ")[2].casefold())
        wrong = "" if state else f"DX is {said!r}, which is no diagnosis"
        found.setdefault(person, []).append(ClinicVisit(day.toordinal(), state, wrong))
    notes += _undated(undated, merged.table)
    return found


def visits_of_diagnoses(
    table: Table, merged: MergedVisits, notes: list[str]
) -> dict[str, list[ClinicVisit]]:
    """Return the visits with their diagnoses by DXSUM.

    Parameters
    ----------
    table : Table
    merged : MergedVisits
        Says whose a row without PTID is, and when a visit without a date was.
    notes : list of str
        Gets a line on diagnoses of no known person or day.

    Raises
    ------
    TableError
        If it lacks a column.
    """
    found: dict[str, list[ClinicVisit]] = {}
    undated, nobodys = [], []
    for line, person, day, state, wrong in _told(table, merged):
        if person is None:
            nobodys.append(str(line))
        elif day is None:
            undated.append(f"{person} (line {line})")
        else:
            found.setdefault(person, []).append(ClinicVisit(day.toordinal(), state, wrong))
    if nobodys:
        notes.append(
            f"diagnoses of nobody in {merged.table.path.name}: lines {few(nobodys)} "
            f"({table.path.name})"
        )
    notes += _undated(undated, table)
    return found


def _told(
    table: Table, merged: MergedVisits
) -> Iterator[tuple[int, str | None, date | None, str | None, str]]:
    """Yield line, person, day, state and what is wrong of each row that has a diagnosis."""
    person, number = table.find(PERSON), table.find(NUMBER)
    person = person or (None if number else table.column(PERSON, DIAGNOSES))
    dated, code = table.column(DATE, DIAGNOSES), table.find("VISCODE2") or table.find(VISIT)
    coded = [name for name in CODES if table.find(name)]
    if not coded:
        table.column("DIAGNOSIS", DIAGNOSES)
    of_number, days = merged.persons(), merged.days()
    for line, cells in zip(table.numbers, table.rows, strict=True):
        state, wrong = _state(table, cells, coded)
        if state is None and not wrong:
            continue
        who = cells[person] if person else of_number.get(cells[number or ""])
        day = day_of(cells[dated])
        if day is None and code and who:
            day = days.get((who, cells[code].casefold()))
        yield line, None if is_missing(who) else who, day, state, wrong


def _state(table: Table, cells: Mapping[str, str], coded: list[str]) -> tuple[str | None, str]:
    """Return what the first filled column of codes says, or why that is none."""
    for name in coded:
        cell = told(cells[table.column(name)], MISSING)
        if cell is None:
            continue
        number = _number(cell)
        state = CODES[name].get(int(number)) if number is not None else None
        return state, "" if state else f"{name} is {cell!r}, which is no diagnosis"
    return None, ""


def _undated(names: list[str], table: Table) -> list[str]:
    if not names:
        return []
    return [f"diagnoses without a date, which are not used: {few(names)} ({table.path.name})"]


def _number(cell: str | None) -> float | None:
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return None


def check_people(merged: MergedVisits, entries: Mapping[str, Entry]) -> None:
    """Raise `TableError` if nobody has a baseline visit: ages could not be told."""
    if not any(entry.day for entry in entries.values()):
        raise TableError(
            f"{merged.table.path}: no row has the {VISIT} {BASELINE!r} and a date in {DATE} "
            f"({MERGED}), so that nobody's age at a scan is known"
        )
