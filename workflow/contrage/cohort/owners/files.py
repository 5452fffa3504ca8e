"""Which file is meant, where an owner writes the day of the download into names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from contrage.cohort.owners.days import MONTHS, day_of
from contrage.errors import TableError, few
from contrage.tables import Table, plain, read_table

_DATES = (
    (re.compile(r"(?<!\d)(\d{1,2})([A-Za-z]{3})(\d{4})(?!\d)"), "dmy"),
    (re.compile(r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})(?!\d)"), "ymd"),
    (re.compile(r"(?<!\d)(\d{1,2})[-_](\d{1,2})[-_](\d{4})(?!\d)"), "mdy"),
)
DICTIONARY = "dict"
"""In the names of tables that explain columns of others."""


def read_newest(
    folder: Path, pattern: str, key: str, notes: list[str], known_by: Sequence[str] = ()
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
    known_by : sequence of str
        Columns that tell the file from others, where there are several.

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
    meant = sorted((path for path in paths if _has(path, known_by)), key=_date)
    if not meant:
        raise TableError(
            f"{folder}: none of {few([path.name for path in paths])} has the columns "
            f"{' and '.join(known_by)} ({key}); name the file"
        )
    if len(meant) > 1:
        names = [path.name for path in meant]
        if _date(meant[-1]) == _date(meant[-2]):
            raise TableError(
                f"{folder}: which of {few(names)} is meant ({key})? No date in their names says "
                "which is the newest; name the file"
            )
        notes.append(
            f"{names[-1]} is read, the newest by the date in its name; not {few(names[:-1])}"
        )
    return read_table(meant[-1])


def _has(path: Path, columns: Sequence[str]) -> bool:
    """Return whether a file's first line names some columns; of others nothing is read."""
    with path.open("rb") as stream:
        head = stream.readline()
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = plain(head.decode(encoding, "ignore"))
    return all(plain(column) in text for column in columns)


def _date(path: Path) -> date:
    """Return the date in a file's name, the first day of all where there is none."""
    for pattern, order in _DATES:
        for found in pattern.finditer(path.stem):
            parts = dict(zip(order, found.groups(), strict=True))
            month = MONTHS.get(parts["m"].casefold(), parts["m"])
            day = day_of(f"{parts['y']}-{month}-{parts['d']}")
            if day is not None:
                return day
    return date.min
