"""What is reached with nothing to learn, where rows of `benchmark.null` tell it."""

from __future__ import annotations

import pandas as pd

from contrage.report.digits import error_digits
from contrage.report.style import NULL, is_null, loss_name
from contrage.report.text import interval, missing, number
from contrage.target_words import TargetInWords


def null_rows(baselines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of the table of baselines that are of rows trained on permuted targets."""
    return baselines[baselines["baseline"].map(is_null)] if len(baselines) else baselines


def told(baselines: pd.DataFrame, target: TargetInWords) -> str:
    """Say what chance reaches; empty where it was not tried."""
    return "".join(
        f" Trained on permuted {target.many}, so with nothing to learn, "
        f"{loss_name(row.baseline.removesuffix(NULL))} errs by "
        f"{target.told(number(row.mae_mean, error_digits(target)))}."
        for row in null_rows(baselines).itertuples()
    )


def against(baselines: pd.DataFrame, worse: pd.DataFrame, level: str, target: TargetInWords) -> str:
    """Say of losses that are no better than the mean whether they are at chance.

    Parameters
    ----------
    baselines : DataFrame
        baseline, mae_mean, ci_low.
    worse : DataFrame
        The losses in question: loss, mae_baseline, and of those with a null of their own the paired
        difference to it (`contrage.evaluation.statistics.summary.against`).
    level : str
        The confidence of the intervals, as in "95 %".
    target : TargetInWords

    Returns
    -------
    str
        Empty where no null row tells it.
    """
    null, parts, digits = null_rows(baselines), [], error_digits(target)
    if len(null) and (null["ci_low"] > worse["mae_baseline"].max()).all():
        parts.append(
            " The mean is not the bar of chance: an encoder and probe with nothing to learn err by "
            f"{target.told(number(null['mae_mean'].min(), digits))}."
        )
    for row in worse.to_dict("records"):
        if not missing(row.get("diff_to_null")):
            bounds = interval(row["null_ci_low"], row["null_ci_high"], digits)
            parts.append(
                f" {loss_name(row['loss'])} against its own null: "
                f"{target.told(number(row['diff_to_null'], digits))} ({level} interval {bounds})."
            )
    return "".join(parts)
