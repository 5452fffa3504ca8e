"""The block target of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TargetSettings:
    """What is predicted; `contrage.target.Target` is made of it.

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
    unit : str
        Word for tables and axes; empty where the target has none.
    range : tuple of float or None
        Least and largest value that can be; None for no limits.
    bin : float
        Width of a label, in the unit, where a loss needs labels or an evaluation needs some.
    """

    column: str
    kind: str
    positive: str | float | None
    negative: str | float | None
    unit: str
    range: tuple[float, ...] | None
    bin: float
