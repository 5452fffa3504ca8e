"""Which file is meant, where an owner writes the day of the download into names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from contrage.cohort.owners.days import MONTHS, day_of
from contrage.errors import TableError, few
from contrage.tables import Table, read_table

_DATES = (
    (re.compile(r"(?<!\d)(\d{1,2})([A-Za-z]{3})(\d{4})(?!\d)"), "dmy"),
    (re.compile(r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})(?!\d)"), "ymd"),
    (re.compile(r"(?<!\d)(\d{1,2})[-_](\d{1,2})[-_](\d{4})(?!\d)"), "mdy"),
)
DICTIONARY = "dict"
"""In the names of tables that explain columns of others."""


def read_newest(
    folder: Path,
    pattern: str,
    key: str,
    notes: list[str],
    meant: Callable[[Table], bool] | None = None,
) -> Table:
    """Read the file of a pattern, the newest by the date in its name where there are several.

    Parameters
    ----------
    folder : Path
    pattern : str
        Below the folder.
    key : str
        The configuration's key that says the pattern, for messages.
    notes : list of str
        Gets a line that says which file was taken among several.
    meant : function, optional
        Whether a table is such a one, asked where there are several.

    Raises
    ------
    TableError
        If there is none, or several of which none is the newest.
    """
    paths = [
        path
        for path in sorted(folder.glob(pattern))
        if path.is_file() and DICTIONARY not in path.name.casefold()
    ]
    if not paths:
        raise TableError(f"{folder}: no file {pattern} there ({key}); mend the setting")
    if len(paths) == 1:
        return read_table(paths[0])
    tables = [table for table in map(read_table, paths) if meant is None or meant(table)]
    if not tables:
        raise TableError(
            f"{folder}: none of {few([path.name for path in paths])} has the columns that are "
            f"looked for ({key}); name the file"
        )
    dated = sorted(tables, key=_date)
    if len(dated) > 1:
        names = [table.path.name for table in dated]
        if _date(dated[-1]) == _date(dated[-2]):
            raise TableError(
                f"{folder}: which of {few(names)} is meant ({key})? No date in their names says "
                "which is the newest; name the file"
            )
        notes.append(
            f"{names[-1]} is read, the newest by the date in its name; not {few(names[:-1])}"
        )
    return dated[-1]


def _date(table: Table) -> date:
    """Return the date in a file's name, the first day of all where there is none."""
    for pattern, order in _DATES:
        for found in pattern.finditer(table.path.stem):
            parts = dict(zip(order, found.groups(), strict=True))
            month = MONTHS.get(parts["m"].casefold(), parts["m"])
            day = day_of(f"{parts['y']}-{month}-{parts['d']}")
            if day is not None:
                return day
    return date.min


def has_columns(names: Sequence[str]) -> Callable[[Table], bool]:
    """Return whether a table has all of some columns, as a function of it."""
    return lambda table: all(table.find(name) is not None for name in names)
