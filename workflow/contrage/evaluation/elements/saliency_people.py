"""What each region, or feature, adds to what is predicted of each person."""

from __future__ import annotations

import numpy as np
import pandas as pd

from contrage.evaluation.given import Given
from contrage.evaluation.saliency.found import read

TITLE = "Where it looks, by person"
NEEDS = ("attributions",)
SETTINGS = ("evaluations.saliency",)
COLUMNS = {}  # in the file alone
IN_FILE = ("row", "method", "participant_id", "scan_id", "target", "region", "adds", "predicted")


def evaluate(given: Given) -> pd.DataFrame:
    """Return a line for each row, method, person and region; of methods that are shown.

    Returns
    -------
    DataFrame
        With columns row, method, participant_id, scan_id, target (the true one), region, adds (in
        the target's unit, against the mean of training images; of a binary target log odds: mean
        over seeds), predicted (by how much the prediction is above that of the mean image).
    """
    frames = []
    for files in given.attributions.values():
        found = read(files[0])
        for name, method in found.methods.items():
            if not method.judged.shown:
                continue
            adds, wanted = np.nanmean(method.contributions, 0), np.nanmean(method.wanted, 0)
            used = np.flatnonzero(found.sizes > 0)
            scans, count = len(found.scans), len(used)
            columns = {
                "row": found.row,
                "method": name,
                "participant_id": np.repeat(found.participants, count),
                "scan_id": np.repeat(found.scans, count),
                "target": np.repeat(found.targets, count),
                "region": np.tile(np.array(found.regions)[used], scans),
                "adds": adds[:, used].ravel().round(6),
                "predicted": np.repeat(wanted.round(6), count),
            }
            frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(IN_FILE))
