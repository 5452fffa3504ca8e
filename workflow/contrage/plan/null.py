"""Rows that learn permuted ages: the bar of chance, drawn beside the baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contrage.errors import SettingsError

NULL = "-null"
OF_ALL = ["exp"]


def null_rows(benchmark: Mapping[str, Any], trained: Sequence[str]) -> dict[str, str]:
    """Return row → the row that it is like, for those that `benchmark.null` asks for.

    Of auto, those that are trained.

    Parameters
    ----------
    benchmark : mapping
        `null` (auto or names of rows) and `losses` (all or names of rows).
    trained : sequence of str
        The rows of `benchmark.losses`.
    """
    asked = _asked(benchmark, trained)
    return {f"{row}{NULL}": row for row in asked if row in trained}


def _asked(benchmark: Mapping[str, Any], trained: Sequence[str]) -> list[str]:
    if benchmark["null"] == "auto":
        return [row for row in OF_ALL if row in trained] if benchmark["losses"] == "all" else []
    return benchmark["null"]


def check_null(benchmark: Mapping[str, Any], trained: Sequence[str], named: Iterable[str]) -> None:
    """Raise `SettingsError` for a row that is not trained, or whose name is taken.

    Parameters
    ----------
    benchmark, trained
        As of `null_rows`.
    named : iterable of str
        Names in `losses`.
    """
    unknown = [row for row in _asked(benchmark, trained) if row not in trained]
    if unknown:
        raise SettingsError(
            f"benchmark.null: {', '.join(unknown)} is not among benchmark.losses; name rows of it, "
            "or [] for none"
        )
    taken = sorted(set(null_rows(benchmark, trained)) & {*trained, *named})
    if taken:
        raise SettingsError(
            f"losses: {taken[0]} is the name of a row of benchmark.null; call yours otherwise"
        )
