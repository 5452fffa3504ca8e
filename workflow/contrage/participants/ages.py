"""Ages as tables tell them, and rows that may stand there once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

from contrage.errors import TableError
from contrage.participants.described import Unit

_NUMBER = re.compile(r"[-+]?((\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|inf)")


def age_in_years(
    value: object,
    unit: Unit,
    limits: tuple[float, float],
) -> float:
    """Return an age as a number of years.

    Raises
    ------
    ValueError
        If it is missing, not a number or outside the limits. The message says which.
    """
    if text_or_none(value) is None or str(value).strip().lower() == "n/a":
        raise ValueError("age is missing")
    number = age_as_told(value)
    if math.isnan(number):
        comma = "; write a decimal point" if re.fullmatch(r"\s*\d+,\d+\s*", str(value)) else ""
        raise ValueError(f"age {value!r} is not a number{comma}")
    age = number / unit.per_year
    low, high = limits
    if not math.isfinite(age) or not low <= age <= high:
        told = "" if unit.name == "years" else f" {unit.name} are {age:.4g} years, which"
        raise ValueError(f"age {value}{told} is outside {low:g}-{high:g} years")
    return age


def age_as_told(value: object) -> float:
    """Return an age in the table's own unit, NaN where it is no number."""
    text = str(value).strip()
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def text_or_none(value: object) -> str | None:
    """Return a cell as text, None where it is empty or missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value).strip() or None


def check_unique(ids: Iterable[str], table: Path) -> None:
    """Raise `TableError` if an id stands twice."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise TableError(f"{table}: {name} stands there twice; keep one row per scan")
        seen.add(name)
