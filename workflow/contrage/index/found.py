"""Experiments and studies of a results folder, as their tables and records tell them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from contrage.errors import ContrageError
from contrage.files import read_json
from contrage.layout import Results, StudyResults
from contrage.settings.build import build
from contrage.tables import read_tsv
from contrage.target_words import TargetInWords

log = logging.getLogger(__name__)

MEASURES = {"mae": True, "bacc": False}
"""Tables that compare rows, and whether less is better."""


@dataclass(frozen=True)
class InIndex:
    """A line of the page.

    Attributes
    ----------
    name : str
        The folder's.
    page : Path
        Its report.
    is_study : bool
    written : datetime
        When the report was, UTC.
    meant : dict or None
        The whole configuration; None of a study, and of reports that have no record beside them.
    measure : str
        mae or bacc; empty where there is no such table.
    table : DataFrame
        Of the rows, the best first; empty where there is none.
    """

    name: str
    page: Path
    is_study: bool
    written: datetime
    meant: Mapping[str, Any] | None
    measure: str
    table: pd.DataFrame

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.page.parent

    @property
    def cohort(self) -> str:
        """Its cohort's name."""
        return str(self.meant["cohort"]["name"]) if self.meant else ""

    @property
    def target(self) -> TargetInWords | None:
        """What it predicts, where that is known."""
        return build(TargetInWords, self.meant["target"]) if self.meant else None

    @property
    def seeds(self) -> list[int]:
        """Of the trainings."""
        return list(self.meant["training"]["seeds"]) if self.meant else []


def entries(results: Path) -> list[InIndex]:
    """Return all experiments and studies of a folder that have a page, the newest first.

    What cannot be read is left out, and the log says why.
    """
    found = []
    for folder in sorted(path for path in Path(results).iterdir() if path.is_dir()):
        try:
            own = list(_of_folder(folder))
            for each in own:
                _ = each.cohort, each.target, each.seeds  # of a record of another version
            found += own
        except (ContrageError, OSError, KeyError, TypeError, ValueError) as error:
            log.warning("%s: cannot be read (%s), and is not in the index", folder, error)
    return sorted(found, key=lambda each: each.written, reverse=True)


def _of_folder(folder: Path) -> Iterator[InIndex]:
    page, study = folder / Results.page, folder / StudyResults.page
    if study.is_file():
        yield InIndex(folder.name, study, True, _changed(study), None, "", pd.DataFrame())
    if not page.is_file():
        return
    record = folder / Results.provenance
    told = read_json(record) if record.is_file() else None
    written = datetime.fromisoformat(told["written"]) if told else _changed(page)
    meant = told["settings"]["config"] if told else None
    yield InIndex(folder.name, page, False, written, meant, *_table(folder))


def _table(folder: Path) -> tuple[str, pd.DataFrame]:
    """Return the measure that rows are compared by, and their table, the best first."""
    for measure, less in MEASURES.items():
        file = Path(Results.at(str(folder)).table(measure))
        if file.is_file() and len(table := read_tsv(file)):
            return measure, table.sort_values(f"{measure}_mean", ascending=less, kind="stable")
    return "", pd.DataFrame()


def _changed(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
