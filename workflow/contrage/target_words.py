"""The target as the configuration states it, with its unit and in words: for plans and reports.

Nothing that decides a training imports this module, so that another word, unit or axis repeats
none: a training is told no more than `TargetInWords.learned`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from contrage.errors import SettingsError
from contrage.target import BINARY, LimitedTarget, PredictedTarget, Target

DECIMALS = 6  # of predictions, where a bin is 1


@dataclass(frozen=True)
class TargetInWords(LimitedTarget):
    """What is predicted: the block `target` of the configuration, whose defaults are age's.

    Attributes
    ----------
    column : str
        A column of numbers of the cohort's tables; age is the age of every scan, in years.
    kind : str
        continuous, a number; binary, one of two sides.
    positive : str or float or None
        Of a binary target, the value that is 1.
    negative : str or float or None
        Of a binary target, the value that is 0.
    range : tuple of float or None
        Least and largest value that can be; None for no limits.
    unit : str
        Word for tables and axes; empty where the target has none, as of a binary one.
    bin : float
        Width of a label, in the unit, where a loss needs labels or an evaluation needs some.

    Raises
    ------
    SettingsError
        As `contrage.target.LimitedTarget`, and if ages are to have another unit than years.
    """

    unit: str
    bin: float

    def __post_init__(self) -> None:
        if self.kind == BINARY and not self.is_age:
            object.__setattr__(self, "unit", "")
        super().__post_init__()
        if self.is_age and self.unit != "years":
            raise SettingsError(
                "target.unit: an age is a number of years; cohort.age_unit says what it is in your "
                "tables"
            )

    @property
    def learned(self) -> Target:
        """What of it decides a training."""
        return Target(self.column, self.kind, self.positive, self.negative)

    @property
    def limited(self) -> LimitedTarget:
        """What of it decides who is in a cohort."""
        return LimitedTarget(self.column, self.kind, self.positive, self.negative, self.range)

    @property
    def written(self) -> PredictedTarget:
        """What of it decides a table of predictions."""
        return PredictedTarget(self.column, self.kind, self.positive, self.negative, self.decimals)

    @property
    def decimals(self) -> int:
        """Decimals of a prediction in a table: a millionth of a bin, or of a narrower range."""
        if self.is_age:
            return DECIMALS
        width = self.range[1] - self.range[0] if self.range else self.bin
        return DECIMALS + max(0, -math.floor(math.log10(min(self.bin, width))))

    @property
    def word(self) -> str:
        """The target in a sentence: "age", "bone age" of a column bone_age."""
        return self.column.replace("_", " ")

    @property
    def title(self) -> str:
        """The same at the start of one: "Age"."""
        return self.word[:1].upper() + self.word[1:]

    @property
    def many(self) -> str:
        """Several of them: "ages"."""
        return "ages" if self.is_age else f"values of {self.word}"

    @property
    def short_unit(self) -> str:
        """The unit where there is little room: "y"."""
        return "y" if self.is_age else self.unit

    @property
    def digits(self) -> int:
        """Decimals that tell values apart which are a bin apart."""
        return max(0, -math.floor(math.log10(self.bin)))

    def whole(self, value: float) -> str:
        """Return a value as a reader needs it: an age in whole years."""
        return f"{value:.{self.digits}f}"

    def label(self, what: str | None = None) -> str:
        """Return words with the unit in brackets, for a figure or a column: "age [years]"."""
        words = self.word if what is None else what
        return f"{words} [{self.unit}]" if self.unit else words

    def axis(self, what: str | None = None) -> str:
        """Return words with the unit, for an axis or the head of a column: "Age (years)"."""
        words = self.title if what is None else what
        return f"{words} ({self.unit})" if self.unit else words

    def told(self, number: str) -> str:
        """Return a number with the unit: "3.2 years"."""
        return f"{number} {self.unit}".rstrip()
