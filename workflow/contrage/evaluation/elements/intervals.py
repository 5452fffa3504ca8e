"""What an interval around each prediction has to be, and whether it holds whom it is to hold."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from contrage.dataset.roles import APART
from contrage.evaluation.covered import AskedIntervals, measured
from contrage.evaluation.given import Given
from contrage.evaluation.held_out import held_out
from contrage.settings.blocks.evaluations import IntervalsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv

TITLE = "Intervals of new people"
NEEDS = ("predictions", "scans", "number")
SETTINGS = ("evaluations.intervals", "target.bin", "statistics.confidence")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
BINS = 10
"""Bins of the target that a band is wide, where no edges are told: ten years."""
IN_FILE = ("row", "interval", "new", "part", "value", "people", "sites", "covered", "share")
IN_FILE += ("low", "high", "half_width", "seen", "level", "n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Measure what the interval of each row holds of people whom its models have not seen.

    Returns
    -------
    DataFrame
        With columns row, those of `contrage.evaluation.statistics.conformal.Measured`, level and
        n_seeds.
    """
    assert given.scans is not None
    asked = asked_intervals(given)
    scans = read_tsv(given.scans)
    lines = []
    for row in given.rows:
        frames = given.frames(row)
        people, external = held_out(frames, scans), held_out(frames, scans, APART)
        told = {"row": row, "level": asked.level, "n_seeds": len(frames)}
        for each in measured(people, external, asked):
            lines.append(told | asdict(each) | {"note": each.note or None})
    return pd.DataFrame(lines, columns=list(IN_FILE))


def asked_intervals(given: Given) -> AskedIntervals:
    """Return what the configuration asks for."""
    own = build(IntervalsSettings, given.told["evaluations.intervals"])
    width = BINS * float(given.told["target.bin"])
    confidence = float(given.told["statistics.confidence"])
    return AskedIntervals(own.level, own.bands, width, confidence)
