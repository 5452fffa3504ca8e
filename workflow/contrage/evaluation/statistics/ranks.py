"""How sure the order of rows is: their places in resampled test people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contrage.evaluation.statistics.intervals import bootstrap_mae
from contrage.evaluation.statistics.summary import errors_of_people
from contrage.settings.blocks.statistics import StatisticsSettings

Floats = NDArray[np.float64]


def places(mae: Floats) -> Floats:
    """Return in which part of the draws each row has each place.

    Parameters
    ----------
    mae : ndarray of shape (draws, rows)
        Errors; the lowest has the first place.

    Returns
    -------
    ndarray of shape (rows, rows)
        Of a row (first axis) and a place. Rows that are equal in a draw share their places, so
        that rows and columns sum to 1.
    """
    draws, rows = mae.shape
    found = np.zeros((rows, rows))
    for row in range(rows):
        below = (mae < mae[:, [row]]).sum(1)
        equal = (mae == mae[:, [row]]).sum(1)
        for place in range(rows):
            shares = (below <= place) & (place < below + equal)
            found[row, place] = (shares / equal).sum() / draws
    return found


def rank_table(
    predictions: Mapping[str, Sequence[pd.DataFrame]], settings: StatisticsSettings
) -> pd.DataFrame:
    """Return how often each row has each place over bootstrap draws of test participants.

    Parameters
    ----------
    predictions : mapping of str to sequence of DataFrame
        As for `contrage.evaluation.statistics.summary.mae_table`.
    settings : StatisticsSettings

    Returns
    -------
    DataFrame
        loss, n_participants, draws, then place_1, place_2, …: parts of the draws, in which all
        rows see the same participants.

    Raises
    ------
    TableError
        If rows were not tested on the same scans.
    """
    errors, counts = errors_of_people(predictions)
    found = bootstrap_mae(errors, counts, 0, settings.bootstrap, settings.seed)
    shares = places(found.mae)
    told = {"loss": list(predictions), "n_participants": counts.shape[1]}
    told |= {"draws": len(found.mae)}
    told |= {f"place_{at + 1}": shares[:, at] for at in range(len(shares))}
    return pd.DataFrame(told)
