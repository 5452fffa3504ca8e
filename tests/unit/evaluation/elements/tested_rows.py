"""Rows that were tested, as files: scans, folds, predictions, features and models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evaluation_steps import evaluation_of
from forms import TABLE
from given import config

from contrage.evaluation import elements
from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.plan.evaluations import setting
from contrage.tables import read_tsv, write_rows

COLUMNS = ["participant_id", "age", "predicted_age", "split", "scan_id", "site", "fold"]
NEEDED = ("predictions", "features", "models", "splits")


@dataclass(frozen=True)
class RowsOnTest:
    """People in folds, and what rows make of them.

    Attributes
    ----------
    folder : Path
    ages : ndarray of shape (n,)
        Of sub-000, sub-001 …, a scan each.
    folds : list of dict
        Role → places of people.
    rows : dict
        Row → function of ages and a generator: predicted ages.
    features : dict
        Row → function of ages and a generator: features (n, d).
    heads : dict
        Row → what `contrage.learning.embed` reads of its model.
    seeds : int
    told : dict
        What differs from the defaults of the configuration.
    """

    folder: Path
    ages: np.ndarray
    folds: list[dict[str, np.ndarray]]
    rows: Mapping[str, Callable[..., np.ndarray]]
    features: Mapping[str, Callable[..., np.ndarray]] = field(default_factory=dict)
    heads: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    seeds: int = 1
    told: Mapping[str, Any] = field(default_factory=dict)
    people: list[str] | None = None

    @property
    def ids(self) -> np.ndarray:
        return np.array([f"sub-{n:03d}" for n in range(len(self.ages))])

    def table(self, name: str) -> pd.DataFrame:
        """Return an evaluation's table, read from its file."""
        place = Results.at(str(self.folder))
        stated = elements.element(name)
        asked = config(**self.told)
        asked["statistics"] |= {"bootstrap": 100, "permutations": 100}
        told = {key: setting(asked, key) for key in stated.settings}
        named = {each: [] for each in NEEDED}
        trained = dict.fromkeys([*self.rows, *self.features])
        for row in trained:
            for seed in range(self.seeds):
                chance = np.random.default_rng([seed, len(row)])
                named["predictions"] += self._predictions(place, row, seed, chance)
                for fold, _ in enumerate(self.folds):
                    at = {"row": row, "seed": seed, "fold": fold}
                    named["features"] += self._features(place, at, chance)
                    named["models"] += self._model(place, at)
        named["splits"] = [self._split(place, seed) for seed in range(self.seeds)]
        files = {each: named[each] for each in NEEDED if each in stated.needs}
        if "scans" in stated.needs:
            files["scans"] = self._scans(place)
        step = evaluation_of(name, TABLE, tuple(self.rows), told)
        evaluate(step, table=self.folder / "t.tsv", **files)
        return read_tsv(self.folder / "t.tsv")

    def _scans(self, place: Results) -> Path:
        people = self.people or self.ids.tolist()
        columns = {"scan_id": self.ids, "participant_id": people, "age": self.ages}
        frame = pd.DataFrame(columns).assign(row=range(len(self.ages)))
        write_rows(_made(place.scans), list(frame), frame.to_dict("records"))
        return Path(place.scans)

    def _split(self, place: Results, seed: int) -> Path:
        folds = [
            {"fold": at, **{role: self.ids[of].tolist() for role, of in roles.items()}}
            for at, roles in enumerate(self.folds)
        ]
        path = _made(place.split.format(seed=seed))
        path.write_text(json.dumps({"folds": folds}))
        return path

    def _predictions(self, place: Results, row: str, seed: int, chance) -> list[Path]:
        if row not in self.rows:
            return []
        told, lines = self.rows[row](self.ages, chance), []
        for at, roles in enumerate(self.folds):
            for role, places in roles.items():
                lines += [
                    [self.ids[n], self.ages[n], told[n], role, self.ids[n], "a", at] for n in places
                ]
        path = _made(place.predictions.format(row=row, seed=seed))
        write_rows(path, COLUMNS, [dict(zip(COLUMNS, line, strict=True)) for line in lines])
        return [path]

    def _features(self, place: Results, at: dict[str, Any], chance) -> list[Path]:
        if at["row"] not in self.features:
            return []
        path = _made(place.features.format(**at))
        np.savez(path, scan_id=self.ids, features=self.features[at["row"]](self.ages, chance))
        return [path]

    def _model(self, place: Results, at: dict[str, Any]) -> list[Path]:
        import torch

        if at["row"] not in self.heads:
            return []
        path = _made(place.model.format(**at))
        told = {"settings": {"training": {"encoder": "mlp"}}, "encoder": {}}
        torch.save({**told, **self.heads[at["row"]]}, path)
        return [path]


def _made(path: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


def halves(count: int) -> list[dict[str, np.ndarray]]:
    """Two folds: each half learned from once, tested once."""
    first, second = np.arange(count // 2), np.arange(count // 2, count)
    return [{"train": first, "test": second}, {"train": second, "test": first}]
