"""A table of region features: one row per scan, numbers in place of images.

Read with the standard library: Snakemake asks for the cohort each time it starts, in every job
on a cluster, and importing pandas takes longer than reading a thousand rows.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contrage.cohort.tables import Cohort, Exclusion, Scan, usable_rows
from contrage.errors import SettingsError, TableError

SEPARATORS = {".csv": ",", ".tsv": "\t"}
MISSING = ("", "n/a")  # of a label
NO_NUMBER = (*MISSING, "na", "nan", "null", ".")  # of a feature, in any case
OPTIONAL = ("session", "site", "sex")


@dataclass(frozen=True)
class Table:
    """A file's cells as text, without those of excluded rows.

    Attributes
    ----------
    path : Path
    columns : list of str
    lines : list of dict
        Column → cell, stripped.
    features : list of str
        The columns that are learned from.
    excluded : list of Exclusion
    """

    path: Path
    columns: list[str]
    lines: list[dict[str, str]]
    features: list[str]
    excluded: list[Exclusion]


def read(settings: dict[str, Any]) -> Cohort:
    """Read who stands in a table of features, and see that the features can be used.

    Parameters
    ----------
    settings : dict
        `path` (the file), `on_bad_scan`, and `table`: names of the columns participant, age,
        session, site and sex; `exclude` (column → values), `features` and `leave_out` (patterns),
        `missing`.

    Raises
    ------
    TableError
        If the file is no table, lacks a column, or a row or a feature cannot be used.
    """
    table = open_table(settings)
    rows, excluded = usable_rows(
        people(table, settings["table"]), table.path, settings["on_bad_scan"], any_label=True
    )
    feature_values(table, settings["table"]["missing"])
    names = ("participant_id", "age", "session", "sex", "site")
    scans = [Scan(**{name: row[name] for name in names}) for row in rows]
    return Cohort(scans, [*table.excluded, *excluded])


def people(table: Table, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row per line: participant_id, session, age, sex and site, as text or None."""
    found = []
    for line in table.lines:
        row = {name: _label(line, settings[name]) for name in OPTIONAL}
        person, _, session = line[settings["participant"]].partition("_ses-")
        row["session"] = (row["session"] or session or "").removeprefix("ses-") or None
        found.append({**row, "participant_id": person, "age": _label(line, settings["age"])})
    return found


def _label(line: dict[str, str], column: str) -> str | None:
    cell = line.get(column, "")
    return None if cell in MISSING else cell


def open_table(settings: dict[str, Any]) -> Table:
    """Read the file, find its columns and part the excluded rows off."""
    path, names = Path(settings["path"]), settings["table"]
    columns, lines = read_lines(path)
    _check_columns(path, columns, names)
    lines, excluded = _exclude(path, columns, lines, names)
    if not lines:
        raise TableError(f"{path}: no row is left; see cohort.table.exclude")
    return Table(path, columns, lines, _features(path, columns, lines, names), excluded)


def read_lines(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns and the lines of a TSV or CSV file, cells stripped.

    Raises
    ------
    TableError
        If it is no such file, or a line has another number of cells than the header.
    """
    separator = SEPARATORS.get(path.suffix.lower())
    if separator is None:
        raise TableError(f"{path}: the file's name must end in .csv (commas) or .tsv (tabs)")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream, delimiter=separator, strict=True)
            cells = [(reader.line_num, [cell.strip() for cell in line]) for line in reader if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path}: cannot be read as a table ({error})") from None
    columns = cells[0][1] if cells else []
    if len(columns) < 2:
        kind = "commas" if separator == "," else "tabs"
        raise TableError(
            f"{path}: columns must be separated by {kind}; "
            f"its first line is {' '.join(columns)[:60]!r}"
        )
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise TableError(f"{path}: two columns are named {twice[0]!r}; rename one")
    for number, line in cells:
        if len(line) != len(columns):
            raise TableError(
                f"{path}: line {number} has {len(line)} cells, the header {len(columns)}"
            )
    return columns, [dict(zip(columns, line, strict=True)) for _, line in cells[1:]]


def _check_columns(path: Path, columns: list[str], names: dict[str, Any]) -> None:
    """Raise `TableError` for a named column that is not there.

    Those of session, site and sex may be absent under their usual names.
    """
    asked = [("participant", names["participant"]), ("age", names["age"])]
    asked += [(name, names[name]) for name in OPTIONAL if names[name] != name]
    asked += [("exclude", column) for column in names["exclude"]]
    for key, column in asked:
        if column not in columns:
            raise TableError(
                f"{path}: no column {column!r} (cohort.table.{key}); "
                f"it has {', '.join(columns[:6])}{' …' if len(columns) > 6 else ''}"
            )


def _exclude(
    path: Path, columns: list[str], lines: list[dict[str, str]], names: dict[str, Any]
) -> tuple[list[dict[str, str]], list[Exclusion]]:
    kept, excluded = lines, []
    for column, values in names["exclude"].items():
        unwanted = [str(value) for value in values]
        unknown = sorted(set(unwanted) - {line[column] for line in lines})
        if unknown:
            raise TableError(
                f"{path}: no row has {column} {unknown[0]!r} (cohort.table.exclude); mend its name"
            )
        out = [line for line in kept if line[column] in unwanted]
        kept = [line for line in kept if line[column] not in unwanted]
        excluded += [
            Exclusion(
                f"sub-{line[names['participant']].removeprefix('sub-')}",
                "table",
                f"{column} is {line[column]}",
            )
            for line in out
        ]
    return kept, excluded


def _features(
    path: Path, columns: list[str], lines: list[dict[str, str]], names: dict[str, Any]
) -> list[str]:
    """Return the columns to learn from: numbers, asked for and not left out."""
    taken = {names["participant"], names["age"], *(names[name] for name in OPTIONAL)}
    for key in ("features", "leave_out"):
        for pattern in names[key]:
            if not any(fnmatchcase(column, pattern) for column in columns):
                raise TableError(f"{path}: no column matches {pattern!r} (cohort.table.{key})")
    found = [column for column in columns if column not in taken and _wanted(column, names)]
    found = [column for column in found if _is_numeric(path, column, lines)]
    if not found:
        raise TableError(f"{path}: no column of numbers is left to learn from")
    return found


def _wanted(column: str, names: dict[str, Any]) -> bool:
    asked = any(fnmatchcase(column, pattern) for pattern in names["features"])
    return asked and not any(fnmatchcase(column, pattern) for pattern in names["leave_out"])


def _is_numeric(path: Path, column: str, lines: list[dict[str, str]]) -> bool:
    """Return whether a column holds numbers; one of words or nothing at all holds none."""
    cells = [line[column] for line in lines if line[column].lower() not in NO_NUMBER]
    words = [cell for cell in cells if not math.isfinite(_number(cell))]
    if words and len(words) < len(cells):
        raise TableError(
            f"{path}: column {column!r} has {words[0]!r} among numbers; "
            "mend it, or name the column in cohort.table.leave_out"
        )
    return bool(cells) and not words


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def feature_values(table: Table, missing: str) -> list[list[float]]:
    """Return the features, one list per line of the table; NaN where one is missing.

    Raises
    ------
    TableError
        With `missing` "fail" if one is.
    """
    values = [
        [
            math.nan if (cell := line[column]).lower() in NO_NUMBER else float(cell)
            for column in table.features
        ]
        for line in table.lines
    ]
    empty = [
        column
        for column, column_values in zip(table.features, zip(*values, strict=True), strict=True)
        if any(map(math.isnan, column_values))
    ]
    if empty and missing == "fail":
        count = sum(math.isnan(value) for row in values for value in row)
        raise TableError(
            f"{table.path}: values are missing ({count} in all), the first in column {empty[0]!r}. "
            "Mend the table, name the columns in cohort.table.leave_out, or set "
            "cohort.table.missing to median (of the training rows)"
        )
    return values


def check_settings(config: dict[str, Any]) -> None:
    """Raise `SettingsError` where the configuration asks of a table what only images have."""
    is_table = config["cohort"]["source"] == "table"
    if is_table != (config["cohort"]["image"] == "table"):
        raise SettingsError(
            "cohort.image: table goes with cohort.source: table, and the other way round; set both"
        )
    if not is_table:
        return
    dataset, encoder = config["dataset"], config["training"]["encoder"]
    if dataset["normalisation"] != "train":
        raise SettingsError(
            f"dataset.normalisation: {dataset['normalisation']} is for images; features of a table "
            "are z-scored with mean and SD of the training rows, set it to train"
        )
    if dataset["field_of_view"] != "own":
        raise SettingsError("dataset.field_of_view: a table has none; set it to own")
    if encoder != "mlp":
        raise SettingsError(
            f"training.encoder: {encoder} is for images; set it to mlp for a table of features"
        )
