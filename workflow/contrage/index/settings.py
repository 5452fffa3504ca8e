"""A configuration as lines of key and value, without the names of people."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from contrage.layout import Results
from contrage.report.ids import Hider, counted
from contrage.report.text import without_folders
from contrage.tables import read_tsv


def lines(meant: Mapping[str, Any], people: Collection[str]) -> dict[str, str]:
    """Return dotted key → value as text.

    Parameters
    ----------
    meant : mapping
        The whole configuration.
    people : collection of str
        Ids, which are told nowhere.
    """
    hide = Hider(people)
    told = _flat(counted(without_folders(dict(meant))))
    return {hide(key): hide(value) for key, value in told}


def people_of(experiment: Path) -> set[str]:
    """Return the ids of an experiment's participants, and of those who were left out."""
    results = Results.at(str(experiment))
    files = [Path(path) for path in (results.scans, results.left_out)]
    tables = [read_tsv(file, as_text=True) for file in files if file.is_file()]
    return {name for table in tables for name in table["participant_id"].dropna()}


def _flat(block: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in block.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{key}.")
        else:
            yield key, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_text(each)}' for key, each in value.items())}}}"
    return str(value)
