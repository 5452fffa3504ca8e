"""The block model of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelSettings:
    """What is made of an experiment for those who predict new scans.

    Attributes
    ----------
    rows : tuple of str or None
        Rows of which a model is made; None: the one that errs least.
    interval : str
        For whom intervals are meant where nobody says it: people of sites like those that were
        learned from (people), or of new sites (site).
    level : float
        Share of people whose target the interval is to hold.
    """

    rows: tuple[str, ...] | None
    interval: str
    level: float
