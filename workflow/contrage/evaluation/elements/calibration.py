"""Whether the probabilities of a binary target mean what they say."""

from __future__ import annotations

import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import of_role
from contrage.evaluation.statistics.calibration import calibration
from contrage.evaluation.statistics.sides import by_person
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Calibration"
NEEDS = ("predictions",)
SETTINGS = ("evaluations.calibration", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
IN_FILE = ("row", "ece", "ece_sd", "ace", "ace_sd", "null_mean", "null_high", "p")
IN_FILE += ("n_participants", "n_seeds")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the calibration errors of each row on test people, beside what chance gives.

    Returns
    -------
    DataFrame
        With columns row, ece and ace (mean over seeds, of each person's mean probability over
        scans), ece_sd, ace_sd, null_mean and null_high (mean and 95th percentile of the ece of a
        model whose probabilities are true, of so many people), p (the largest of the seeds),
        n_participants, n_seeds.
    """
    drawn = build(StatisticsSettings, given.told["statistics"])
    lines = []
    for row in given.rows:
        people = [by_person(of_role(frame, REPORTED)) for frame in given.frames(row)]
        seeds = pd.DataFrame(
            [vars(calibration(each["target"], each["predicted"], drawn)) for each in people]
        )
        line = {"row": row, **seeds[["ece", "ace", "null_mean", "null_high"]].mean().to_dict()}
        line |= {f"{name}_sd": seeds[name].std(ddof=1) for name in ("ece", "ace")}
        line |= {"p": seeds["p"].max(), "n_participants": seeds["n"].min(), "n_seeds": len(seeds)}
        lines.append(line)
    return pd.DataFrame(lines, columns=list(IN_FILE))
