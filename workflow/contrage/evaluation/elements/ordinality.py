"""Whether distances of embeddings follow those of the target, and no more so if it is permuted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import Features
from contrage.evaluation.elements._embedding import embedding
from contrage.evaluation.elements._first import one_each
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import Fold
from contrage.evaluation.statistics.ordinality import ordinality
from contrage.learning.folds import Scans, read_scans
from contrage.settings.blocks.evaluations import OrdinalitySettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Order in the embedding"
NEEDS = ("features", "models", "splits", "scans")
SETTINGS = ("evaluations.ordinality", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
IN_FILE = ("row", "space", "spearman", "spearman_sd", "permuted_row", "permuted", "permuted_sd")
IN_FILE += ("drop", "n_participants", "n_seeds", "note")
NULL = "-null"
"""Ends the name of the row that learned permuted targets (`contrage.plan.null`)."""
EMBEDDING, FEATURES = "embedding", "features"
MOST = 2000
"""Test people of a fold whose pairs are looked at: two million of them."""
PREDICTS = "the head predicts the target and has no embedding"


def evaluate(given: Given) -> pd.DataFrame:
    """Return how well distances follow those of the true target, of test people two and two.

    Returns
    -------
    DataFrame
        With columns row, space (embedding, of the head, of unit length, which the loss orders;
        features, of the encoder, which are probed), spearman (of ‖Δz‖ and |Δy| over all pairs of a
        fold's test people, mean over folds and seeds), spearman_sd (over seeds), permuted_row (that
        of `evaluations.ordinality.permuted`, or of `benchmark.null`, where there is one), permuted
        and permuted_sd (the same of it), drop (spearman minus permuted), n_participants (in pairs,
        of a seed), n_seeds, note.
    """
    assert given.scans is not None
    everyone = read_scans(given.scans, given.target)
    drawn = build(StatisticsSettings, given.told["statistics"])
    asked = build(OrdinalitySettings, given.told["evaluations.ordinality"])
    splits = [list(table.folds(split, everyone)) for split in given.splits]
    lines = []
    for row in given.rows:
        own = _of_row(given, row, splits, drawn.seed)
        named = asked.permuted.get(row, row + NULL)
        is_there = named in given.features
        other = _of_row(given, named, splits, drawn.seed) if is_there else {}
        told = {"row": row, "permuted_row": named if is_there else None}
        lines += [told | _line(space, own, other) for space in (EMBEDDING, FEATURES)]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _of_row(
    given: Given, row: str, splits: list[list[Fold]], seed: int
) -> dict[str, list[tuple[float, int]]]:
    """Return space → of each seed the mean over folds, and the people."""
    files = zip(given.features[row], given.models[row], strict=True)
    found: dict[str, list[tuple[float, int]]] = {EMBEDDING: [], FEATURES: []}
    for parts in splits:
        folds = [_of_fold(part, *next(files), seed) for part in parts]
        people = sum(count for _, count in folds)
        for space, seeds in found.items():
            values = np.array([each[space] for each, _ in folds])
            known = values[np.isfinite(values)]
            seeds.append((float(known.mean()) if known.size else float("nan"), people))
    return found


def _of_fold(part: Fold, features: Path, model: Path, seed: int) -> tuple[dict[str, float], int]:
    """Return what each space of a fold comes to, NaN where there is none, and the people."""
    tested = _at_most(one_each(part.test), seed)
    values = Features(features).of(tested)
    embedded = embedding(model, values)
    nothing = float("nan")
    return {
        EMBEDDING: nothing if embedded is None else ordinality(embedded, tested.targets),
        FEATURES: ordinality(values, tested.targets),
    }, len(tested.ids)


def _at_most(scans: Scans, seed: int) -> Scans:
    if len(scans.ids) <= MOST:
        return scans
    drawn = np.random.default_rng(seed).choice(len(scans.ids), MOST, replace=False)
    return scans.take(np.sort(drawn))


def _line(
    space: str,
    own: dict[str, list[tuple[float, int]]],
    other: dict[str, list[tuple[float, int]]],
) -> dict[str, Any]:
    values = pd.Series([value for value, _ in own[space]])
    null = pd.Series([value for value, _ in other.get(space, [])], dtype=float)
    return {
        "space": space,
        "spearman": values.mean(),
        "spearman_sd": values.std(ddof=1),
        "permuted": null.mean(),
        "permuted_sd": null.std(ddof=1),
        "drop": values.mean() - null.mean(),
        "n_participants": min(people for _, people in own[space]),
        "n_seeds": len(values),
        "note": PREDICTS if space == EMBEDDING and values.isna().all() else None,
    }
