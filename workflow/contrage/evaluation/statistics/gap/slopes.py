"""How a person's gap changes over the years, and how that differs between groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from contrage.evaluation.statistics.people import Floats, bootstrap_interval
from contrage.settings.blocks.statistics import StatisticsSettings

APART = 0.5
"""Years that a person's first and last scan must be apart."""
ROUNDING = 1e-6
"""Half a minute: ages are differences of dates, with the rounding of their decimals."""
COLUMNS = ("group", "n", "n_scans", "slope", "ci_low", "ci_high", "mean", "mean_low", "mean_high")
COLUMNS += ("difference", "difference_low", "difference_high")


def person_slopes(participants: ArrayLike, times: ArrayLike, gap: ArrayLike) -> pd.DataFrame:
    """Return the slope of every person with two scans or more, half a year apart or more.

    b = Σ(t − t̄)g / Σ(t − t̄)², by least squares over all scans of the person.

    Parameters
    ----------
    participants : array of shape (n,)
    times : array of shape (n,)
        Years from any point, such as the age at each scan.
    gap : array of shape (n,)
        From the fold's own model and line. Cole's: the slope of a raw gap, or of a residual, is
        too small by the slope of the correction line.

    Returns
    -------
    DataFrame
        participant_id, slope (years of gap per year), weight (Σ(t − t̄)², in years²), n_scans; by
        participant_id.
    """
    told = {"participant_id": participants, "time": times, "gap": gap}
    scans = pd.DataFrame({name: np.asarray(values) for name, values in told.items()})
    people = scans.groupby("participant_id", sort=True)
    centred = scans["time"] - people["time"].transform("mean")
    sums = pd.DataFrame({"with_gap": centred * scans["gap"], "weight": centred**2})
    found = sums.groupby(scans["participant_id"], sort=True).sum()
    found["n_scans"] = people.size()
    span = people["time"].max() - people["time"].min()
    found = found[span >= APART - ROUNDING]
    found = found.assign(slope=found["with_gap"] / found["weight"]).reset_index()
    return found[["participant_id", "slope", "weight", "n_scans"]]


def pooled_slope(slope: Floats, weight: Floats) -> Floats:
    """Return the weighted mean of slopes (…, people) along the last axis.

    With the weights of `person_slopes` it is the slope of a regression of the gap on time with an
    intercept of each person's own.
    """
    return (slope * weight).sum(-1) / weight.sum(-1)


def slopes_by_group(
    scans: pd.DataFrame, groups: Sequence[str], settings: StatisticsSettings
) -> pd.DataFrame:
    """Return the slope of each group's gap.

    Parameters
    ----------
    scans : DataFrame
        participant_id, group (one a person), target (the age at the scan, in years), gap.
    groups : sequence of str
        Which groups have a line, in this order; the first is that of the controls.
    settings : StatisticsSettings

    Returns
    -------
    DataFrame
        group, n (people with a slope), n_scans (theirs), slope (`pooled_slope`), mean (unweighted),
        each with its bootstrap interval by person (ci_low, ci_high; mean_low, mean_high), and the
        difference of the pooled slope to that of the controls, with its interval. In years per
        year; NaN where there are too few people.
    """
    parts = {name: _slopes_of(scans, name) for name in groups}
    controls = parts[groups[0]]
    lines = [_line(name, part, controls, settings) for name, part in parts.items()]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _slopes_of(scans: pd.DataFrame, group: str) -> pd.DataFrame:
    part = scans[scans["group"] == group]
    return person_slopes(part["participant_id"], part["target"], part["gap"])


def _line(
    name: str, part: pd.DataFrame, controls: pd.DataFrame, settings: StatisticsSettings
) -> dict[str, Any]:
    slope, weight = part["slope"].to_numpy(float), part["weight"].to_numpy(float)
    line: dict[str, Any] = {"group": name, "n": len(part), "n_scans": int(part["n_scans"].sum())}
    if not len(part):
        return line
    line |= {"slope": float(pooled_slope(slope, weight)), "mean": float(slope.mean())}

    def pooled(drawn: np.ndarray) -> Floats:
        return pooled_slope(slope[drawn], weight[drawn])

    line["ci_low"], line["ci_high"] = bootstrap_interval([len(part)], pooled, settings)
    line["mean_low"], line["mean_high"] = bootstrap_interval(
        [len(part)], lambda drawn: slope[drawn].mean(-1), settings
    )
    if part is controls or not len(controls):
        return line
    healthy, theirs = controls["slope"].to_numpy(float), controls["weight"].to_numpy(float)
    line["difference"] = line["slope"] - float(pooled_slope(healthy, theirs))
    line["difference_low"], line["difference_high"] = bootstrap_interval(
        [len(part), len(controls)],
        lambda drawn, those: pooled(drawn) - pooled_slope(healthy[those], theirs[those]),
        settings,
    )
    return line
