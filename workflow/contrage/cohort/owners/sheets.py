"""Tables of owners that may also be sheets of a spreadsheet."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from contrage.errors import TableError
from contrage.tables import Table, read_table


def read_sheet(path: Path) -> Table:
    """Read a table as `contrage.tables.read_table`, or the first sheet of an .xlsx.

    Raises
    ------
    TableError
        If it cannot be read, two columns have one name, or a line has cells that no column names.
    """
    if path.suffix.lower() != ".xlsx":
        return read_table(path)
    lines = _lines(path)
    if not lines:
        raise TableError(f"{path}: is empty; it needs a line of column names")
    columns = lines[0][1]
    while columns and not columns[-1]:
        columns = columns[:-1]
    if len(set(columns)) < len(columns):
        raise TableError(f"{path}: two columns have one name; rename one")
    body = lines[1:]
    rows = [_row(path, columns, number, cells) for number, cells in body]
    return Table(path, columns, rows, [number for number, _ in body])


def _row(path: Path, columns: list[str], number: int, cells: list[str]) -> dict[str, str]:
    """Return a line by its columns; a sheet may end its lines early."""
    if any(cells[len(columns) :]):
        raise TableError(
            f"{path}: line {number} has cells beyond the {len(columns)} columns that are named; "
            "name them, or remove them"
        )
    return dict(zip_longest(columns, cells[: len(columns)], fillvalue=""))


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines of the first sheet that are not empty, with their numbers."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        lines = book.worksheets[0].iter_rows(values_only=True)
        sheet = [[_text(cell) for cell in row] for row in lines]
    except Exception as error:  # openpyxl's, zipfile's, those of XML
        message = " ".join(str(error).split())[:100]
        raise TableError(f"{path}: cannot be read as a spreadsheet ({message})") from error
    book.close()
    return [(number, cells) for number, cells in enumerate(sheet, 1) if any(cells)]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()
