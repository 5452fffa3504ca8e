"""Participants held out of a training split, to stop by or to search settings by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from contrage.dataset.shares import count_held_out


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
    # Not scikit-learn's GroupShuffleSplit: the same seed would draw other people, so that every
    # early stop, search and penalty of a result so far would be judged by others.
    people = sorted(set(participants))
    count = count_held_out(len(people), fraction, key)
    return set(chance.permutation(people)[:count].tolist())
