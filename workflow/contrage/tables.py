"""Tables as files, TSV and CSV: the one strict reader, and the writer, of all of the package.

BIDS tables have no quoting: a quotation mark in a TSV is a character like any other, unless the
header itself stands in quotation marks, as R writes it. CSV has quoting (RFC 4180).
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.decode import LINE_END, read_text
from contrage.errors import TableError, few
from contrage.files import atomic, require_end

if TYPE_CHECKING:
    import pandas as pd

MISSING = ("", "n/a")
UNKNOWN = (*MISSING, "na", "nan", "null", ".")
"""Cells of other people's tables that say nothing, in any case."""
LABELS = ("participant_id", "session", "session_id", "scan_id", "sex", "site", "split", "loss")
"""Columns of identifiers and labels, which stay text."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True)
class Table:
    """A file's cells as text, without blank rows.

    Attributes
    ----------
    path : Path
    columns : list of str
        Their names, each once, as they stand there but for spaces around them.
    rows : list of dict
        Column → cell, stripped.
    numbers : list of int
        On which line of the file each row begins, counted from 1.
    """

    path: Path
    columns: list[str]
    rows: list[dict[str, str]]
    numbers: list[int]

    def column(self, name: str, key: str = "") -> str:
        """Return the column of a name, also where case, spaces or hyphens differ.

        Parameters
        ----------
        name : str
        key : str
            The configuration's key that says the name, for the message.

        Raises
        ------
        TableError
            If there is none, or there are several that differ from it alike.
        """
        found = self.find(name)
        if found is not None:
            return found
        if len(self.columns) == 1:
            raise TableError(
                f"{self.path}: columns must be separated by tabs, in a .csv by commas or "
                f"semicolons; its first line is {self.columns[0][:60]!r}"
            )
        close = nearest(name, self.columns)
        raise TableError(
            f"{self.path}: no column {name!r}{f' ({key})' if key else ''}; "
            + (f"did you mean {close!r}? It" if close else "it")
            + f" has {few(self.columns, most=6) or 'no columns'}"
        )

    def find(self, name: str) -> str | None:
        """Return the column of a name as `column` does, None where there is none."""
        if name in self.columns:
            return name
        alike = [column for column in self.columns if plain(column) == plain(name) != ""]
        if len(alike) > 1:
            raise TableError(
                f"{self.path}: {' and '.join(map(repr, alike))} are both column {name!r}; "
                "rename one"
            )
        return alike[0] if alike else None


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of some names that a mistyped one most likely means, if any is like it."""
    known: dict[str, str] = {}
    for each in names:
        known.setdefault(plain(each), each)
    wanted = plain(name)
    close = difflib.get_close_matches(wanted, known, n=1, cutoff=0.6)
    if not close:
        close = [each for each in known if wanted and each.startswith(wanted)]
    return known[close[0]] if close else None


def plain(name: str) -> str:
    """Return a name without what people write differently: case, spaces, hyphens."""
    return re.sub(r"[\W_]+", "", name.casefold())


def read_table(path: Path | str) -> Table:
    """Read a table strictly: commas or semicolons where the name ends in .csv, else tabs.

    UTF-8, with or without a mark, and UTF-16 with one are read; a tab too many at the end of rows
    is no cell, a row of empty cells no row.

    Raises
    ------
    TableError
        If the file cannot be read or is no table of text; a row has another number of cells than
        the header; two columns have one name. The line is named.
    CutFileError
        If it is a table of results/ that was cut.
    """
    path = Path(path)
    text = read_text(path)
    require_end(path)
    separator = _separator(path, text)
    lines = _cells(path, text, separator)
    if not lines:
        raise TableError(f"{path}: is empty; it needs a line of column names")
    (_, columns), body = lines[0], lines[1:]
    while columns and not columns[-1] and all(not any(c[len(columns) - 1 :]) for _, c in body):
        columns = columns[:-1]
    _check_header(path, columns)
    rows, numbers = [], []
    for number, cells in body:
        while len(cells) > len(columns) and not cells[-1]:
            cells = cells[:-1]
        if len(cells) != len(columns):
            raise TableError(_ragged(path, number, cells, columns, separator))
        if any(cells):
            rows.append(dict(zip(columns, cells, strict=True)))
            numbers.append(number)
    return Table(path, columns, rows, numbers)


def _separator(path: Path, text: str) -> str:
    if path.suffix.lower() != ".csv":
        return "\t"
    head = LINE_END.split(text, maxsplit=1)[0]
    if declared := re.fullmatch(r"sep=([,;\t])", head.strip().lower()):
        return declared[1]
    unquoted = re.sub(r'"[^"]*"', "", head)
    return max(SEPARATORS, key=unquoted.count)  # of none at all: commas


def _cells(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Return the number and the stripped cells of every line that is not blank."""
    if path.suffix.lower() != ".csv" and not _is_quoted(text):
        split = [line.split("\t") for line in LINE_END.split(text)]
        lines = [[cell.strip() for cell in cells] for cells in split]
        return [(number, cells) for number, cells in enumerate(lines, 1) if cells != [""]]
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=separator, strict=True, skipinitialspace=True)
    found, start = [], 1
    try:
        for cells in reader:
            if any("\n" in cell or "\r" in cell for cell in cells):
                _check_cells(path, start, cells, separator, found)
            if cells and not (start == 1 and re.fullmatch(r"(?i)sep=[,;\t]?", "".join(cells))):
                found.append((start, [cell.strip() for cell in cells]))
            start = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{path}: line {start}: {error}; does a quotation mark stand alone there?"
        ) from None
    return found


def _check_cells(
    path: Path, number: int, cells: list[str], separator: str, before: list[tuple[int, list[str]]]
) -> None:
    """Refuse a cell that holds whole rows, between two quotation marks that are no pair."""
    row = len(before[0][1]) - 1 if before else 1
    parts = [LINE_END.split(cell) for cell in cells]
    inner = [line for lines in parts for line in lines[1:-1]]
    ends = [lines[-1] for lines in parts if len(lines) > 1 and row > 1]
    swallowed = any(line.count(separator) >= max(1, row - 1) for line in inner)
    if swallowed or any(line.count(separator) >= row for line in ends):
        raise TableError(
            f"{path}: line {number}: a quotation mark opens a cell that holds whole rows; remove it"
        )


def _is_quoted(text: str) -> bool:
    """Whether a TSV's header stands in quotation marks: then its cells do as well (R does so)."""
    head = LINE_END.split(text, maxsplit=1)[0].split("\t")
    return all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in map(str.strip, head))


def _check_header(path: Path, columns: list[str]) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise TableError(f"{path}: two columns are named {twice[0]!r}; rename one")


def _ragged(path: Path, number: int, cells: list[str], columns: list[str], separator: str) -> str:
    message = f"{path}: line {number} has {len(cells)} cells, the header {len(columns)}"
    if len(columns) == 1:
        return f"{message}; columns must be separated by {SEPARATORS[separator]}"
    if len(cells) == len(columns) + 1:
        kind = SEPARATORS[separator].removesuffix("s")
        return f"{message}; does a column have no name, or a cell a {kind} in it?"
    return message


def is_missing(cell: str | None) -> bool:
    """Return whether a cell of somebody's table says nothing."""
    return cell is None or cell.strip().lower() in UNKNOWN


def read_tsv(path: Path | str, as_text: bool = False) -> pd.DataFrame:
    """Read a tab-separated table; numbers are numbers, columns of `LABELS` stay text.

    "n/a" (BIDS) and empty cells become missing values.

    Parameters
    ----------
    path : Path or str
    as_text : bool
        Whether all columns stay text.

    Raises
    ------
    TableError
        As `read_table` does.
    """
    import pandas as pd

    table = read_table(path)
    lines = [table.columns, *(row.values() for row in table.rows)]
    return pd.read_csv(
        io.StringIO("\n".join("\t".join(cells or "n/a" for cells in line) for line in lines)),
        sep="\t",
        dtype=str if as_text else dict.fromkeys(LABELS, str),
        na_values=list(MISSING),
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
    )


def write_tsv(path: Path, frame: pd.DataFrame) -> None:
    """Write a tab-separated table without quoting; missing values become "n/a" as in BIDS.

    A tab or an end of line inside a cell becomes a space.
    """
    clean = frame.map(_one_line)
    with atomic(path) as temporary:
        clean.to_csv(
            temporary,
            sep="\t",
            index=False,
            na_rep="n/a",
            lineterminator="\n",
            quoting=csv.QUOTE_NONE,
            encoding="utf-8",
        )


def write_rows(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write lines as TSV without pandas, whose import takes longer than most of them.

    Parameters
    ----------
    path : Path
    columns : list of str
    rows : iterable of mappings
        Column → value; one that is not there, or None, becomes "n/a".
    """
    lines = ["\t".join(columns)]
    for row in rows:
        cells = (row.get(column) for column in columns)
        lines.append("\t".join("n/a" if cell is None else str(_one_line(cell)) for cell in cells))
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")


def write_csv(
    path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]], quoted: bool = False
) -> None:
    """Write lines as CSV, as owners of cohorts hand their tables out.

    Parameters
    ----------
    path : Path
    columns : list of str
    rows : iterable of mappings
        Column → value; one that is not there, or None, is an empty cell.
    quoted : bool
        Whether every cell stands in quotation marks, or those alone that need them.
    """
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=quoting, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column) for column in columns] for row in rows)


def _one_line(value: Any) -> Any:
    return re.sub(r"[\t\r\n]+", " ", value) if isinstance(value, str) else value
