"""Logistic regression on the tables tells dementia, in its own cohort and in the other one."""

from __future__ import annotations

import numpy as np
import pytest
import region_tables as rt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

AT_LEAST = {
    ("adni", "adni"): 0.70,
    ("adni", "oasis3"): 0.62,
    ("oasis3", "oasis3"): 0.62,
    ("oasis3", "adni"): 0.58,
}
"""Balanced accuracy by the cohort that is learned from and the one that is tested."""


@pytest.fixture(scope="module")
def cohorts(study):
    """Features and diagnosis (1: dementia) of the first scans of each cohort."""
    planted = rt.read(study)
    found = {}
    for cohort in ("adni", "oasis3"):
        rows = planted.where(cohort=cohort, group=("HC", "AD")) & planted.first
        found[cohort] = planted.values[rows], planted.where(group="AD")[rows].astype(int)
    return found


def classifier(values: np.ndarray, is_ill: np.ndarray) -> GridSearchCV:
    logistic = LogisticRegression(class_weight="balanced", max_iter=1000)
    grid = {"logisticregression__C": np.logspace(-4, 2, 7)}
    model = make_pipeline(StandardScaler(), logistic)
    return GridSearchCV(model, grid, scoring="neg_log_loss").fit(values, is_ill)


def folds(values: np.ndarray, is_ill: np.ndarray):
    """Yield the model of each of five folds, and who is tested in it."""
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(values, is_ill):
        yield classifier(values[train], is_ill[train]), test


@pytest.mark.parametrize("learned", ["adni", "oasis3"])
def test_dementia_is_told_in_both_cohorts(cohorts, learned):
    values, is_ill = cohorts[learned]
    other = "oasis3" if learned == "adni" else "adni"
    inside, outside, scores = [], [], np.empty(len(is_ill))
    for model, test in folds(values, is_ill):
        inside.append(balanced_accuracy_score(is_ill[test], model.predict(values[test])))
        outside.append(balanced_accuracy_score(cohorts[other][1], model.predict(cohorts[other][0])))
        scores[test] = model.predict_proba(values[test])[:, 1]
    assert np.mean(inside) > AT_LEAST[learned, learned]
    assert np.mean(outside) > AT_LEAST[learned, other]
    assert roc_auc_score(is_ill, scores) > np.mean(inside)


def test_the_probabilities_of_a_classifier_can_be_judged(cohorts):
    values, is_ill = cohorts["adni"]
    told = np.empty(len(is_ill))
    for model, test in folds(values, is_ill):
        told[test] = model.predict_proba(values[test])[:, 1]
    assert len(told) == 300
    bins = np.minimum((told * 10).astype(int), 9)
    off = [abs((is_ill - told)[bins == each].sum()) for each in range(10)]
    assert 0.03 < sum(off) / len(told) < 0.2


def test_shuffled_diagnoses_cannot_be_told(cohorts):
    values, is_ill = cohorts["adni"]
    shuffled = np.random.default_rng(0).permutation(is_ill)
    found = [
        balanced_accuracy_score(shuffled[test], model.predict(values[test]))
        for model, test in folds(values, shuffled)
    ]
    assert 0.4 < np.mean(found) < 0.6
