"""Participants held out of a training split, to stop by or to search settings by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from contrage.errors import SettingsError

FEWEST_PARTICIPANTS = 2


def hold_out(
    participants: Iterable[str], fraction: float, chance: np.random.Generator, key: str
) -> set[str]:
    """Draw a fraction of the participants; whoever is drawn is held out with all scans.

    Parameters
    ----------
    participants : iterable of str
        Of the training split, in any order, each as often as there are scans.
    fraction : float
    chance : numpy.random.Generator
    key : str
        The setting that says the fraction, named in the error.

    Raises
    ------
    SettingsError
        If either side has fewer than two participants.
    """
    people = sorted(set(participants))
    count = round(fraction * len(people))
    if not FEWEST_PARTICIPANTS <= count <= len(people) - FEWEST_PARTICIPANTS:
        raise SettingsError(
            f"{key}: {fraction} of the {len(people)} training participants are {count}; there must "
            f"be {FEWEST_PARTICIPANTS} or more on either side"
        )
    return set(chance.permutation(people)[:count].tolist())
