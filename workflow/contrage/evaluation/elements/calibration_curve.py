"""The points of the calibration curves, which figures show."""

from __future__ import annotations

import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import of_role
from contrage.evaluation.statistics.calibration import calibration_curve, null_band
from contrage.evaluation.statistics.sides import by_person
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Calibration curves"
NEEDS = ("predictions",)
SETTINGS = ("evaluations.calibration", "statistics")
COLUMNS = {}  # a line per bin: the page draws them
IN_FILE = ("row", "seed", "low", "high", "n", "probability", "observed", "null_low", "null_high")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the curve of each row and seed on test people.

    Returns
    -------
    DataFrame
        With columns row, seed (its place among training.seeds, from 0), low, high (edges of the
        bin), n (people), probability (mean), observed (part of the positive side), null_low and
        null_high (where that part lies by chance if the probabilities are true).
    """
    drawn = build(StatisticsSettings, given.told["statistics"])
    parts = []
    for row in given.rows:
        for seed, frame in enumerate(given.frames(row)):
            people = by_person(of_role(frame, REPORTED))
            curve = calibration_curve(people["target"], people["predicted"])
            curve["null_low"], curve["null_high"] = null_band(people["predicted"], drawn)
            parts.append(curve.assign(row=row, seed=seed))
    return pd.concat(parts, ignore_index=True)[list(IN_FILE)]
