"""The list of images that LONI's archive gives with a collection (ADNI, ICBM)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from contrage.cohort.owners.columns import told
from contrage.cohort.owners.days import day_of
from contrage.cohort.owners.files import read_newest
from contrage.errors import few
from contrage.tables import Table

IMAGE, SUBJECT, SEX, AGE = "Image Data ID", "Subject", "Sex", "Age"
MODALITY, DESCRIPTION, DATE = "Modality", "Description", "Acq Date"
COLUMNS = (IMAGE, SUBJECT, SEX, AGE, MODALITY, DESCRIPTION, DATE)
MRI = "mri"
ALL = "all"


@dataclass(frozen=True)
class ListedImage:
    """An image of the list.

    Attributes
    ----------
    name : str
        Its number in the archive, as the list has it: I12345.
    subject : str
        The owner's id of the person.
    day : date or None
        On which it was acquired; None where `reason` says why not.
    run : int
        Its place among the accepted images of that day.
    others : tuple of str
        The images of that day that it was chosen among.
    cells : dict of str to str
        Its line, by the list's own columns.
    line : int
    reason : str
        Why the line cannot be used; empty where it can.
    """

    name: str
    subject: str
    day: date | None
    run: int
    others: tuple[str, ...]
    cells: dict[str, str]
    line: int
    reason: str

    @property
    def session(self) -> str:
        """Return its day as a label, "20110501"; the line where no day can be read."""
        return f"{self.day:%Y%m%d}" if self.day else f"line{self.line}"

    @property
    def written_day(self) -> str | None:
        """Return its day as tables have it, "2011-05-01"."""
        return self.day.isoformat() if self.day else None


@dataclass(frozen=True)
class Collection:
    """The list, its columns found.

    Attributes
    ----------
    table : Table
    columns : dict of str to str
        Column as it is named here → as it stands there.
    """

    table: Table
    columns: dict[str, str]

    def cell(self, cells: dict[str, str], name: str) -> str | None:
        """Return a cell, None where it says nothing."""
        return told(cells[self.columns[name]])


def read_collection(folder: Path, pattern: str, key: str, notes: list[str]) -> Collection:
    """Read the list; of several files that match a pattern those count that have its columns.

    Raises
    ------
    TableError
        If there is no list, or it lacks a column.
    """
    table = read_newest(folder, pattern, key, notes, COLUMNS[:2])
    return Collection(table, {name: table.column(name, key) for name in COLUMNS})


def listed(
    collection: Collection, patterns: Sequence[str], key: str, which: str, notes: list[str]
) -> list[ListedImage]:
    """Return the images that are used, in the order of people and days.

    Parameters
    ----------
    collection : Collection
    patterns : sequence of str
        Of descriptions that are accepted.
    key : str
        The configuration's key that says them, for messages.
    which : {"first", "all"}
        Of several on one day, the one of the lowest number, or all.
    notes : list of str
        Gets a line on those that are not accepted and on lines without a person.
    """
    accepted, refused, nobody = [], Counter[str](), []
    for line, cells in zip(collection.table.numbers, collection.table.rows, strict=True):
        described = collection.cell(cells, DESCRIPTION) or ""
        if not _is_accepted(collection, cells, patterns):
            refused[described] += 1
        elif collection.cell(cells, SUBJECT) is None:
            nobody.append(str(line))
        else:
            accepted.append(_image(collection, cells, line))
    name = collection.table.path.name
    if refused:
        said = [f"{word!r} ({count})" for word, count in refused.most_common()]
        notes.append(f"images that are no accepted T1 ({key}): {few(said)} ({name})")
    if nobody:
        notes.append(f"lines without a {SUBJECT}, which are nobody's: {few(nobody)} ({name})")
    return list(_chosen(accepted, which))


def _is_accepted(collection: Collection, cells: dict[str, str], patterns: Sequence[str]) -> bool:
    described = (collection.cell(cells, DESCRIPTION) or "").casefold()
    is_mri = (collection.cell(cells, MODALITY) or "").casefold().startswith(MRI)
    return is_mri and any(fnmatchcase(described, pattern.casefold()) for pattern in patterns)


def _image(collection: Collection, cells: dict[str, str], line: int) -> ListedImage:
    name, subject = collection.cell(cells, IMAGE) or "", collection.cell(cells, SUBJECT) or ""
    written = collection.cell(cells, DATE)
    day = None if written is None else day_of(written)
    reason = ""
    if not re.search(r"\d", name):
        reason = f"line {line}: {IMAGE} {name!r} has no number"
    elif day is None:
        reason = f"line {line}: {DATE} {written!r} is no date (m/d/yyyy)"
    return ListedImage(name, subject, day, 1, (), cells, line, reason)


def _chosen(images: Sequence[ListedImage], which: str) -> Iterator[ListedImage]:
    """Yield the images that are used; runs of a day follow the images' numbers, not their text."""
    days: dict[tuple[str, date | None], list[ListedImage]] = {}
    for image in images:
        if image.reason:
            yield image
        else:
            days.setdefault((image.subject, image.day), []).append(image)
    for _, of_day in sorted(days.items(), key=lambda each: (each[0][0], str(each[0][1]))):
        of_day.sort(key=_number)
        for run, image in enumerate(of_day if which == ALL else of_day[:1], 1):
            others = () if which == ALL else tuple(each.name for each in of_day[1:])
            yield ListedImage(**{**vars(image), "run": run, "others": others})


def _number(image: ListedImage) -> int:
    return int("".join(re.findall(r"\d", image.name)))
