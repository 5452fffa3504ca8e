"""Columns that are kept beside age, sex and site: where an owner's tables have them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from contrage.errors import TableError, few
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import Table, is_missing

Row = Mapping[str, str] | None


class KeptColumns:
    """Where each column of `cohort.columns` comes from.

    Parameters
    ----------
    settings : CohortStep
    own : sequence of str
        Columns that the source itself makes; they count more than those of tables.
    tables : sequence of Table
        Where the others are looked for, in this order.

    Raises
    ------
    TableError
        If a column is in none of them.
    """

    def __init__(
        self, settings: CohortStep, own: Sequence[str], tables: Sequence[Table] = ()
    ) -> None:
        self._own = [name for name in settings.columns if name in own]
        self._places: dict[str, tuple[int, str]] = {}
        for name in settings.columns:
            if name not in own:
                self._places[name] = _place(name, settings, own, tables)

    def of(self, own: Mapping[str, str | None], rows: Sequence[Row] = ()) -> dict[str, str | None]:
        """Return what is kept of a scan.

        Parameters
        ----------
        own : mapping
            What the source itself says.
        rows : sequence of mappings or None
            The scan's line in each table; None where it has none.
        """
        kept = {name: own[name] for name in self._own}
        for name, (place, column) in self._places.items():
            row = rows[place]
            kept[name] = None if row is None else told(row[column])
        return kept


def told(cell: str, codes: Container[str] = ()) -> str | None:
    """Return what a cell says; None where it is missing, or one of the owner's codes of that."""
    return None if is_missing(cell) or cell in codes else cell


def _place(
    name: str, settings: CohortStep, own: Sequence[str], tables: Sequence[Table]
) -> tuple[int, str]:
    for place, table in enumerate(tables):
        column = table.find(name)
        if column is not None:
            return place, column
    key = _asked_by(name, settings)
    looked = few([table.path.name for table in tables]) or "its tables"
    beside = f"; besides there are {few(own, most=len(own))}" if own else ""
    raise TableError(f"{key}: {settings.path}: no column {name!r} in {looked}{beside}")


def _asked_by(name: str, settings: CohortStep) -> str:
    """Return the configuration's key that asks for a column."""
    if name in settings.asked_by:
        return settings.asked_by[name]
    is_target = settings.target is not None and settings.target.column == name
    return "target.column" if is_target else "cohort.columns"
