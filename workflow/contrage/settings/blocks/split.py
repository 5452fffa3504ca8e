"""The block dataset.split of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SplitSettings:
    """Who is learned from and who is tested on, by participant.

    Attributes
    ----------
    scheme : str
        holdout, kfold, or leave-site-out (one fold per site).
    test_fraction : float
        Fraction tested on (holdout).
    folds : int
        Number of folds (kfold).
    seed : int
        Seed of the shuffle; 42 is the authors'.
    new_split_per_seed : bool
        A new split for every training seed; false is the authors' way, one split for all.
    stratify_by_age : bool
        Equal shares of five age groups in every fold.
    """

    scheme: str
    test_fraction: float
    folds: int
    seed: int
    new_split_per_seed: bool
    stratify_by_age: bool
