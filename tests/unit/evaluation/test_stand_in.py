"""Real regions of 1,053 people at 22 sites: errors of ridge, and what two probes find of the site.

The numbers were measured before this code was written, by scikit-learn alone; here contrage's ridge
and probes give them, on the same cut.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from real_regions import People
from sklearn.decomposition import PCA
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import KFold, LeaveOneGroupOut, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from contrage.evaluation.statistics.site_probe import challenge_score, predict_sites

EXTERNAL = ["Leiden_2180", "Milwaukee_b", "Newark", "Oulu", "Oxford", "SaintLouis"]


@pytest.fixture(scope="module")
def people(shared: Path) -> People:
    return People.read(shared)


class Cut(NamedTuple):
    """Rows by role, and 32 components of z-scores as an embedding of everybody."""

    train: np.ndarray
    internal: np.ndarray
    external: np.ndarray
    embedding: np.ndarray


@pytest.fixture(scope="module")
def cut(people: People) -> Cut:
    names = np.random.default_rng(42).permutation(sorted(set(people.sites)))[:6]
    assert sorted(names) == EXTERNAL
    inside, outside = (np.flatnonzero(np.isin(people.sites, names) == is_in) for is_in in (0, 1))
    dealt = StratifiedKFold(5, shuffle=True, random_state=42)
    with pytest.warns(UserWarning, match="least populated class"):
        train, internal = next(dealt.split(inside, people.sites[inside]))
    train, internal = inside[train], inside[internal]
    scaled = StandardScaler().fit(people.features[train])
    z = scaled.transform(people.features)
    return Cut(train, internal, outside, PCA(32, svd_solver="full").fit(z[train]).transform(z))


@pytest.mark.parametrize(
    ("way", "expected", "of_mean"),
    [
        (KFold(5, shuffle=True, random_state=42), 5.30, 9.70),
        (LeaveOneGroupOut(), 6.94, 10.51),
    ],
    ids=["five folds", "left-out sites"],
)
def test_the_error_of_ridge_is_what_was_measured(people: People, way, expected, of_mean):
    found, guessed = [], []
    for train, test in way.split(people.features, people.ages, people.sites):
        found += people.errors(train, test)
        guessed.append(abs(people.ages[train].mean() - people.ages[test]))
    assert np.concatenate(found).mean() == pytest.approx(expected, abs=0.02)
    assert np.concatenate(guessed).mean() == pytest.approx(of_mean, abs=0.02)


def site_accuracy(kind: str, people: People, cut: Cut, embedding: np.ndarray) -> float:
    names = cut.train.astype(str)
    learned = embedding[cut.train], people.sites[cut.train], names
    found = predict_sites(kind, *learned, embedding[cut.internal])
    return balanced_accuracy_score(people.sites[cut.internal], found)


def test_errors_inside_and_outside_and_the_score_are_what_was_measured(people: People, cut: Cut):
    assert [len(part) for part in cut[:3]] == [656, 165, 232]
    inside, outside = (part.mean() for part in people.errors(cut.train, *cut[1:3]))
    assert inside == pytest.approx(5.53, abs=0.02) and outside == pytest.approx(6.27, abs=0.02)
    for kind, accuracy, score in (("released", 0.775, 5.81), ("invariant", 0.753, 5.75)):
        found = site_accuracy(kind, people, cut, cut.embedding)
        assert found == pytest.approx(accuracy, abs=0.02)
        assert challenge_score(found, outside) == pytest.approx(score, abs=0.02)


@pytest.mark.parametrize(
    ("length", "scale", "released", "invariant"),
    [("own", 0.01, 0.733, 0.753), ("unit", 1.0, 0.754, 0.775), ("unit", 0.01, 0.122, 0.775)],
)
def test_the_scale_of_the_features_changes_the_released_probe_alone(
    people: People, cut: Cut, length, scale, released, invariant
):
    norms = np.linalg.norm(cut.embedding, axis=1, keepdims=True) if length == "unit" else 1
    embedding = scale * cut.embedding / norms
    for kind, expected in (("released", released), ("invariant", invariant)):
        found = site_accuracy(kind, people, cut, embedding)
        assert found == pytest.approx(expected, abs=0.02)
