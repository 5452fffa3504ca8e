"""Random search: what is drawn for a row, from which ranges.

Nothing here reads data: the draws follow from the configuration, so that each is a job of its own.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from contrage.errors import SettingsError

DIGITS = 4  # that count, of a drawn number: what is printed is what was trained with
KINDS = ("integer", "float", "log")

Range = Mapping[str, Any] | Sequence[Any]


def draw_settings(
    ranges: Mapping[str, Range], draws: int, seed: int, row: str
) -> list[dict[str, Any]]:
    """Draw settings of a row's loss, independently and evenly over each range.

    Every number follows from the seed, the row, the setting and the number of its draw alone:
    more draws, another row or another setting leave those that there are as they were, and jobs
    that are done stay done.

    Parameters
    ----------
    ranges : mapping
        Setting → `{low, high, kind}`, both ends possible, or a list of choices. Kinds: "integer";
        "float"; "log", even in the logarithm. Numbers are rounded to four digits that count.
    draws : int
        How many.
    seed : int
        Of the search.
    row : str
        Name of the row.

    Returns
    -------
    list of dict
        Setting → value.
    """
    return [
        {name: _value(ranges[name], _chance(seed, row, name, number)) for name in sorted(ranges)}
        for number in range(draws)
    ]


def check_ranges(row: str, ranges: Mapping[str, Range], known: Sequence[str]) -> None:
    """Raise `SettingsError` for a range that cannot be drawn from.

    Parameters
    ----------
    row : str
        Named in the message.
    ranges : mapping
        As for `draw_settings`.
    known : sequence of str
        The settings that the row's loss has.
    """
    if unknown := sorted(set(ranges) - set(known)):
        raise SettingsError(
            f"search.rows.{row}: its loss has no setting {', '.join(unknown)}; "
            f"it has {', '.join(known) or 'none'}"
        )
    if not ranges:
        raise SettingsError(f"search.rows.{row}: name at least one setting to search")
    for name, wanted in ranges.items():
        if reason := _fault(wanted):
            raise SettingsError(f"search.rows.{row}.{name}: {reason}")


def _fault(wanted: Range) -> str | None:
    """Say what is wrong with a range, None where nothing is."""
    if not isinstance(wanted, Mapping):
        return None if len(wanted) else "the list of choices is empty"
    low, high, kind = (wanted.get(key) for key in ("low", "high", "kind"))
    if kind not in KINDS:
        return f"kind {kind!r} is none of {', '.join(KINDS)}"
    for key, value in (("low", low), ("high", high)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            return f"{key} {value!r} is no number"
        if kind == "integer" and value != int(value):
            return f"{key} {value} is no whole number, but kind is integer"
    if low > high:
        return f"low {low} is above high {high}"
    if kind == "log" and low <= 0:
        return f"low {low} has no logarithm; kind log needs numbers above 0"
    return None


def _chance(seed: int, row: str, name: str, number: int) -> float:
    """Return a number from 0 to below 1; Python promises the same one for the same text."""
    return random.Random(f"{seed}/{row}/{name}/{number}").random()


def _value(wanted: Range, chance: float) -> Any:
    if not isinstance(wanted, Mapping):
        return wanted[int(chance * len(wanted))]
    low, high = wanted["low"], wanted["high"]
    if wanted["kind"] == "integer":
        return int(low) + int(chance * (int(high) - int(low) + 1))
    even = low + chance * (high - low)
    value = low * (high / low) ** chance if wanted["kind"] == "log" else even
    # Rounding may pass an end of the range.
    return float(min(max(float(f"{value:.{DIGITS}g}"), low), high))
