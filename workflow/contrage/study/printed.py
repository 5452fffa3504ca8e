"""Printed numbers beside those that were found, each of the cell that it is of."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from contrage.errors import TableError, few
from contrage.settings.steps.study import StudyOverlay, TableAsked
from contrage.study.cells import MISSING, keys_of, told_of
from contrage.study.words import heading, label

PAPER = "_paper"


def cells(
    asked: TableAsked, overlays: Iterable[StudyOverlay], labels: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return the cells that have a printed number: column of the table → name.

    A heading that stands for several names gives all, one of fewer parts than columns none.
    """
    known: dict[str, list[str]] = {}
    for overlay in (each for each in overlays if each.name in asked.overlays):
        for column, names in told_of(overlay).items():
            known.setdefault(column, []).extend(names)
    found = []
    for printed in asked.paper.values():
        for head, by_row in printed.items():
            parts = head.split("/") if asked.columns else []
            if len(parts) != len(asked.columns):
                continue
            named = [
                _names(part, known.get(column), labels)
                for column, part in zip(asked.columns, parts, strict=True)
            ]
            for key, names in itertools.product(by_row, itertools.product(*named)):
                rows = key.split("/") if len(asked.rows) > 1 else [key]
                if len(rows) == len(asked.rows):
                    of_rows = dict(zip(asked.rows, rows, strict=True))
                    found.append(dict(zip(asked.columns, names, strict=True)) | of_rows)
    return found


def _names(words: str, known: Sequence[str] | None, labels: Mapping[str, str]) -> list[str]:
    """Return the names that readers are shown as some words."""
    if known is not None:
        return list(dict.fromkeys(each for each in known if label(each, labels) == words))
    return [name for name, said in labels.items() if said == words] or [words]


def beside(
    name: str,
    asked: TableAsked,
    found: pd.DataFrame,
    overlays: Iterable[StudyOverlay],
    labels: Mapping[str, str],
) -> pd.DataFrame:
    """Return a table's cells with the printed numbers, <value>_paper after each value.

    Raises
    ------
    TableError
        If a printed number is of no cell, or of several; cells of overlays that are not here are
        not known, and not looked for.
    """
    heads = [heading(parts, labels) for parts in keys_of(found, asked.columns)]
    rows = ["/".join(parts) for parts in keys_of(found, asked.rows)]
    away = [each for each in overlays if each.name in asked.overlays and not each.is_here]
    for value, printed in asked.paper.items():
        key = f"tables.{name}.paper"
        if value not in asked.values:
            raise TableError(f"{key}: {value} is none of its values")
        for head, by_row in printed.items():
            if any(_may_have(each, asked, head, labels) for each in away):
                continue
            _check(f"{key}.{value}", head, by_row, heads, rows)
        _check_one_each(f"{key}.{value}", printed, heads, keys_of(found, asked.columns))
        numbers = [
            printed[head][row] if head in printed and row in printed[head] else None
            for head, row in zip(heads, rows, strict=True)
        ]
        at = found.columns.get_indexer([value])[0] + 1
        found.insert(int(at), f"{value}{PAPER}", numbers)
    return found


def _may_have(
    overlay: StudyOverlay, asked: TableAsked, head: str, labels: Mapping[str, str]
) -> bool:
    """Return whether a column of an overlay could have a heading."""
    told = {column: names for column, names in told_of(overlay).items() if column in asked.columns}
    parts = head.split("/")
    return all(any(label(each, labels) in parts for each in names) for names in told.values())


def _check(
    key: str, head: str, by_row: Iterable[str], heads: Sequence[str], rows: Sequence[str]
) -> None:
    """Refuse a heading and rows that the table does not have."""
    there = [row for each, row in zip(heads, rows, strict=True) if each == head]
    if not there:
        known = ", ".join(sorted(set(heads)))
        raise TableError(f"{key}: no column is called {head!r}; there are {known}")
    if unknown := [row for row in by_row if row not in there]:
        raise TableError(
            f"{key}: {head or 'the table'} has no row {unknown[0]!r}; it has {few(there, most=8)}"
        )


def _check_one_each(
    key: str,
    printed: Mapping[str, object],
    heads: Sequence[str],
    columns: Sequence[tuple[str, ...]],
) -> None:
    """Refuse a printed number of a heading that several columns have."""
    for head in printed:
        same = {each for each, own in zip(columns, heads, strict=True) if own == head}
        if len(same) > 1 and not any(MISSING in each for each in same):
            told = " and ".join(sorted("/".join(each) for each in same))
            raise TableError(
                f"{key}: {told} are called {head!r} alike; give them labels of their own"
            )
