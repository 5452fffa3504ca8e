"""What of the block dataset of the configuration decides everyone's role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from contrage.settings.blocks.split import SplitSettings
from contrage.settings.build import WhereAsked


@dataclass(frozen=True)
class SubsetSettings:
    """A part of the training people, for curves over its size; whoever is tested on stays.

    Attributes
    ----------
    fraction : float
        Part of the training people that is learned from; a smaller one is within a larger one.
    seed : int
        Seed of the order in which people are kept.
    stratify : str or None
        Column in each of whose groups the fraction is kept; None for none.
    """

    fraction: float
    seed: int
    stratify: str | None


@dataclass(frozen=True)
class RolesSettings:
    """Who is learned from, who is tested on, and who is only predicted.

    Attributes
    ----------
    learn_from : dict of str to tuple
        Column → values: a person all of whose scans match each may be learned from and
        tested on; all others are predicted alone.
    external : dict of str to tuple
        Column → values: of those who may be learned from, a person all of whose scans match each is
        external in every fold, never learned from and reported apart.
    subset : SubsetSettings
        A part of the training people.
    missing_targets : tuple of tuple of float
        Half-open intervals of the target of which no scan is learned from.
    split : SplitSettings
        Who is learned from and who is tested on, by participant.
    """

    learn_from: dict[str, tuple[Any, ...]]
    external: Annotated[dict[str, tuple[Any, ...]], WhereAsked({})]
    subset: SubsetSettings
    missing_targets: tuple[tuple[float, ...], ...]
    split: SplitSettings
