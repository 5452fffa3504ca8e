"""Numbers and names as the page prints them."""

from __future__ import annotations

import re
from typing import Any

MISSING = "n/a"
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:[^\s/:'\",]+/)+([^\s/:'\",]+)")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def missing(value: Any) -> bool:
    """Return whether a cell of a table is empty."""
    return value is None or value != value or value == ""


def number(value: Any, digits: int = 2) -> str:
    """Return a number with a true minus sign, or "n/a"."""
    if missing(value):
        return MISSING
    text = f"{float(value):,.{digits}f}".replace(",", "\u202f")
    return text.replace("-", "\u2212") if float(text.replace("\u202f", "")) else text.lstrip("-")


def plus_minus(mean: Any, spread: Any, digits: int = 2) -> str:
    """Return "mean ± SD"; a single seed has no SD, which is said."""
    if missing(mean):
        return MISSING
    return f"{number(mean, digits)} ± {number(spread, digits)}"


def interval(low: Any, high: Any, digits: int = 2) -> str:
    """Return "low to high", or "n/a"."""
    if missing(low) or missing(high):
        return MISSING
    return f"{number(low, digits)} to {number(high, digits)}"


def p_value(value: Any) -> str:
    """Return a p-value with two digits that count, never "0.00"."""
    if missing(value):
        return MISSING
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def millions(value: float) -> str:
    """Return a number of parameters with three digits: "33.2 million" or "0.161 million"."""
    digits = next((places for places, top in ((1, 10), (2, 1)) if value >= top * 1e6), 3)
    return f"{number(value / 1e6, digits)} million"


def percent(value: Any, digits: int = 1) -> str:
    """Return a fraction as a percentage."""
    return MISSING if missing(value) else f"{number(100 * float(value), digits)} %"


def duration(seconds: Any) -> str:
    """Return seconds as "8.1 s", "3 min 05 s" or "2 h 07 min"."""
    if missing(seconds):
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(value: int, one: str, many: str | None = None) -> str:
    """Return "1 scan" or "2 scans"."""
    return f"{value} {one if value == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def spelled(value: int) -> str:
    """Return small numbers as words."""
    return WORDS[value] if 0 <= value < len(WORDS) else str(value)


def without_folders(content: Any) -> Any:
    """Shorten absolute paths to the file's name: a report is passed on, a machine's folders not.

    Parameters
    ----------
    content : str, dict, list or other
        Searched to any depth; what is neither text nor a container is returned as it is.
    """
    if isinstance(content, dict):
        return {key: without_folders(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_folders(value) for value in content]
    if not isinstance(content, str):
        return content
    head, colon, rest = content.partition(": ")
    if head.startswith("/"):  # a path by itself or before a reason; it may have spaces
        head = f"…/{head.rstrip('/').rpartition('/')[2]}"
    return ABSOLUTE.sub(r"…/\1", head + colon + rest)
