"""The probe of two sides, and its penalty."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from contrage.evaluation.baselines import log_odds
from contrage.evaluation.logistic import best, fit, fit_at, losses_at

ALPHAS = [0.01, 0.1, 1.0, 10.0, 100.0]


def data(rng, n=80, d=6, share=0.5, strength=1.0):
    sides = (np.arange(n) < share * n).astype(float)
    features = rng.normal(size=(n, d)) * [1, 10, 100, 0.1, 1, 1] + 5
    features[:, 0] += strength * sides
    return features, sides


def test_it_is_scikit_learns_on_z_scores_with_both_sides_weighing_alike(rng):
    features, sides = data(rng, share=0.25)
    scaler = StandardScaler().fit(features)
    wanted = LogisticRegression(C=1 / 10, class_weight="balanced", max_iter=10_000)
    wanted.fit(scaler.transform(features), sides)
    found = fit_at(features, sides, 10.0)
    np.testing.assert_allclose(
        found.predict(features), wanted.decision_function(scaler.transform(features)), rtol=1e-6
    )
    assert found.alpha == 10


def test_scale_and_shift_of_a_feature_change_nothing(rng):
    features, sides = data(rng)
    moved = features * [1e4, 1, 1e-3, 7, 1, 1] + [3, -80, 0, 1, 5, 2]
    first, second = (fit_at(each, sides, 1.0).predict(each) for each in (features, moved))
    np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-4)


def test_features_without_a_signal_get_a_large_penalty_and_a_signal_a_smaller_one(rng):
    people = [f"p{n}" for n in range(80)]
    noise, sides = data(rng, strength=0.0)
    told, _ = data(rng, strength=8.0)
    assert fit(noise, sides, people, ALPHAS, 5).alpha == 100
    assert fit(told, sides, people, ALPHAS, 5).alpha < 10


def test_scans_of_one_person_are_never_on_both_sides_of_the_cross_validation(rng):
    """With two alike scans each, a fold by scan would find signal in noise."""
    noise, sides = data(rng, n=60, d=6, strength=0.0)
    people = [f"p{n}" for n in range(60)]
    twice = np.repeat(np.hstack([noise, rng.normal(size=(60, 30))]), 2, axis=0)
    found = fit(twice, np.repeat(sides, 2), np.repeat(people, 2), ALPHAS, 5)
    assert found.alpha == 100


def test_with_too_few_people_of_a_side_the_middle_penalty_is_taken(rng):
    features, _ = data(rng, n=10)
    sides = np.array([1.0] + [0.0] * 9)
    assert fit(features, sides, list("abcdefghij"), ALPHAS, 5).alpha == 1


def test_losses_are_those_of_the_probability(rng):
    features, sides = data(rng)
    found = losses_at(features[::2], sides[::2], [1.0], features[1::2], sides[1::2])[:, 0]
    p = expit(fit_at(features[::2], sides[::2], 1.0).predict(features[1::2]))
    wanted = -np.log(np.where(sides[1::2] == 1, p, 1 - p))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_both_sides_weigh_alike_in_the_choice():
    losses = np.array([[0.0, 1.0]] * 9 + [[5.0, 1.0]])
    assert best(losses, np.array([0.0] * 9 + [1.0])) == 1


@pytest.mark.parametrize("p", [0.001, 0.3, 0.5, 0.999])
def test_score_and_probability_belong_together(p):
    assert expit(log_odds(p)) == pytest.approx(p, rel=1e-9)
    assert expit(-800.0) == 0
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
