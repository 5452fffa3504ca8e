"""The site in an embedding, and the challenge's score."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from given import given as block
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV

from contrage.errors import TableError
from contrage.evaluation.statistics.site_probe import (
    KINDS,
    challenge_score,
    mean_recall,
    predict_sites,
    scale_decides,
    site_recovery,
)
from contrage.settings.blocks.statistics import StatisticsSettings

TRUE, SAID = list("aaabbc"), list("aabbbb")
SITES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=2, max_size=20
)


def embeddings(rng, strength: float, people: int = 240, sites: int = 8, d: int = 16):
    """Return features of unit length, sites and people; half of them for training."""
    return of_unit_length(rng, strength, np.arange(people) % sites, d)


def of_unit_length(rng, strength: float, site: np.ndarray, d: int):
    people, sites = len(site), site.max() + 1
    features = rng.normal(size=(people, d)) + strength * rng.normal(size=(sites, d))[site]
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features, np.array([f"site{each}" for each in site]), np.arange(people).astype(str)


def recovered(kind, features, sites, people, statistics):
    half = len(sites) // 2
    train = features[:half], sites[:half], people[:half]
    said = predict_sites(kind, *train, features[half:])
    count = len(set(sites[:half]))
    return site_recovery(sites[half:], said, people[half:], count, statistics)


def test_worked_numbers(statistics):
    found = site_recovery(TRUE, SAID, range(6), 3, statistics)
    assert found.balanced_accuracy == pytest.approx(0.5555556, abs=1e-6)
    assert found.chance == pytest.approx(1 / 3)
    assert challenge_score(found.balanced_accuracy, 2.5) == pytest.approx(2.0958407, abs=1e-6)
    assert challenge_score(0.054, 2.25) == pytest.approx(0.9373475, abs=1e-6)


@given(SITES)
def test_accuracy_is_the_mean_recall_over_the_sites_that_are_there(told):
    settings = block(StatisticsSettings, "statistics", permutations=100)
    true, said = zip(*told, strict=True)
    recalls = []
    for site in sorted(set(true)):
        own = [p == site for t, p in told if t == site]
        recalls.append(sum(own) / len(own))
    found = site_recovery(true, said, range(len(true)), 4, settings)
    assert found.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert mean_recall(true, said) == pytest.approx(np.mean(recalls))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of predictions that are nobody's site
        assert mean_recall(true, said) == pytest.approx(balanced_accuracy_score(true, said))


def test_a_persons_scans_weigh_one_together(statistics):
    """Ten scans of one person, none recognised, and one of another, who is."""
    true, said = ["a"] * 11 + ["b"], ["b"] * 10 + ["a", "b"]
    people = ["p"] * 10 + ["q", "r"]
    found = site_recovery(true, said, people, 2, statistics)
    assert found.balanced_accuracy == pytest.approx((0.5 + 1) / 2)


def test_the_null_is_that_of_a_loop_that_deals_predictions_to_other_people(rng, statistics):
    true = np.array(list("aaaaaabbbbcc"))
    said = np.array(list("aaaabbbbbaca"))
    found = site_recovery(true, said, range(12), 3, replace(statistics, permutations=10_000))
    null = np.array([mean_recall(true, rng.permutation(said)) for _ in range(2000)])
    error = null.std() / np.sqrt(2000)
    assert found.null_mean == pytest.approx(null.mean(), abs=5 * error)
    assert found.null_mean == pytest.approx(1 / 3, abs=0.01)
    assert found.null_high == pytest.approx(np.quantile(null, 0.95), abs=0.06)
    p = (null >= found.balanced_accuracy - 1e-12).mean()
    assert found.p == pytest.approx(p, abs=4 * np.sqrt(max(p, 1e-3) / 2000) + 1e-3)


def test_scans_of_a_person_are_dealt_together(statistics):
    """Twenty people with ten scans each, all of which say the same: as twenty scans."""
    true, said = np.array(list("ab" * 10)), np.array(list("ab" * 6 + "ba" * 4))
    once = site_recovery(true, said, range(20), 2, statistics)
    often = site_recovery(*(np.repeat(each, 10) for each in (true, said, range(20))), 2, statistics)
    assert once.p > 0.05 and often == once


def test_with_other_sites_than_those_of_training_predictions_are_wrong(statistics):
    found = site_recovery(["new"] * 4, ["a", "b", "a", "b"], range(4), 2, statistics)
    assert (found.balanced_accuracy, found.p) == (0, 1)


def test_the_same_of_everyone_is_chance(statistics):
    found = site_recovery(list("aabbcc"), ["a"] * 6, range(6), 3, statistics)
    assert (found.balanced_accuracy, found.null_mean) == pytest.approx((1 / 3, 1 / 3))
    assert found.p == 1


def test_of_nobody_there_is_nothing_to_recover(statistics):
    with pytest.raises(TableError, match="no internal test scan"):
        site_recovery([], [], [], 3, statistics)


def test_both_probes_find_a_site_that_is_there_and_none_that_is_not(rng, statistics):
    for kind in KINDS:
        told = recovered(kind, *embeddings(rng, 3.0), statistics)
        assert told.balanced_accuracy > 0.9
        assert told.p == pytest.approx(1 / 2001)
        nothing = recovered(kind, *embeddings(rng, 0.0), statistics)
        assert nothing.balanced_accuracy < 0.3
        assert nothing.chance == 1 / 8


def test_scale_hides_the_site_from_the_released_probe_alone(rng, statistics):
    half = np.repeat(np.arange(8), [90, 40, 20, 12, 8, 6, 6, 6])  # most are of one site
    features, *rest = of_unit_length(rng, 1.5, np.tile(half, 2), 16)
    found = {
        (kind, scale): recovered(kind, features * scale, *rest, statistics).balanced_accuracy
        for kind in KINDS
        for scale in (1, 0.01)
    }
    assert found["released", 1] - found["released", 0.01] > 0.3
    assert abs(found["invariant", 1] - found["invariant", 0.01]) < 0.05
    assert scale_decides(found["released", 0.01], found["invariant", 0.01])
    assert not scale_decides(found["invariant", 1], found["invariant", 0.01])


def test_the_released_probe_is_that_of_the_challenges_kit(rng):
    """Five unshuffled folds, the kit's grid, and features as they are."""
    features, sites, people = embeddings(rng, 1.0)
    kit = GridSearchCV(
        LogisticRegression(solver="saga", max_iter=150, random_state=0),
        {"C": 10.0 ** np.arange(-2, 3)},
        cv=5,
        scoring="balanced_accuracy",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kit.fit(features[:120], sites[:120])
    found = predict_sites("released", features[:120], sites[:120], people[:120], features[120:])
    np.testing.assert_array_equal(found, kit.predict(features[120:]))


def test_no_one_elses_features_change_a_prediction(rng):
    features, sites, people = embeddings(rng, 1.0, people=80, sites=4)
    for kind in KINDS:
        train = features[:40], sites[:40], people[:40]
        together = predict_sites(kind, *train, features[40:])
        alone = [predict_sites(kind, *train, row[None])[0] for row in features[40:43]]
        assert together[:3].tolist() == alone


def test_scans_of_one_person_are_in_one_fold(rng, monkeypatch):
    """Else C would be chosen by how well people are recognised."""
    seen = []

    def search(model, grid, scoring, cv):
        seen.extend(cv.split())
        return GridSearchCV(model, grid, scoring=scoring, cv=cv)

    monkeypatch.setattr("sklearn.model_selection.GridSearchCV", search)
    features, sites, people = embeddings(rng, 0.0, people=60, sites=3)
    three = np.repeat(people, 3)
    predict_sites("invariant", np.repeat(features, 3, 0), np.repeat(sites, 3), three, features)
    assert len(seen) == 5
    for train, test in seen:
        assert not set(three[train]) & set(three[test])
        assert set(np.repeat(sites, 3)[train]) == set(sites)


def test_sites_of_few_people_make_fewer_folds_and_no_warning(rng):
    features, _, people = embeddings(rng, 1.0, people=14, sites=2)
    sites = np.array(["a"] * 10 + ["b"] * 3 + ["c"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in KINDS:
            assert set(predict_sites(kind, features, sites, people, features)) <= set("abc")
        alone = np.array(["a"] * 13 + ["b"])
        assert len(predict_sites("invariant", features, alone, people, features)) == 14


def test_one_site_is_refused(rng):
    features, _, people = embeddings(rng, 0.0, people=10, sites=2)
    with pytest.raises(TableError, match="one site"):
        predict_sites("invariant", features, ["a"] * 10, people, features)
