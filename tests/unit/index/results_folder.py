"""A folder of results as runs leave it: tables, predictions and the record beside the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from given import config

from contrage.files import write_json
from contrage.tables import write_tsv

PEOPLE = [f"sub-zq{number:02d}k" for number in range(20)]
ROWS = {"exp": 0.0, "l1": 1.5}
"""Rows of an experiment, and how much worse each predicts."""


def errors(row: str, seed: int, shift: float, people: list[str]) -> np.ndarray:
    """What a row errs by, of each of some people."""
    rng = np.random.default_rng([len(row), seed, round(4 * shift)])
    every = dict(zip(PEOPLE, rng.normal(3, 4, len(PEOPLE)), strict=True))
    return np.array([every[person] for person in people]) + ROWS[row] + shift


def experiment(
    results: Path,
    name: str,
    *,
    written: str = "2026-01-02T03:04:05+00:00",
    shift: float = 0.0,
    people: list[str] = PEOPLE,
    record: bool = True,
    **blocks: Any,
) -> dict[str, Any]:
    """Write an experiment, and return its whole configuration."""
    home = results / name
    rows = {"training": {"seeds": [0, 1]}, "cohort": {"source": "bids", "name": "people"}}
    meant = config(**{"experiment": "x", **rows, **blocks})
    meant["experiment"] = name
    table = []
    for row in ROWS:
        for seed in (0, 1):
            ages = 20.0 + np.arange(len(people))
            frame = pd.DataFrame({"participant_id": people, "age": ages})
            frame["predicted_age"] = ages + errors(row, seed, shift, people)
            trained = frame.assign(split="train", predicted_age=frame["age"] + 99)
            frame = pd.concat([frame.assign(split="test"), trained])
            write_tsv(home / f"predictions/{row}/seed-{seed}.tsv", frame)
        found = np.mean([np.abs(errors(row, seed, shift, people)) for seed in (0, 1)])
        line = {"loss": row, "mae_mean": found, "ci_low": found - 0.7, "ci_high": found + 0.8}
        table.append(line | {"n_participants": len(people), "mae_baseline": 9.125 + shift})
    write_tsv(home / "tables/mae.tsv", pd.DataFrame(table).iloc[::-1])
    write_tsv(home / "dataset/scans.tsv", pd.DataFrame({"participant_id": people}))
    (home / "report.html").write_text("<h1>a report</h1>")
    if record:
        told = {"version": 1, "written": written, "experiment": name, "settings": {"config": meant}}
        write_json(home / "provenance.json", told)
    return meant
