"""What the trainings of a run left that the page tells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.evaluation.network import SIZES
from contrage.files import read_json
from contrage.tables import read_tsv

Files = dict[str, list[Path]]
"""Of each row."""


def networks(metrics: Files, rows: Iterable[str]) -> pd.DataFrame:
    """Return the size of each row's network: loss and the keys of `Model.size`; seeds are alike."""
    lines = []
    for row in rows:
        for path in metrics.get(row, [])[:1]:
            found = read_json(path)
            if "encoder_parameters" in found:
                lines.append({key: found[key] for key in SIZES} | {"loss": row})
    return pd.DataFrame(lines)


def epochs(metrics: Files, curves: Files, rows: Iterable[str]) -> pd.DataFrame:
    """Return of each training how many epochs were run, and that of the weights that were kept.

    Parameters
    ----------
    metrics, curves : dict of str to list of Path
    rows : iterable of str
        Those whose trainings may stop early; others run to their end.

    Returns
    -------
    DataFrame
        loss, run, kept.
    """
    lines: list[dict[str, Any]] = []
    for row in rows:
        found = [read_json(file) for file in metrics.get(row, [])]
        kept = [epoch for each in found for epoch in each.get("epochs", [])]
        run = [len(read_tsv(path)) for path in curves.get(row, [])]
        if len(kept) == len(run):
            pairs = zip(run, kept, strict=True)
            lines += [{"loss": row, "run": last, "kept": epoch} for last, epoch in pairs]
    return pd.DataFrame(lines, columns=["loss", "run", "kept"])


def tested(predictions: Files, rows: list[str]) -> int:
    """Return the number of participants that one seed is tested on."""
    for row in rows:
        for path in predictions.get(row, []):
            frame = read_tsv(path)
            return int(frame.loc[frame["split"] == REPORTED, "participant_id"].nunique())
    return 0


def broken(curves: Files, rows: list[str]) -> list[str]:
    """Return the rows of which some epoch's training loss is not a finite number."""
    found = []
    for row in rows:
        losses = [read_tsv(path)["loss"].astype(float) for path in curves.get(row, [])]
        if not all(np.isfinite(loss).all() for loss in losses):
            found.append(row)
    return found
