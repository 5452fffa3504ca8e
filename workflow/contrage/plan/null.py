"""Rows that learn permuted ages: the bar of chance, drawn beside the baselines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contrage.errors import SettingsError

NULL = "-null"
DEFAULT = ["exp"]


def null_rows(asked: Iterable[str], trained: Sequence[str]) -> dict[str, str]:
    """Return row → the row that it is like, for those of `benchmark.null` that are trained."""
    return {f"{row}{NULL}": row for row in asked if row in trained}


def check_null(asked: list[str], trained: Sequence[str], named: Iterable[str]) -> None:
    """Raise `SettingsError` for a row that is not trained, or whose name is taken.

    Parameters
    ----------
    asked : list of str
        `benchmark.null`; its default says nothing about losses that were chosen.
    trained : sequence of str
        The rows of `benchmark.losses`.
    named : iterable of str
        Names in `losses`.
    """
    unknown = [row for row in asked if row not in trained]
    if unknown and asked != DEFAULT:
        raise SettingsError(
            f"benchmark.null: {', '.join(unknown)} is not among benchmark.losses; name rows of it, "
            "or [] for none"
        )
    taken = sorted(set(null_rows(asked, trained)) & {*trained, *named})
    if taken:
        raise SettingsError(
            f"losses: {taken[0]} is the name of a row of benchmark.null; call yours otherwise"
        )
