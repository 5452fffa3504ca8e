"""Predictions of controls and patients, as files, with gaps that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evaluation_steps import evaluation_of
from forms import TABLE
from given import block, config

from contrage.evaluation import elements
from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.plan.evaluations import setting
from contrage.tables import read_tsv, write_tsv

GAPS = {"HC": 0.0, "sMCI": 1.0, "pMCI": 4.0, "AD": 6.0}
SLOPES = {"HC": 0.0, "sMCI": 0.0, "pMCI": 1.0, "AD": 1.5}
FOLDS = 4


@dataclass(frozen=True)
class GroupsStudy:
    """People of four groups with three scans each; rows and seeds that predict them.

    Attributes
    ----------
    folder : Path
    scans : DataFrame
        scan_id, participant_id, group, owner, sex, age, fold, split.
    told : dict
        What differs from the defaults in the block evaluations.
    rows : dict of str to function
        Row → what it predicts of such a table, and a seed.
    seeds : int
    """

    folder: Path
    scans: pd.DataFrame
    rows: dict[str, Callable[[pd.DataFrame, int], np.ndarray]]
    told: dict[str, Any] = field(default_factory=dict)
    seeds: int = 1

    def but(self, **changes: Any) -> GroupsStudy:
        """Return the same with another of its parts, in a folder of its own."""
        number = len(list(self.folder.parent.glob("study*")))
        return replace(self, folder=self.folder.parent / f"study{number}", **changes)

    def without(self, *groups: str) -> GroupsStudy:
        """Return the same without the people of some groups."""
        return self.but(scans=self.scans[~self.scans["group"].isin(groups)])

    def table(self, name: str) -> pd.DataFrame:
        """Write the files, run an evaluation, and return its table."""
        place = Results.at(str(self.folder))
        files: dict[str, list[Path]] = {"predictions": [], "baselines": []}
        for seed in range(self.seeds):
            for row, predict in self.rows.items():
                file = Path(place.predictions.format(row=row, seed=seed))
                files["predictions"].append(self._write(file, predict(self.scans, seed)))
            mean = np.full(len(self.scans), self.scans["age"].mean())
            file = Path(place.baselines.format(seed=seed))
            files["baselines"].append(self._write(file, mean, baseline="mean"))
        scans = Path(place.scans)
        scans.parent.mkdir(parents=True, exist_ok=True)
        write_tsv(scans, self.scans.drop(columns=["fold", "split"]))
        asked = config(evaluations=self.told)
        stated = elements.element(name)
        told = {key: setting(asked, key) for key in stated.settings}
        if "statistics" in told:
            told["statistics"] = block("statistics", bootstrap=200, permutations=200)
        step = evaluation_of(name, TABLE, tuple(self.rows), told)
        needed = {need: files[need] for need in stated.needs if need in files}
        evaluate(step, table=self.folder / "table.tsv", scans=scans, **needed)
        return read_tsv(self.folder / "table.tsv")

    def _write(self, file: Path, predicted: np.ndarray, **more: str) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = ["participant_id", "age", "split", "scan_id", "fold"]
        lines = self.scans[kept].assign(predicted_age=predicted, site="n/a", **more)
        write_tsv(file, lines)
        return file


def people(seed: int = 7, each: int = 24) -> pd.DataFrame:
    """Return the scans of people who were followed, in folds by person."""
    rng = np.random.default_rng(seed)
    lines = []
    for group in GAPS:
        for number in range(each):
            start = rng.normal(74, 7)
            for visit in range(3):
                person = f"sub-{group}{number:02d}"
                lines.append(
                    {
                        "scan_id": f"{person}_ses-{visit}",
                        "participant_id": person,
                        "group": group,
                        "owner": "adni" if number % 3 else "oasis3",
                        "sex": "F" if rng.random() < 0.5 else "M",
                        "age": round(start + 1.5 * visit, 2),
                        "years": 1.5 * visit,
                        "fold": number % FOLDS,
                        "split": "test" if group == "HC" else "predict",
                    }
                )
    return pd.DataFrame(lines)


def leaning(beta: float, noise: float = 1.5) -> Callable[[pd.DataFrame, int], np.ndarray]:
    """Return predictions that lean towards 70, by the gap of each group and its slope."""

    def predict(scans: pd.DataFrame, seed: int) -> np.ndarray:
        names = sorted(set(people()["participant_id"]))
        own = pd.Series(np.random.default_rng(seed).normal(0, noise, len(names)), names)
        gap = scans["group"].map(GAPS) + scans["group"].map(SLOPES) * scans["years"]
        brain = scans["age"] + gap + scans["participant_id"].map(own)
        return (70 + beta * (brain - 70)).to_numpy()

    return predict
