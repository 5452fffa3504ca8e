"""What is reached with nothing to learn, where rows of `benchmark.null` tell it."""

from __future__ import annotations

import pandas as pd

from contrage.report.style import NULL, is_null, loss_name
from contrage.report.text import listed, number


def null_rows(baselines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of the table of baselines that are of rows trained on permuted ages."""
    return baselines[baselines["baseline"].map(is_null)] if len(baselines) else baselines


def told(baselines: pd.DataFrame) -> str:
    """Say what chance reaches; empty where it was not tried."""
    return "".join(
        " Trained on permuted ages, so with nothing to learn, "
        f"{loss_name(row.baseline.removesuffix(NULL))} errs by {number(row.mae_mean)} years."
        for row in null_rows(baselines).itertuples()
    )


def against(baselines: pd.DataFrame, worse: pd.DataFrame) -> str:
    """Say whether losses that are no better than the mean are at chance; empty if nothing tells it.

    Parameters
    ----------
    baselines : DataFrame
        baseline, mae_mean.
    worse : DataFrame
        loss, ci_high: the losses in question.
    """
    null = null_rows(baselines)
    if not len(null):
        return ""
    bar = null["mae_mean"].min()
    text = (
        " The mean is not the bar of chance: an encoder and probe with nothing to learn err by "
        f"{number(bar)} years."
    )
    learned = [loss_name(row) for row in worse.loc[worse["ci_high"] < bar, "loss"]]
    return f"{text} Clear of that all the same: {listed(learned)}." if learned else text
