"""The site of an embedding is found as far as sites were planted; the scale misleads one probe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import region_tables as rt
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contrage.cohort.phantom.tables.study import write_study

GRID = np.logspace(-2, 2, 5)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Embedded:
    """32 principal components of OpenBHB's training and internal test part, with their sites."""

    def __init__(self, planted: rt.Planted) -> None:
        self.train = planted.where(part="train")
        self.test = planted.where(part="internal_test")
        reduce = make_pipeline(StandardScaler(), PCA(32, random_state=0))
        self.values = reduce.fit(planted.values[self.train]).transform(planted.values)
        self.sites = planted.truth["site"].to_numpy()

    def judged(self, probe: BaseEstimator, values: np.ndarray) -> float:
        probe.fit(values[self.train], self.sites[self.train])
        return balanced_accuracy_score(self.sites[self.test], probe.predict(values[self.test]))

    def released(self, values: np.ndarray) -> float:
        logistic = LogisticRegression(solver="saga", max_iter=150)
        return self.judged(GridSearchCV(logistic, {"C": GRID}, scoring="balanced_accuracy"), values)

    def invariant(self, values: np.ndarray) -> float:
        logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=10_000))
        grid = {"logisticregression__C": GRID}
        return self.judged(GridSearchCV(logistic, grid, scoring="balanced_accuracy"), values)


def test_sites_are_recognised_and_a_small_scale_misleads_the_released_probe(study):
    found = Embedded(rt.read(study))
    assert found.invariant(found.values) >= 0.9
    unit = found.values / np.linalg.norm(found.values, axis=1, keepdims=True)
    assert found.released(unit) - found.released(0.01 * unit) > 0.3
    assert abs(found.invariant(unit) - found.invariant(0.01 * unit)) < 0.05


def test_sites_that_differ_in_nothing_are_not_recognised(settings, tmp_path):
    parts = {"openbhb": settings.parts["openbhb"]}
    write_study(replace(settings, site=0.0, packed=0, parts=parts), tmp_path)
    found = Embedded(rt.read(tmp_path))
    assert found.invariant(found.values) <= 0.15
