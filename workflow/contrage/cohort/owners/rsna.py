"""Hand X-rays of the RSNA bone-age challenge of 2017 (Halabi et al., Radiology 290:498, 2019)."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.files import read_newest
from contrage.cohort.owners.hands import (
    BONEAGE,
    OWN,
    PICTURES,
    SPLIT,
    TEST,
    TRAIN,
    VAL,
    VALIDATION,
    Hands,
    bone_age,
    drawn,
    sex_of_cell,
    told_of_draw,
)
from contrage.cohort.owners.labels import label_of
from contrage.cohort.owners.persons import Listed, files_by_label
from contrage.cohort.owners.sheets import read_sheet
from contrage.errors import TableError, few
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import Table

KEY = "cohort.images"
TRAINING_COLUMNS = ("id", BONEAGE, "male")
VALIDATION_COLUMNS = ("Image ID", "Bone Age (months)", "male")
TEST_ID = "Case ID"
Part = tuple[Table, str, tuple[str, str, str]]
"""A table, the part that its people play, and its columns: id, bone age, sex."""


def is_there(folder: Path, pattern: str) -> bool:
    """Return whether a folder holds RSNA's table of training pictures."""
    return any(folder.glob(pattern))


def read(settings: CohortStep) -> Hands:
    """Read the three tables, of which the first must be there.

    Raises
    ------
    TableError
        If a column is not there, or one that `cohort.columns` names, or several tables may be that
        of the test.
    """
    folder, asked, notes = Path(settings.path), settings.images, list[str]()
    training = read_newest(folder, asked.training, f"{KEY}.training", notes)
    parts: list[Part] = [(training, TRAIN, TRAINING_COLUMNS)]
    if asked.validation and any(folder.glob(asked.validation)):
        table = read_newest(folder, asked.validation, f"{KEY}.validation", notes)
        parts.append((table, VALIDATION, VALIDATION_COLUMNS))
    found = sorted(folder.glob(asked.test)) if asked.test else []
    if len(found) > 1:
        names = few([path.name for path in found])
        raise TableError(f"{folder}: which of {names} is meant ({KEY}.test)? Name the file")
    if found:
        table = read_sheet(found[0])
        parts += _test(table, (TEST_ID, asked.test_boneage, asked.test_sex), notes)
    kept = KeptColumns(settings, OWN, [table for table, _, _ in parts])
    person = training.column("id", f"{KEY}.training")
    held = drawn((label_of(cells[person]) for cells in training.rows), asked.val, asked.seed)
    if held:
        notes.append(told_of_draw(held, asked.val))
    people = [each for at in range(len(parts)) for each in _people(parts, at, kept, held)]
    tables = [table.path for table, _, _ in parts]
    return Hands(people, files_by_label(folder, PICTURES), tables, notes)


def _test(table: Table, columns: tuple[str, str, str], notes: list[str]) -> list[Part]:
    """Return the table of test pictures, unless it tells no bone ages."""
    if table.find(columns[1]) is None:
        notes.append(
            f"{table.path.name} has no column {columns[1]!r} ({KEY}.test_boneage): nobody of it is "
            "tested on"
        )
        return []
    return [(table, TEST, columns)]


def _people(parts: list[Part], at: int, kept: KeptColumns, held: set[str]) -> list[Listed]:
    table, part, (name, age, male) = parts[at]
    person, months = table.column(name, KEY), table.column(age, KEY)
    sex, found = table.column(male, KEY), []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        label = label_of(cells[person])
        own = {BONEAGE: bone_age(cells[months]), SPLIT: part}
        if part == TRAIN and label in held:
            own[SPLIT] = VAL
        rows = [cells if number == at else None for number in range(len(parts))]
        told, wrong = sex_of_cell(cells[sex], male)
        found.append(Listed(label, kept.of(own, rows), line, sex=told, reason=wrong))
    return found
