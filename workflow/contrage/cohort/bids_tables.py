"""What the tables of a BIDS folder say of a session: age, sex, site and further columns.

participants.tsv speaks of a participant, sub-X_sessions.tsv of each session, sub-X_scans.tsv of
each image; what is nearer to the image counts more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contrage.cohort.tables import check_unique
from contrage.cohort.told import described, sex_of, unit_of_ages
from contrage.errors import TableError
from contrage.tables import Table, is_missing, read_table

NAMES = ("age", "sex", "site")


@dataclass
class Tables:
    """The tables of one folder, as far as they have been read.

    Attributes
    ----------
    folder : Path
        The BIDS folder.
    declared : str
        `cohort.age_unit`.
    columns : list of str
        `cohort.columns`: what is kept beside age, sex and site.
    read : list of str
        The files that were read.
    notes : list of str
        What a reader should know.
    """

    folder: Path
    declared: str = "auto"
    columns: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _described: dict[str, dict[str, Any]] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)

    def open(self, path: Path) -> Table:
        """Read a table and note that it was read."""
        table = read_table(path)
        self.read.append(str(path))
        return table

    def said(self, table: Table, row: dict[str, str]) -> dict[str, Any]:
        """Return what a row says: age with `unit`, sex, site and the further columns."""
        sidecar = self._sidecar(table.path)
        said: dict[str, Any] = {}
        for name in (*NAMES, *self.columns):
            column = table.find(name)
            if column is not None:
                self._found.add(name)
            if column is not None and not is_missing(row[column]):
                said[name] = row[column]
        if "age" in said:
            said["unit"] = unit_of_ages(self.declared, sidecar, table.find("age") or "age")
        if "sex" in said:
            said["sex"] = sex_of(said["sex"], sidecar, table.find("sex") or "sex")
        return said

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
        if path.parent != self.folder and beside.is_file():
            columns, files = described(path)
            self.read += map(str, files)
            return {**self._described[kind], **columns}
        return self._described[kind]

    def check_columns(self) -> None:
        """Raise `TableError` if no table has a column that is to be kept."""
        lost = [name for name in self.columns if name not in self._found]
        if lost:
            raise TableError(
                f"cohort.columns: no table in {self.folder} has a column {lost[0]!r}; mend its name"
            )


def of_image(tables: Tables, path: Path, image: str) -> dict[str, Any]:
    """Return what a table of scans (sub-X_scans.tsv) says of one image.

    Parameters
    ----------
    tables : Tables
    path : Path
        The table, which is there.
    image : str
        The image's address as the table gives it: "mre/sub-01_stiffness.nii.gz".

    Raises
    ------
    TableError
        If the image stands there twice.
    """
    table = tables.open(path)
    column = table.column("filename")
    rows = [cells for cells in table.rows if cells[column].replace("\\", "/") == image]
    check_unique([cells[column] for cells in rows], path)
    return tables.said(table, rows[0]) if rows else {}
