"""A table of a study as its page prints it: a line per row, headings over several lines."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from contrage.report.style import loss_colours
from contrage.settings.steps.study import TableAsked
from contrage.study.cells import SD, keys_of
from contrage.study.printed import PAPER
from contrage.study.words import label, measure, shown

P, P_OF, LEAST_P = "p", "p_", 0.001
COUNT = "n_"
"""How a column begins that counts people or scans."""


@dataclass(frozen=True)
class Head:
    """A heading over some columns.

    Attributes
    ----------
    text : str
    span : int
        How many columns it stands over.
    """

    text: str
    span: int


@dataclass(frozen=True)
class Cell:
    """A cell: what was found, and the printed number beside it ("" for none).

    Attributes
    ----------
    text, paper : str
    starts : bool
        Whether a group of columns begins with it.
    """

    text: str
    paper: str
    starts: bool


@dataclass(frozen=True)
class WideTable:
    """A table for the template.

    Attributes
    ----------
    corner : tuple of str
        What the first columns say.
    heads : tuple of tuple of Head
        Lines of headings over the other columns.
    lines : tuple of (tuple of str, str, tuple of Cell)
        Each line's own words, its colour, and its cells.
    """

    corner: tuple[str, ...]
    heads: tuple[tuple[Head, ...], ...]
    lines: tuple[tuple[tuple[str, ...], str, tuple[Cell, ...]], ...]

    @property
    def has_paper(self) -> bool:
        """Whether printed numbers stand beside those found."""
        return any(cell.paper for _, _, cells in self.lines for cell in cells)


def widened(asked: TableAsked, found: pd.DataFrame, labels: Mapping[str, str]) -> WideTable:
    """Return a table of a line per cell (`contrage.study.cells.tidy`) as it is printed.

    Parameters
    ----------
    asked : TableAsked
    found : DataFrame
    labels : mapping of str to str
    """
    rows, columns = (list(dict.fromkeys(keys_of(found, n))) for n in (asked.rows, asked.columns))
    across = [(*key, value) for key in columns for value in asked.values]
    keys = keys_of(found, [*asked.rows, *asked.columns])
    at = dict(zip(keys, found.index, strict=True))
    colours = loss_colours(key[0] for key in rows) if asked.rows == ("row",) else {}
    n = len(asked.values)
    lines = []
    for row in rows:
        cells = [
            _cell(found, at.get((*row, *key[:-1])), key[-1], i % n == 0)
            for i, key in enumerate(across)
        ]
        words = tuple(label(each, labels) for each in row)
        lines.append((words, colours.get(row[0], ""), tuple(cells)))
    depth = len(asked.columns) + 1
    shown_levels = [i for i in range(depth) if i < depth - 1 or n > 1 or not asked.columns]
    texts = [[label(key[i], labels) for key in across] for i in range(depth - 1)]
    texts.append([measure(key[-1], labels) for key in across])
    heads = _heads(texts, shown_levels)
    return WideTable(tuple(measure(each, labels) for each in asked.rows), heads, tuple(lines))


def _heads(texts: list[list[str]], levels: Sequence[int]) -> tuple[tuple[Head, ...], ...]:
    """Return lines of headings; equal neighbours below one heading are one."""
    lines = []
    for level in levels:
        paths = list(zip(*(texts[i] for i in levels if i <= level), strict=True))
        heads = [Head(path[-1], len(list(group))) for path, group in itertools.groupby(paths)]
        lines.append(tuple(heads))
    return tuple(lines)


def _text(number: float, column: str) -> str:
    """Return a number as its column wants it: people are counted, and small p have a limit."""
    if (column == P or column.startswith(P_OF)) and number < LEAST_P:
        return f"< {LEAST_P}"
    return f"{number:.0f}" if column.startswith(COUNT) and number.is_integer() else shown(number)


def _cell(found: pd.DataFrame, index: int | None, value: str, starts: bool) -> Cell:
    if index is None or pd.isna(found.at[index, value]):
        text = ""
    else:
        number = float(found.at[index, value])
        text = _text(number, value.rpartition(".")[2])
        sd = f"{value}{SD}"
        if sd in found and pd.notna(found.at[index, sd]):
            text += f" ± {shown(float(found.at[index, sd]))}"
    paper = f"{value}{PAPER}"
    printed = index is not None and paper in found and pd.notna(found.at[index, paper])
    return Cell(text, shown(float(found.at[index, paper])) if printed else "", starts)
