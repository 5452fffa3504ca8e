"""What a table knows of whom a model is to predict: the true target, sex, site."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.bundle.facts import BundleFacts
from contrage.errors import TableError
from contrage.participants.ages import age_in_years
from contrage.participants.described import AUTO, Unit
from contrage.participants.tables import Tables
from contrage.scan_ids import bare, scan_id
from contrage.tables import is_missing
from contrage.target_words import TargetInWords

WHO = ("participant_id", "scan_id", "scan", "name")
"""Columns that may say whom a row is of."""
SESSION = "_ses-"
YEARS = Unit()
ONE_OF_SEVERAL = (
    "the table tells one target of this person, who has several scans: it is taken for none of "
    "them; give a row of each session (--known)"
)


@dataclass(frozen=True)
class Wanted:
    """What is looked for in tables beside ids, sex and site.

    Attributes
    ----------
    target : TargetInWords
    volume : str or None
        Column of the volume that a scan's values are divided by, where they are.
    """

    target: TargetInWords
    volume: str | None

    @classmethod
    def of(cls, facts: BundleFacts) -> Wanted:
        """Return what a model looks for."""
        arrays = facts.seen.arrays
        return cls(facts.target, arrays.divided_by if arrays else None)


@dataclass(frozen=True)
class Known:
    """People, and sessions of people, by their names, compared as the workflow compares ids.

    A session's row is of no other session, and of nobody's scan without one.
    """

    people: Mapping[str, dict[str, Any]]

    def of(self, name: str, alone: bool = True) -> dict[str, Any]:
        """Return what the table says of a scan, as `of_row`; nothing where it has none of it.

        Parameters
        ----------
        name : str
            "sub-X", "sub-X_ses-Y", or a file's name.
        alone : bool
            Whether it is the person's only scan. Of several, a row of the person says the target
            of none: it may be that at entry.
        """
        if (own := self.of_session(name)) is not None:
            return own
        person = self.people.get(_key(name.partition(SESSION)[0]), {})
        return person if alone or not person else _without_target(person)

    def of_session(self, name: str) -> dict[str, Any] | None:
        """Return what a session's own row says; None where there is none, or no session."""
        return self.people.get(_key(name)) if SESSION in name else None


def _key(name: str) -> str:
    return bare(name.removeprefix("sub-"))


def _without_target(told: dict[str, Any]) -> dict[str, Any]:
    if told["known"] is None:
        return told
    return {**told, "known": None, "notes": (*told["notes"], ONE_OF_SEVERAL)}


def tables_of(folder: Path, wanted: Wanted) -> Tables:
    """Return the reader of a folder's tables, whose ages are in the unit that these say."""
    column = "" if wanted.target.is_age else wanted.target.column
    return Tables(folder, AUTO, tuple(filter(None, (column, wanted.volume))), column, key="")


def known_people(path: Path | None, wanted: Wanted) -> Known:
    """Read a table of people.

    Parameters
    ----------
    path : Path or None
    wanted : Wanted
        Whose columns are read; a cell that cannot be used becomes a note. Ages are in years, or as
        the JSON beside the table says (Units).

    Raises
    ------
    TableError
        It cannot be read, says nobody's name, or tells two things of one.
    """
    if path is None:
        return Known({})
    tables = tables_of(path.parent, wanted)
    table = tables.table(path)
    who = next((found for name in WHO if (found := table.find(name))), None)
    if who is None:
        raise TableError(f"{path}: no column {WHO[0]!r}, by which scans are told apart")
    session = table.find("session") or table.find("session_id")
    people: dict[str, dict[str, Any]] = {}
    for row in table.rows:
        name = row[who]
        if session and not is_missing(row[session]):
            name = scan_id(name.removeprefix("sub-"), row[session].removeprefix("ses-"))
        told = of_row(tables.said(table, row), wanted)
        if people.setdefault(_key(name), told) != told:
            raise TableError(
                f"{path}: {name} stands there twice, and not alike; give a column session, or one "
                "row of each"
            )
    return Known(people)


def of_row(said: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return known, sex, site, volume and notes of what `Tables.said` of a row."""
    target, known, notes = wanted.target, None, ()
    cell = said.get("age") if target.is_age else said["columns"].get(target.column)
    if cell is not None:
        known, notes = truth(cell, target, said.get("unit", YEARS))
    told = {"known": known, "notes": notes, "sex": said.get("sex"), "site": said.get("site")}
    return {**told, "volume": volume_of(said["columns"].get(wanted.volume))}


def volume_of(cell: str | None) -> float | None:
    """Return a volume, None where a cell says none."""
    try:
        found = math.nan if cell is None else float(cell)
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None


def truth(
    cell: str, target: TargetInWords, unit: Unit = YEARS
) -> tuple[float | None, tuple[str, ...]]:
    """Return the number that a cell says, or a note on why it says none; an age has a unit."""
    try:
        if target.is_age:
            return age_in_years(cell, unit, target.range or (-math.inf, math.inf)), ()
        return target.value(cell), ()
    except ValueError as error:
        return None, (f"the {target.word} that is told cannot be used: {error}",)
