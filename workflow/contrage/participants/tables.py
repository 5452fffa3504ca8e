"""What the tables of a BIDS folder say of a session: age, sex, site and further columns.

participants.tsv speaks of a participant, sub-X_sessions.tsv of each session, sub-X_scans.tsv of
each image; what is nearer to the image counts more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contrage.errors import TableError, few
from contrage.participants.ages import check_unique
from contrage.participants.described import KEY, Unit, described, sex_of, unit_of_ages
from contrage.tables import Table, is_missing, nearest, plain, read_table

NAMES = ("age", "sex", "site")
AGE_AND_UNIT = re.compile(
    r"agein(years?|yrs?|months?|weeks?|days)|age(years?|yrs?|months?|weeks?|days)"
)


@dataclass(frozen=True)
class Columns:
    """What is known of a table's columns: where age, sex … stand, the JSON's words, the unit."""

    names: dict[str, str]
    further: dict[str, str]
    described: dict[str, Any]
    unit: Unit


@dataclass
class Tables:
    """The tables of one folder, as far as they have been read.

    Attributes
    ----------
    folder : Path
        The BIDS folder.
    declared : str
        `cohort.age_unit`.
    columns : sequence of str
        `cohort.columns`: what is kept beside age, sex and site.
    target : str
        The column of these that is the target; empty where it is age.
    asked_by : dict of str to str
        Of these, column → the configuration's key that asks for it, where it is another.
    key : str
        For messages: the configuration's key of `declared`; empty where there is none.
    read : list of str
        The files that were read.
    noted : dict of str to list of str
        What a reader should know, and of which tables.
    """

    folder: Path
    declared: str
    columns: Sequence[str]
    target: str
    asked_by: Mapping[str, str] = field(default_factory=dict)
    key: str = KEY
    read: list[str] = field(default_factory=list)
    noted: dict[str, list[str]] = field(default_factory=dict)
    _described: dict[str, dict[str, Any]] = field(default_factory=dict)
    _understood: dict[Path, Columns] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)
    _there: dict[str, None] = field(default_factory=dict)

    def note(self, what: str, of: str) -> None:
        """Note something that a reader should know of a table or folder."""
        self.noted.setdefault(what, []).append(of)

    @property
    def notes(self) -> list[str]:
        """What was noted, a line each."""
        return [f"{what}: {few(of, '; ', most=3)}" for what, of in self.noted.items()]

    def table(self, path: Path) -> Table:
        """Read a table and note that it was read."""
        table = read_table(path)
        self.read.append(str(path))
        return table

    def said(self, table: Table, row: Mapping[str, str]) -> dict[str, Any]:
        """Return what a row says: age with `unit`, sex and site where they are told, and `columns`.

        In `columns` stand all further columns that the table has, None where the cell is missing;
        of a row without cells all are.
        """
        if table.path not in self._understood:
            self._understood[table.path] = self._understand(table)
        columns = self._understood[table.path]
        said: dict[str, Any] = {
            name: row[column]
            for name, column in columns.names.items()
            if not is_missing(row.get(column))
        }
        said["columns"] = {
            name: None if is_missing(row.get(column)) else row[column]
            for name, column in columns.further.items()
        }
        if "age" in said:
            said["unit"] = columns.unit
        if "sex" in said:
            said["sex"] = sex_of(said["sex"], columns.described, columns.names["sex"])
        return said

    def tells_ages(self, table: Table) -> bool:
        """Return whether a table, of which a row was read, has a column of ages."""
        known = self._understood.get(table.path) or self._understand(table)
        return "age" in known.names

    def _understand(self, table: Table) -> Columns:
        found = {name: table.find(name) for name in NAMES}
        kept = {name: table.find(name) for name in self.columns}
        if found["age"] is None:
            found["age"] = self._age_of_other_name(table)
        names = {name: column for name, column in found.items() if column is not None}
        close = None if "age" in names else nearest("age", table.columns)
        if close:
            self.note("columns that are not taken for the age", f"{close!r} ({table.path})")
        further = {name: column for name, column in kept.items() if column is not None}
        self._found |= set(further)
        self._there |= dict.fromkeys(table.columns)
        sidecar = self._sidecar(table.path)
        unit = Unit()
        if "age" in names:
            unit = unit_of_ages(self.declared, sidecar, names["age"], self.key)
        if unit.note and unit.source not in self.noted.get(unit.note, []):
            self.note(unit.note, unit.source)
        return Columns(names, further, sidecar, unit)

    def _age_of_other_name(self, table: Table) -> str | None:
        """Return the one column that is named for age and its unit: age_months."""
        alike = [column for column in table.columns if AGE_AND_UNIT.fullmatch(plain(column))]
        if len(alike) != 1:
            return None
        self.note("columns that are taken for the age", f"{alike[0]!r} ({table.path.name})")
        return alike[0]

    def _sidecar(self, path: Path) -> dict[str, Any]:
        """Return the JSON's words on a table: its own, those of its kind, those of participants."""
        kind = path.stem.rpartition("_")[2]
        if kind not in self._described:
            own = () if kind == "participants" else (self.folder / f"{kind}.json",)
            everyone = self.folder / "participants.json"
            columns, files = described(self.folder / f"{kind}.tsv", *own, everyone)
            self._described[kind] = columns
            self.read += [str(file) for file in files if str(file) not in self.read]
        beside = path.with_suffix(".json")
        if beside != self.folder / f"{kind}.json" and beside.is_file():
            columns, files = described(path)
            self.read += map(str, files)
            return {**self._described[kind], **columns}
        return self._described[kind]

    def check_columns(self) -> None:
        """Raise `TableError` if no table has a column that is to be kept."""
        lost = [name for name in self.columns if name not in self._found]
        if lost:
            own = "target.column" if lost[0] == self.target else "cohort.columns"
            key = self.asked_by.get(lost[0], own)
            there = f"; there are {few(list(self._there), most=12)}" if self.target else ""
            raise TableError(
                f"{key}: no table in {self.folder} has a column {lost[0]!r}; mend its name{there}"
            )


def of_image(tables: Tables, path: Path, image: str) -> dict[str, Any]:
    """Return what a table of scans (sub-X_scans.tsv) says of one image.

    Parameters
    ----------
    tables : Tables
    path : Path
        The table, which is there.
    image : str
        The image's address: "mre/sub-01_stiffness.nii.gz". The table's may have folders before it.

    Returns
    -------
    dict
        As `Tables.said`; with `lacks`, why its age is not told, where others' are.

    Raises
    ------
    TableError
        If the image stands there twice.
    """
    table = tables.table(path)
    column = table.column("filename")
    rows = [cells for cells in table.rows if _address(cells[column]) == _address(image)]
    check_unique([_address(cells[column]) for cells in rows], path)
    said = tables.said(table, rows[0] if rows else {})
    if not rows:
        tables.note("images without a row in the table of scans", f"{image} ({path.name})")
    if "age" not in said and tables.tells_ages(table):
        said["lacks"] = f"no age in {path.name}, which has a column of ages"
    return said


def nearer(
    columns: Mapping[str, str | None], told: Mapping[str, str | None], own: Collection[str] = ()
) -> dict[str, str | None]:
    """Return further columns, with what a table nearer to the image says of them.

    What it has a column for and does not tell is None, as an age is: a session without a value has
    not the baseline's. Columns that were told of this very session (`own`) stay.
    """
    known = {name: cell for name, cell in told.items() if cell is not None or name not in own}
    return {**columns, **known}


def filled(columns: Mapping[str, str | None]) -> set[str]:
    """Return the names of the columns that say something."""
    return {name for name, cell in columns.items() if cell is not None}


def _address(name: str) -> str:
    """Return the part of an image's address that tells it from others, without its ending."""
    return re.sub(r"\.nii(\.gz)?$", "", name.replace("\\", "/").rpartition("/")[2])
