"""What is predicted: a column of the cohort's tables, and which numbers its cells stand for.

The part of the block `target` of the configuration that decides results. Nothing else in the
workflow knows what the numbers are that are learned. Its words, and its unit, stand in
`contrage.target_words`: no training is repeated for another word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contrage.errors import SettingsError, TableError, few
from contrage.tables import plain

AGE = "age"
"""The one target that every scan tells by itself, in years, whatever its column is named."""
CONTINUOUS, BINARY = "continuous", "binary"
TAKEN = (
    *("scan_id", "participant_id", "session", "sex", "site", "row", "split", "fold"),
    *("coverage", "overlap", "correlation", "flagged", "flag_reason"),
    *("baseline", "own_prediction", "score", "probability"),
)
"""Columns of the workflow's own tables, under which a target cannot stand in them."""
UNKNOWN = ("", "n/a", "na", "nan", "none", "null")
_NUMBER = re.compile(r"[-+]?((\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|inf)")


@dataclass(frozen=True)
class Target:
    """What is learned, and what every step knows of it that reads the workflow's own tables.

    Attributes
    ----------
    column : str
        Of the cohort's tables; "age" is the age of a scan, in years.
    kind : str
        continuous, a number; binary, one of two sides.
    positive : str or float or None
        Of a binary target, what its column says of the side that is 1.
    negative : str or float or None
        Of a binary target, what it says of the side that is 0; everyone else has no part.

    Raises
    ------
    SettingsError
        If the parts contradict each other; the message begins with the key.
    """

    column: str
    kind: str
    positive: str | float | None
    negative: str | float | None

    def __post_init__(self) -> None:
        if self.column in TAKEN or self.column.startswith("predicted_"):
            raise SettingsError(
                f"target.column: {self.column} is a column of the workflow's own tables; rename it "
                "in yours"
            )
        if plain(self.column) == AGE and not self.is_age:
            raise SettingsError(
                f"target.column: {self.column}: write age, which is the age of a scan whatever its "
                "column is named"
            )
        if self.is_age and self.kind != CONTINUOUS:
            raise SettingsError(
                "target.kind: an age is a number; group ages in a column of your own to tell sides "
                "apart"
            )
        self._check_sides()

    def _check_sides(self) -> None:
        for key, side in (("positive", self.positive), ("negative", self.negative)):
            if (side is None) == (self.kind == BINARY):
                needs = "needs such a" if side is None else "has no such"
                raise SettingsError(f"target.{key}: a {self.kind} target {needs} value")
        if self.kind == BINARY and _same(self.positive, self.negative):
            raise SettingsError(f"target.negative: {self.negative} is target.positive as well")

    @property
    def is_age(self) -> bool:
        """Whether it is the age of the scans."""
        return self.column == AGE

    @property
    def is_binary(self) -> bool:
        """Whether it has two sides, 0 and 1."""
        return self.kind == BINARY

    @property
    def measure(self) -> str:
        """The measure by which losses are compared, which names their table: `mae` or `bacc`."""
        return "bacc" if self.is_binary else "mae"

    @property
    def predicted(self) -> str:
        """The column of predictions: "predicted_age"."""
        return f"predicted_{self.column}"

    @property
    def mean_key(self) -> str:
        """What a split file calls the mean of the training scans: "age_mean"."""
        return f"{self.column}_mean"

    @property
    def sd_key(self) -> str:
        """What a split file calls their SD: "age_sd"."""
        return f"{self.column}_sd"

    def said(self, value: float) -> str:
        """Return a value as a cell says it: a number, or the side of a binary target."""
        if self.is_binary:
            return str(self.positive if value == 1 else self.negative)
        return f"{value:g}"

    def number(self, cell: Any) -> float:
        """Return the number that a cell of the workflow's own tables stands for.

        Raises
        ------
        ValueError
            If it is missing, no number, or on neither side of a binary target; the message says
            which.
        """
        text = "" if cell is None else str(cell).strip()
        if text.lower() in UNKNOWN:
            raise ValueError(f"{self.column} is missing")
        if self.is_binary:
            return self._side(text)
        if not _NUMBER.fullmatch(text):
            comma = "; write a decimal point" if re.fullmatch(r"\d+,\d+", text) else ""
            raise ValueError(f"{self.column} {text!r} is not a number{comma}")
        return float(text)

    def _side(self, text: str) -> float:
        for side, number in ((self.positive, 1.0), (self.negative, 0.0)):
            if _same(text, side):
                return number
        raise ValueError(f"{self.column} is {text}, neither {self.positive} nor {self.negative}")

    def of(self, scans: Iterable[Mapping[str, Any]], source: object) -> list[float]:
        """Return the target of scans that the cohort was made of: none was outside the range then.

        (Of permuted targets, one may be: a participant's scans keep their distance.)

        Parameters
        ----------
        scans : iterable of mappings
            Lines of a table of scans: scan_id and the target's column.
        source : path or str
            The table, named in errors.

        Raises
        ------
        TableError
            If the column is not there, or a scan has no value that can be used; all are named.
        """
        values, wrong = [], []
        for scan in scans:
            if self.column not in scan:
                there = few(list(scan), most=12)
                raise TableError(
                    f"target.column: {source} has no column {self.column!r}; there are {there}"
                )
            try:
                values.append(self.number(scan[self.column]))
            except ValueError as error:
                wrong.append(f"{scan.get('scan_id', 'a scan')}: {error}")
        if wrong:
            raise TableError(f"target.column: {source}: {few(wrong, '; ')}")
        return values

    def check_varies(self, values: Iterable[float], where: str) -> None:
        """Raise `SettingsError` if all of some scans have one value: there is nothing to learn."""
        values = list(values)
        if values and min(values) == max(values):
            raise SettingsError(
                f"target.column: all {len(values)} scans {where} have the {self.column} "
                f"{self.said(values[0])}, so there is nothing to learn; choose another "
                "target, or add people"
            )


@dataclass(frozen=True)
class LimitedTarget(Target):
    """A target with what its values can be: what whoever reads somebody's tables must know.

    Attributes
    ----------
    column, kind, positive, negative
        As of `Target`.
    range : (float, float) or None
        Least and largest value that can be; None for any, as of a binary target.

    Raises
    ------
    SettingsError
        As `Target`, and if the range holds no number.
    """

    range: tuple[float, ...] | None

    def __post_init__(self) -> None:
        if self.kind == BINARY:
            object.__setattr__(self, "range", None)
        if self.range is not None:
            object.__setattr__(self, "range", tuple(map(float, self.range)))
            if not self.range[0] < self.range[1]:
                raise SettingsError(
                    f"target.range: {list(self.range)} holds no number; the smaller one comes first"
                )
        super().__post_init__()

    def value(self, cell: Any) -> float:
        """Return the number that a cell of somebody's table stands for.

        Raises
        ------
        ValueError
            As `number`, and if it is outside the range.
        """
        number = self.number(cell)
        low, high = self.range or (-math.inf, math.inf)
        if not self.is_binary and not (math.isfinite(number) and low <= number <= high):
            raise ValueError(f"target.range: {self.column} {cell} is outside {low:g} to {high:g}")
        return number


@dataclass(frozen=True)
class PredictedTarget(Target):
    """A target with how exactly it is written down: what whoever predicts it must know.

    Attributes
    ----------
    column, kind, positive, negative
        As of `Target`.
    decimals : int
        Of a prediction in a table.
    """

    decimals: int


def _same(one: str | float | None, other: str | float | None) -> bool:
    """Whether two cells say the same, as text or as numbers."""
    if str(one).strip() == str(other).strip():
        return True
    try:
        return float(str(one)) == float(str(other))
    except ValueError:
        return False
