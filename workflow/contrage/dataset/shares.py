"""How many participants a split puts where: what can be counted before any data are read.

Light: a plan asks this before its first job.
"""

from __future__ import annotations

from dataclasses import dataclass

from contrage.errors import SettingsError

FEWEST_PARTICIPANTS = 2
AGE_BINS = 5


@dataclass(frozen=True)
class Training:
    """The training part of one fold, at best.

    Attributes
    ----------
    people : int
    scans : int
        At most.
    smallest : tuple of int
        How many scans each participant has who may be learned from, in ascending order.
    """

    people: int
    scans: int
    smallest: tuple[int, ...]

    def without(self, count: int) -> Training:
        """Return what is left where so many participants are held out of it."""
        return Training(self.people - count, self.scans - sum(self.smallest[:count]), self.smallest)

    def at_most(self, people: int, scans: int) -> Training:
        """Return the part where there can be no more participants and scans than these."""
        return Training(min(self.people, people), min(self.scans, scans), self.smallest)


def count_held_out(people: int, fraction: float, key: str) -> int:
    """Return how many of the training participants are held out.

    Parameters
    ----------
    people : int
        Training participants.
    fraction : float
    key : str
        The setting that says the fraction, named in the error.

    Raises
    ------
    SettingsError
        If either side has fewer than two participants.
    """
    count = round(fraction * people)
    if not FEWEST_PARTICIPANTS <= count <= people - FEWEST_PARTICIPANTS:
        raise SettingsError(
            f"{key}: {fraction} of the {people} training participants are {count}; there must "
            f"be {FEWEST_PARTICIPANTS} or more on either side"
        )
    return count


def count_age_bins(people: int, folds: int) -> int:
    """Return into how many groups of age a split is stratified.

    Raises
    ------
    SettingsError
        If there are too few participants for two groups in every fold.
    """
    bins = min(AGE_BINS, people // folds)
    if bins < 2:
        raise SettingsError(
            f"dataset.split.stratify_by_age: {people} participants are too few for "
            f"{folds} folds; set it to false"
        )
    return bins
