"""What a random search found, as the page and its figure tell it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.evaluation.choose import COLUMNS
from contrage.tables import read_tsv

if TYPE_CHECKING:
    import pandas as pd

PLACE = ["row", "split", "fold"]


def read_draws(path: Path | None, rows: Iterable[str]) -> pd.DataFrame:
    """Return the draws of these rows; none where nothing is searched, whatever an old file says.

    Parameters
    ----------
    path : Path or None
        Written by `contrage.evaluation.choose.search_table`.
    rows : iterable of str
        The rows that the configuration searches.

    Returns
    -------
    DataFrame
        row, split, fold, draw, validation_mae (years), chosen, and the settings as text.
    """
    import pandas as pd

    rows = list(rows)
    if not rows or path is None:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = read_tsv(path, as_text=True)
    numbers = {"split": int, "fold": int, "draw": int, "validation_mae": float}
    frame = frame.astype(numbers).assign(chosen=frame["chosen"] == "true")
    return frame[frame["row"].isin(rows)].reset_index(drop=True)


def searched_settings(draws: pd.DataFrame) -> list[str]:
    """Return the names of the settings that one row's draws vary."""
    return [name for name in draws if name not in COLUMNS and draws[name].notna().any()]


def over_places(draws: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return one line per different settings of a row, over all splits and folds.

    Every split and fold tries the same draws. Draws that are alike are one line: they train alike.

    Returns
    -------
    DataFrame
        The settings, validation_mae (mean, years), `count` (draws that are alike), `chosen` (in
        how many splits and folds); the best first.
    """
    grouped = draws.groupby(names, sort=False, dropna=False)
    found = grouped.agg(
        validation_mae=("validation_mae", "mean"),
        count=("draw", "nunique"),
        chosen=("chosen", "sum"),
    )
    return found.reset_index().sort_values("validation_mae", kind="stable", ignore_index=True)


def choices(draws: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what was chosen in each split and fold.

    Returns
    -------
    list of dict
        row, split, fold, `settings` (words), `draws`, `different` (of other settings than all
        others), validation_mae and `median` (of all draws), years.
    """
    lines = []
    for (row, split, fold), group in draws.groupby(PLACE, sort=False):
        names = searched_settings(group)
        best = group[group["chosen"]].iloc[0]
        errors = group["validation_mae"]
        lines.append(
            {
                "row": row,
                "split": split,
                "fold": fold,
                "settings": ", ".join(f"{name} {best[name]}" for name in names),
                "draws": len(group),
                "different": len(group[names].drop_duplicates()),
                "validation_mae": best["validation_mae"],
                "median": errors.median(),
            }
        )
    return lines
