"""A cohort with two sessions per participant, and features in which age shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@dataclass
class Study:
    """Files of 20 participants with two scans each, in three folds."""

    folder: Path
    ages: np.ndarray
    people: list[str]

    @property
    def ids(self) -> list[str]:
        return [f"{name}_ses-{i % 2}" for i, name in enumerate(self.people)]

    @property
    def scans(self) -> Path:
        return self.folder / "scans.tsv"

    @property
    def split(self) -> Path:
        return self.folder / "split.json"

    def write_split(self, test_sets: list[list[str]]) -> None:
        folds = []
        for number, names in enumerate(test_sets):
            test = [scan for scan, who in zip(self.ids, self.people, strict=True) if who in names]
            train = [scan for scan in self.ids if scan not in test]
            rows = [self.ids.index(scan) for scan in train]
            folds.append({"fold": number, "train": train, "test": test, "mean": [0.0], "sd": [1.0]})
            folds[-1]["train_rows"] = rows
        self.split.write_text(json.dumps({"folds": folds}))

    def write_features(self, features: np.ndarray, **more: Any) -> Path:
        path = self.folder / "features.npz"
        np.savez(path, scan_id=np.array(self.ids), features=features.astype(np.float32), **more)
        return path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    rng = np.random.default_rng(11)
    people = [f"sub-{i:02d}" for i in range(20) for _ in range(2)]
    ages = np.repeat(rng.uniform(20, 80, 20).round(1), 2)
    made = Study(tmp_path, ages, people)
    lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
    for i, (scan, name) in enumerate(zip(made.ids, people, strict=True)):
        site = "n/a" if name == "sub-03" else "old" if ages[i] > 50 else "young"
        lines.append(f"{scan}\t{name}\t{ages[i]}\t{site}\t{i}")
    made.scans.write_text("\n".join(lines) + "\n")
    names = sorted(set(people))
    made.write_split([names[:7], names[7:14], names[14:]])
    return made
