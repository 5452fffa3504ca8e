"""The paired t-test of the third paper beside the statistics that claims are made of."""

from __future__ import annotations

import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.paired_t import paired_t
from contrage.evaluation.statistics.summary import mae_table
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Paired t-test"
NEEDS = ("predictions",)
SETTINGS = ("evaluations.paired_t", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
OF_ERRORS = ("mae_mean", "diff_to_best", "diff_ci_low", "diff_ci_high", "p_paired", "p_holm")
IN_FILE = ("row", *OF_ERRORS, "t", "p_t", "n_participants", "n_seeds")


def evaluate(given: Given) -> pd.DataFrame:
    """Compare each row with the best by a t-test over test people, beside the permutation test.

    Returns
    -------
    DataFrame
        With columns row, those of `contrage.evaluation.statistics.summary.mae_table` on the
        difference to the best row, t and p_t of a paired t-test of people's mean absolute errors
        (over their test scans and all seeds; not corrected for the number of rows), n_participants,
        n_seeds.
    """
    frames = {row: given.frames(row) for row in given.rows}
    errors = mae_table(frames, build(StatisticsSettings, given.told["statistics"]))
    best = errors["loss"][errors["mae_mean"].argmin()]
    people = {row: _by_person(seeds) for row, seeds in frames.items()}
    tests = [
        (float("nan"),) * 2
        if row == best
        else paired_t(people[row], people[best].reindex(people[row].index))
        for row in errors["loss"]
    ]
    found = errors.rename(columns={"loss": "row"}).assign(
        t=[t for t, _ in tests], p_t=[p for _, p in tests]
    )
    return found[list(IN_FILE)]


def _by_person(seeds: list[pd.DataFrame]) -> pd.Series:
    """Return the mean absolute error of each test person."""
    tests = pd.concat([frame[frame["split"] == REPORTED] for frame in seeds])
    off = (tests["predicted"] - tests["target"]).abs()
    return off.groupby(tests["participant_id"]).mean()
