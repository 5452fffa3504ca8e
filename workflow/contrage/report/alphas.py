"""The probe's penalties: which were chosen, and what each of them would have given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.evaluation.given import by_row
from contrage.files import read_json
from contrage.layout import Results
from contrage.report.text import listed, missing, number

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("alpha_median", "alpha_min", "alpha_max", "n_fits", "n_alpha_lowest", "n_alpha_highest")


def metrics_of(files: Iterable[Path], rows: Iterable[str]) -> dict[str, list[dict]]:
    """Return what the probe wrote of each row, seed by seed; not of one whose head predicts."""
    found = by_row(Results.metrics, files)
    read = {row: [read_json(file) for file in found[row]] for row in rows}
    return {row: each for row, each in read.items() if "alpha" in each[0]}


def chosen(metrics: dict[str, list[dict]]) -> pd.DataFrame:
    """Return the penalties that the probes of each row chose, over seeds and folds.

    Returns
    -------
    DataFrame
        loss, alpha_median, alpha_min, alpha_max, n_fits, and in how many of these the smallest
        (n_alpha_lowest) or the largest (n_alpha_highest) candidate was taken.
    """
    import pandas as pd

    lines = []
    for row, found in metrics.items():
        alphas = np.concatenate([each["alpha"] for each in found])
        candidates = found[0]["alpha_candidates"]
        several = len(candidates) > 1
        lines.append(
            {
                "loss": row,
                # Of an even number the lower of the middle two: a penalty that was offered.
                "alpha_median": float(np.quantile(alphas, 0.5, method="lower")),
                "alpha_min": float(alphas.min()),
                "alpha_max": float(alphas.max()),
                "n_fits": len(alphas),
                "n_alpha_lowest": int((alphas == min(candidates)).sum()) if several else 0,
                "n_alpha_highest": int((alphas == max(candidates)).sum()) if several else 0,
            }
        )
    return pd.DataFrame(lines, columns=["loss", *COLUMNS])


def fixed(metrics: dict[str, list[dict]]) -> pd.DataFrame:
    """Return the error on test scans of each row at each penalty, whichever was chosen.

    Returns
    -------
    DataFrame
        loss, alpha, mae_mean (over seeds).
    """
    import pandas as pd

    lines = [
        {"loss": row, "alpha": alpha, "mae_mean": error}
        for row, found in metrics.items()
        for each in found
        for alpha, error in each["mae_at_alpha"]
    ]
    frame = pd.DataFrame(lines, columns=["loss", "alpha", "mae_mean"])
    return frame.groupby(["loss", "alpha"], sort=False, as_index=False).mean()


def at_the_edge(mae: pd.DataFrame, names: dict[str, str], key: str) -> str:
    """Say in how many fits the smallest or largest candidate was taken; empty where in none.

    Parameters
    ----------
    mae : DataFrame
        The table of errors, with the columns of `chosen`.
    names : dict
        Row → name for readers.
    key : str
        The setting that lists the candidates.
    """
    if not {"n_alpha_lowest", "n_alpha_highest"} <= set(mae):
        return ""
    words = []
    for column, end in (("n_alpha_highest", "largest"), ("n_alpha_lowest", "smallest")):
        rows = mae[mae[column] > 0]
        if len(rows):
            each = [
                f"{names[row.loss]} ({int(getattr(row, column))} of {int(row.n_fits)})"
                for row in rows.itertuples()
            ]
            words.append(f"the {end} penalty of {key} in fits of {listed(each)}")
    return " and ".join(words)


def power(alpha: Any) -> str:
    """Return a penalty as a reader writes it: 0.01, 100, 10⁴."""
    exponent = np.log10(alpha)
    if alpha >= 1e4 and float(exponent).is_integer():
        return "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(int(exponent)))
    return f"{alpha:g}"


def words(row: dict[str, Any]) -> str:
    """Return the penalties of a row: the median, and the range where there is one.

    Nothing of a row whose head predicts.
    """
    if missing(row["alpha_median"]):
        return ""
    low, high = row["alpha_min"], row["alpha_max"]
    text = power(row["alpha_median"])
    return text if low == high else f"{text} ({power(low)}–{power(high)})"


def fixed_cells(frame: pd.DataFrame, digits: int = 2) -> dict[str, list[str]]:
    """Return row → the errors at each penalty in ascending order, as the page prints them."""
    table = frame.pivot(index="loss", columns="alpha", values="mae_mean")
    return {
        row: [number(value, digits) for value in table.loc[row]] for row in frame["loss"].unique()
    }
