"""What the JSON beside a table says of its columns: the unit of ages, the meaning of codes."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from contrage.errors import TableError
from contrage.tables import is_missing, plain

PER_YEAR = {"years": 1.0, "months": 12.0, "weeks": 365.25 / 7, "days": 365.25}
_WORDS = {
    "years": ("year", "years", "yr", "yrs", "y", "a", "jahr", "jahre", "annum", "yo"),
    "months": ("month", "months", "mo", "mos", "mon", "m", "monat", "monate"),
    "weeks": ("week", "weeks", "wk", "wks", "w", "woche", "wochen"),
    "days": ("day", "days", "d", "tag", "tage"),
}
_IN_WORDS = re.compile(r"(months?|mos?|weeks?|wks?|days)", re.IGNORECASE)
SEXES = {
    **dict.fromkeys(("f", "female", "w", "woman", "girl", "weiblich", "femme"), "F"),
    **dict.fromkeys(("m", "male", "man", "boy", "männlich", "homme"), "M"),
}
KEY, AUTO = "cohort.age_unit", "auto"
"""Of a configuration, by which the unit of ages is said in place of the tables; they say it."""
HIGHEST_MEDIAN, ALL_BELOW = 95.0, 2.0
OLDEST_PERSON, MOST_OLDER = 120.0, 0.1


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

    @property
    def note(self) -> str:
        """What a reader should know of ages that were no years; empty where they were."""
        return "" if self.name == "years" else f"ages given in {self.name}, and told in years"


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
    files = [file for file in (table.with_suffix(".json"), *others) if os.path.lexists(file)]
    columns: dict[str, Any] = {}
    for file in reversed(files):
        try:
            content = json.loads(file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise TableError(f"{file}: a link to nowhere; fetch the file") from None
        except (OSError, ValueError) as error:
            raise TableError(f"{file}: cannot be read as JSON ({error})") from None
        if not isinstance(content, dict):
            raise TableError(f"{file}: must be a JSON object: column to its description")
        for name, each in content.items():
            if isinstance(each, dict):
                columns[name] = {key.casefold(): value for key, value in each.items()}
            else:
                columns[name] = {"description": each}
            columns[name]["_file"] = str(file)
    return columns, files


def unit_of_ages(declared: str, columns: dict[str, Any], name: str, key: str = KEY) -> Unit:
    """Return the unit of ages: as the configuration says, else as the JSON says, else years.

    Parameters
    ----------
    declared : str
        `cohort.age_unit`: auto, or a key of `PER_YEAR`.
    columns : dict
        As `described` returns it.
    name : str
        The column of ages.
    key : str
        For the messages: what else says the unit; empty where nothing does.

    Raises
    ------
    TableError
        If the JSON names a unit that is none of time, or speaks of months, weeks or days in the
        description alone.
    """
    if declared != AUTO:
        return Unit(declared, key)
    entry = _entry(columns, name)
    said = entry.get("units", entry.get("unit"))
    said = said[0] if isinstance(said, list) and said else said
    if said is None or is_missing(str(said)):
        return _unit_in_words(entry, name, key)
    units = _units(str(said))
    if len(units) == 1:
        return Unit(units[0], entry["_file"])
    raise TableError(
        f"{entry['_file']}: {name!r} has the unit {said!r}, which is none of years, months, weeks, "
        f"days; mend it{_or_set(key)}"
    )


def _units(words: str) -> list[str]:
    """Return the units of time that some words name."""
    found = re.findall(r"[^\W\d_]+", words.casefold())
    return [unit for unit, names in _WORDS.items() if any(word in names for word in found)]


def _or_set(key: str) -> str:
    return f", or set {key}" if key else ""


def _unit_in_words(entry: dict[str, Any], name: str, key: str) -> Unit:
    """Return the unit that a column's name says; ask where its description speaks of another."""
    of_name = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("_", " ")
    hint = _IN_WORDS.search(of_name)
    if re.search(r"age|alter", of_name, re.IGNORECASE) and hint:
        (unit,) = _units(hint[1])
        return Unit(unit, f"the name of the column {name!r}")
    text = " ".join(str(entry.get(key, "")) for key in ("longname", "description"))
    hint = re.search(rf"\b{_IN_WORDS.pattern}\b", text, re.IGNORECASE)
    if hint and "years" not in _units(text):
        raise TableError(
            f"{entry['_file']}: the description of {name!r} speaks of {hint[1]}, but there are no "
            f"Units; add them{_or_set(key)}"
        )
    return Unit()


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
        If their median is above 95, a tenth (two or more) are above 120, or all are below 2.
    """
    known = [age for age in ages if math.isfinite(age)]
    if unit.source or not known:
        return
    middle, older = median(known), sum(age > OLDEST_PERSON for age in known)
    if middle > HIGHEST_MEDIAN:
        what = f"their median is {middle:g}"
    elif older > max(1, MOST_OLDER * len(known)):
        what = f"{older} of {len(known)} are above {OLDEST_PERSON:g}"
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
    meaning = _meaning(_entry(columns, name).get("levels"), word)
    return _sex(meaning or "") or _sex(word) or word


def _sex(words: str) -> str | None:
    """Return F or M where some words name one of them and not the other."""
    found = re.findall(r"[^\W\d_]+", words.casefold())
    sexes = {SEXES[word] for word in found if word in SEXES}
    return sexes.pop() if len(sexes) == 1 else None


def _meaning(levels: Any, code: str) -> str | None:
    """Return what Levels say of a code: text, or text under Description; also the other way."""
    if not isinstance(levels, dict):
        return None
    for key, meaning in levels.items():
        if _same(str(key), code):
            if isinstance(meaning, dict):
                told = {name.casefold(): text for name, text in meaning.items()}
                meaning = told.get("description", told.get("label", ""))
            return str(meaning)
        if _sex(str(key)) and isinstance(meaning, int | float | str) and _same(str(meaning), code):
            return str(key)
    return None


def _same(one: str, other: str) -> bool:
    if one.strip() == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _entry(columns: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the description of a column, also where its name is written otherwise."""
    alike = (each for key, each in columns.items() if plain(key) == plain(name) != "")
    return columns.get(name) or next(alike, {})
