"""The blocks model and predict of the configuration."""

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
    explain : bool
        Whether models are to say where they look.
    """

    rows: tuple[str, ...] | None
    interval: str
    level: float
    explain: bool


@dataclass(frozen=True)
class PredictSettings:
    """New scans that a run predicts with a model.

    Attributes
    ----------
    name : str
        Predictions lie in results/predicted/<name>.
    model : str
        Folder of the model; empty for none.
    scans : str
        A folder, or a table of features.
    known : str or None
        A table with the true targets.
    interval : str or None
        For whom intervals are meant; None: as the model says.
    explain : bool
        Whether where the model looks is written as well.
    atlas : str or None
        Whose regions that is told by.
    jobs : int
        Into how many the scans are dealt.
    """

    name: str
    model: str
    scans: str
    known: str | None
    interval: str | None
    explain: bool
    atlas: str | None
    jobs: int
