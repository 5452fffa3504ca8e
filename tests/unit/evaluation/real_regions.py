"""Regions of 1,053 real people at 22 sites, and what contrage's ridge makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from contrage.evaluation.ridge import fit

ALPHAS = [10.0**power for power in range(-2, 5)]


class People(NamedTuple):
    """Features, ages and sites."""

    features: np.ndarray
    ages: np.ndarray
    sites: np.ndarray

    @classmethod
    def read(cls, shared: Path) -> People:
        """Read them from the folder of real data; patients are left out."""
        table = pd.read_csv(shared / "data" / "fcon1000.csv")
        table = table[table["site"] != "NewYork_a_ADHD"]
        features = table.drop(columns=["sub_id", "age", "sex", "site"])
        assert features.shape == (1053, 218)
        return cls(*(part.to_numpy() for part in (features, table["age"], table["site"])))

    def errors(self, train: np.ndarray, *tests: np.ndarray) -> list[np.ndarray]:
        """Of ridge regression on z-scores of the training people."""
        scaled = StandardScaler().fit(self.features[train])
        names = train.astype(str)
        ridge = fit(
            scaled.transform(self.features[train]), self.ages[train], list(names), ALPHAS, 5
        )
        return [
            abs(ridge.predict(scaled.transform(self.features[test])) - self.ages[test])
            for test in tests
        ]
