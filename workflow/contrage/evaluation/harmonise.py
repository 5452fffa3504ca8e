"""ComBat fitted on training rows alone (combatlearn), and what it knows nothing of."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contrage.errors import SettingsError

LEAST = 3
"""Training scans below which a site's mean and spread are not known well enough."""
Floats = NDArray[np.float64]


def known_sites(sites: Sequence[str | None]) -> set[str]:
    """Return the sites of training scans that ComBat can be fitted on."""
    counts = pd.Series([site for site in sites if site is not None]).value_counts()
    return {str(site) for site, count in counts.items() if count >= LEAST}


def combat(
    training: Floats, training_sites: Sequence[str], others: Floats, other_sites: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return both with the offsets and scales of sites taken out, as the training scans show them.

    ComBat of Johnson et al. 2007, without covariates: of a new person the target is not known, and
    to protect it in training alone would leave test people with another correction.

    Parameters
    ----------
    training : ndarray of shape (n, d)
    training_sites : sequence of str
        Of those `known_sites` returns, two at least.
    others : ndarray of shape (m, d)
    other_sites : sequence of str
        Of the same.

    Raises
    ------
    SettingsError
        combatlearn is not installed.
    """
    try:
        from combatlearn import ComBat
    except ImportError as error:
        raise SettingsError(
            "evaluations.harmonised: needs the package combatlearn; install contrage[harmonise], "
            "or set it to null"
        ) from error
    varies = training.std(axis=0) > 0
    found, new = training.copy(), others.copy()
    if not varies.any():
        return found, new
    batch = pd.Series([*training_sites, *other_sites])
    fitted = ComBat(batch, method="johnson")
    own = pd.DataFrame(training[:, varies])
    asked = pd.DataFrame(others[:, varies], index=range(len(own), len(batch)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of small sites: the page tells how many
        found[:, varies] = fitted.fit(own).transform(own)
        new[:, varies] = fitted.transform(asked)
    return found, new
