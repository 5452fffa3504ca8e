"""The block dataset.split of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SplitSettings:
    """Who is learned from and who is tested on, by participant.

    Attributes
    ----------
    scheme : str
        holdout, kfold, leave-site-out (one fold per site), or given (one fold).
    column : str
        Column of the cohort's tables that says who plays which part (given).
    roles : dict of str to str
        Value of that column → role (given).
    allow_shared_sites : bool
        Whether people of role external may be from sites that are learned from, or from unknown
        ones.
    test_fraction : float
        Fraction tested on (holdout).
    folds : int
        Number of folds (kfold).
    seed : int
        Seed of the shuffle; 42 is the authors'.
    new_split_per_seed : bool
        A new split for every training seed; false is the authors' way, one split for all.
    stratify_by_age : bool
        Equal shares of five groups of the target in every fold (holdout, kfold).
    """

    scheme: str
    column: str
    roles: dict[str, str]
    allow_shared_sites: bool
    test_fraction: float
    folds: int
    seed: int
    new_split_per_seed: bool
    stratify_by_age: bool
