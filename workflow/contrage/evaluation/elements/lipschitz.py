"""How smoothly the target changes over each row's features: normalised Lipschitz factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import pearsonr

from contrage.evaluation.elements._factors import (
    FactorsOfRow,
    asked_of,
    factors_of_rows,
    gaps_to_reference,
)
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.lipschitz import spread_of
from contrage.settings.blocks.evaluations import LipschitzSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Continuity of the features"
NEEDS = ("predictions", "features", "splits", "scans")
SETTINGS = ("evaluations.lipschitz", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
OF_SPREAD = ("n", "skipped", "mean", "sd", "median", "skewness")
OF_GAP = ("reference", "z", "z_low", "z_high", "r_gap", "rho", "n_draws")
IN_FILE = ("row", *OF_SPREAD, *OF_GAP, "n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return the distribution of each row's factors, and how it lies to that of a reference.

    Returns
    -------
    DataFrame
        With columns row, n (factors of a seed: one a test person), skipped (people of all seeds
        whose nearest neighbour is the same point), mean, sd, median, skewness (means over seeds, in
        the target's unit), reference, z (how much smaller factors are than the reference's, mean
        over seeds), z_low, z_high (percentiles of the draws), r_gap (r of predictions minus the
        reference's), rho (Pearson's correlation of the draws' Z with their gaps in r), n_draws,
        n_seeds, note (why a number is not there).
    """
    asked = asked_of(given)
    drawn = build(StatisticsSettings, given.told["statistics"])
    rows = list(factors_of_rows(given))
    gaps = gaps_to_reference(given, rows)
    lines = []
    for own in rows:
        line = _line(own)
        if own.row in gaps:
            line |= _gap(*gaps[own.row], asked, drawn.confidence)
        lines.append(line)
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _line(own: FactorsOfRow) -> dict[str, Any]:
    of_seeds = pd.DataFrame([vars(spread_of(seed.factors)) for seed in own.seeds])
    skipped = int(own.people["factor"].isna().sum())
    names = ["mean", "sd", "median", "skewness"]
    return {
        "row": own.row,
        "n": int(of_seeds["n"].min()),
        "skipped": skipped,
        **of_seeds[names].mean().to_dict(),
        "n_seeds": len(own.seeds),
        "note": None if of_seeds["n"].min() else "no two test people have different features",
    }


def _gap(
    at: np.ndarray, draws: np.ndarray, asked: LipschitzSettings, confidence: float
) -> dict[str, Any]:
    outside = (1 - confidence) / 2
    known = draws[np.isfinite(draws).all(axis=1)]
    varies = len(known) > 2 and (np.ptp(known, axis=0) > 0).all()
    low, high = np.quantile(known[:, 0], [outside, 1 - outside]) if len(known) else [np.nan] * 2
    z, r_gap = at.mean(axis=0)
    return {
        "reference": asked.reference,
        "z": z,
        "z_low": low,
        "z_high": high,
        "r_gap": r_gap,
        "rho": float(pearsonr(*known.T)[0]) if varies else float("nan"),
        "n_draws": len(known),
    }
