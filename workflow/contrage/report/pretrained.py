"""What the pre-training came to that trainings start from: its scans and its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from contrage.files import read_json
from contrage.layout import Results, is_at
from contrage.tables import read_tsv


@dataclass(frozen=True)
class Pretrained:
    """What a pre-training left, over all of its seeds.

    Attributes
    ----------
    reached, baseline : float
        The measure of its held-out part, and of who has learned nothing: its error and that of the
        training mean; of a binary target balanced accuracies.
    n_test : int
        Scans that are held out.
    kept : str
        The epochs that its weights are of, as far as they are told.
    n_scans : int
        Of its data set.
    n_left_out : int
        Scans of people who are in the cohort as well.
    """

    reached: float
    baseline: float
    n_test: int
    kept: str
    n_scans: int
    n_left_out: int


def read_pretrained(files: Sequence[Path], measure: str) -> Pretrained:
    """Read it from the files of its experiment.

    Parameters
    ----------
    files : sequence of Path
        Metrics of all seeds, scans and exclusions.
    measure : str
        As `contrage.target.Target.measure`.
    """
    scans, left_out = (
        next(file for file in files if is_at(pattern, file))
        for pattern in (Results.scans, Results.left_out)
    )
    found = [read_json(file) for file in files if is_at(Results.metrics, file)]
    metrics = pd.DataFrame(found)
    kept = [str(each["epochs"][0]) for each in found if each.get("epochs")]
    return Pretrained(
        reached=metrics[measure].mean(),
        baseline=metrics[f"{measure}_baseline"].mean(),
        n_test=int(metrics["n_test"].iloc[0]),
        kept=", ".join(kept),
        n_scans=len(read_tsv(scans)),
        n_left_out=int((read_tsv(left_out)["stage"] == "experiment").sum()),
    )
