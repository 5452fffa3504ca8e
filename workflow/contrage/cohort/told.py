"""What the JSON beside a table says of its columns: the unit of ages, the meaning of codes."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from contrage.errors import TableError

PER_YEAR = {"years": 1.0, "months": 12.0, "weeks": 365.25 / 7, "days": 365.25}
_WORDS = {
    "years": ("year", "years", "yr", "yrs", "y", "a", "jahr", "jahre", "annum", "yo"),
    "months": ("month", "months", "mo", "mos", "mon", "m", "monat", "monate"),
    "weeks": ("week", "weeks", "wk", "wks", "w", "woche", "wochen"),
    "days": ("day", "days", "d", "tag", "tage"),
}
_IN_WORDS = re.compile(r"\b(?:in|\()\s*(?:completed\s+|full\s+)?(months?|weeks?|days?)\b", re.I)
SEXES = {
    **dict.fromkeys(("f", "female", "w", "woman", "girl", "weiblich", "femme"), "F"),
    **dict.fromkeys(("m", "male", "man", "boy", "männlich", "homme"), "M"),
}
HIGHEST_MEDIAN, ALL_BELOW = 120.0, 2.0


@dataclass(frozen=True)
class Unit:
    """In what a table gives ages.

    Attributes
    ----------
    name : str
        A key of `PER_YEAR`.
    source : str
        Where that is said; empty where it is assumed.
    """

    name: str = "years"
    source: str = ""

    @property
    def per_year(self) -> float:
        """How many of it are a year."""
        return PER_YEAR[self.name]


def described(table: Path, *others: Path) -> tuple[dict[str, Any], list[Path]]:
    """Return what JSON files say of a table's columns, and those files that there are.

    Parameters
    ----------
    table : Path
        The JSON of the same name beside it counts most.
    *others : Path
        Further files, each with less weight than those before.

    Raises
    ------
    TableError
        If a file is no JSON object.
    """
    files = [file for file in (table.with_suffix(".json"), *others) if file.is_file()]
    columns: dict[str, Any] = {}
    for file in reversed(files):
        try:
            content = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise TableError(f"{file}: cannot be read as JSON ({error})") from None
        if not isinstance(content, dict):
            raise TableError(f"{file}: must be a JSON object: column to its description")
        columns |= {name: {**each, "_file": str(file)} for name, each in content.items()
                    if isinstance(each, dict)}  # fmt: skip
    return columns, files


def unit_of_ages(declared: str, columns: dict[str, Any], name: str) -> Unit:
    """Return the unit of ages: as the configuration says, else as the JSON says, else years.

    Parameters
    ----------
    declared : str
        `cohort.age_unit`: auto, or a key of `PER_YEAR`.
    columns : dict
        As `described` returns it.
    name : str
        The column of ages.

    Raises
    ------
    TableError
        If the JSON names a unit that is none of time, or speaks of months, weeks or days in the
        description alone.
    """
    if declared != "auto":
        return Unit(declared, "cohort.age_unit")
    entry = _entry(columns, name)
    said = next((entry[key] for key in entry if key.casefold() in ("units", "unit")), None)
    if said is None or not str(said).strip():
        hint = _IN_WORDS.search(str(entry.get("Description", "")))
        if hint:
            raise TableError(
                f"{entry['_file']}: the description of {name!r} speaks of {hint[1]}, but there are "
                "no Units; add them, or set cohort.age_unit"
            )
        return Unit()
    word = str(said).strip().strip("[]().").casefold()
    for unit, words in _WORDS.items():
        if word in words:
            return Unit(unit, entry["_file"])
    raise TableError(
        f"{entry['_file']}: {name!r} has the unit {said!r}, which is none of years, months, weeks, "
        "days; mend it, or set cohort.age_unit"
    )


def check_ages(ages: list[float], unit: Unit, table: Path) -> None:
    """Refuse ages that cannot be years where nobody has said their unit.

    Parameters
    ----------
    ages : list of float
        As they stand in the table.
    unit : Unit
    table : Path
        Named in the error.

    Raises
    ------
    TableError
        If their median is above 120, or all are below 2.
    """
    known = [age for age in ages if math.isfinite(age)]
    if unit.source or not known:
        return
    middle = median(known)
    if middle > HIGHEST_MEDIAN:
        what = f"their median is {middle:g}"
    elif len(known) > 1 and max(known) < ALL_BELOW and min(known) >= 0:
        what = f"the largest is {max(known):g}"
    else:
        return
    raise TableError(
        f"{table}: are these ages years? {what[0].upper()}{what[1:]}. Say the unit: "
        "cohort.age_unit (years, months, weeks or days), or Units in the JSON beside the table"
    )


def sex_of(value: str | None, columns: dict[str, Any], name: str) -> str | None:
    """Return F or M where a cell, or the JSON's Levels of it, says so, else the cell as it is.

    A code such as 1 that no Levels explain stays: it is counted as unknown.
    """
    if value is None:
        return None
    word = value.strip()
    if word.casefold() in SEXES:
        return SEXES[word.casefold()]
    levels = _entry(columns, name).get("Levels")
    level = _level(levels, word) if isinstance(levels, dict) else None
    return SEXES.get(level, word) if level else word


def _level(levels: dict[str, Any], code: str) -> str | None:
    """Return what Levels say of a code, in small letters: text, or text under Description."""
    for key, meaning in levels.items():
        same = str(key).strip() == code or _number(str(key)) == _number(code) is not None
        if same:
            if isinstance(meaning, dict):
                meaning = meaning.get("Description", meaning.get("Label", ""))
            return str(meaning).strip().casefold() or None
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _entry(columns: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the description of a column, also where its name differs by capitals."""
    return columns.get(name) or next(
        (each for key, each in columns.items() if key.casefold() == name.casefold()), {}
    )
