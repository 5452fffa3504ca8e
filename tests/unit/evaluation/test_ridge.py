"""The ridge regression, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Reference
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from contrage.evaluation.ridge import fit, fit_path, fold_numbers

ALPHAS = [0.01, 0.1, 1.0, 10.0, 100.0]


def data(rng: np.random.Generator, scans: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    features = rng.normal(2, 3, (scans, width))
    return features, 45 + features @ rng.normal(0, 2, width) + rng.normal(0, 5, scans)


@pytest.mark.parametrize(("scans", "width"), [(30, 7), (20, 60)])
def test_path_equals_scikit_learns_ridge_for_every_alpha(rng, scans, width):
    features, ages = data(rng, scans, width)
    for alpha, fitted in zip(ALPHAS, fit_path(features, ages, ALPHAS), strict=True):
        reference = Reference(alpha=alpha).fit(features, ages)
        np.testing.assert_allclose(fitted.coefficients, reference.coef_, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(fitted.predict(features), reference.predict(features))


@pytest.mark.parametrize("noise", [0.5, 5, 40, 200])
def test_alpha_is_the_one_that_a_grid_search_finds(rng, noise):
    features, ages = data(rng, 40, 25)
    ages += rng.normal(0, noise, 40)
    people = [f"sub-{i // 2}" for i in range(40)]
    search = GridSearchCV(
        Reference(), {"alpha": ALPHAS}, cv=PredefinedSplit(fold_numbers(people, 5)), scoring="r2"
    ).fit(features, ages)
    fitted = fit(features, ages, people, ALPHAS, 5)
    assert fitted.alpha == search.best_params_["alpha"]
    np.testing.assert_allclose(fitted.predict(features), search.predict(features))


def test_scans_of_a_participant_are_in_one_fold(rng):
    people = [f"sub-{i}" for i in rng.integers(0, 13, 50)]
    numbers = fold_numbers(people, 5)
    for name in set(people):
        assert len({int(n) for n, who in zip(numbers, people, strict=True) if who == name}) == 1
    assert set(numbers.tolist()) == set(range(5))


def test_fewer_participants_than_folds_make_fewer_folds():
    assert fold_numbers(["a", "b", "c", "d", "e"], 5).max() == 1
    assert fold_numbers(["a", "a", "b"], 5).max() == 0


def test_three_participants_get_the_middle_alpha(rng):
    features, ages = data(rng, 3, 4)
    assert fit(features, ages, ["a", "b", "c"], ALPHAS, 5).alpha == 1.0


def test_features_that_say_nothing_give_the_mean(rng):
    ages = rng.uniform(20, 80, 12)
    fitted = fit(np.ones((12, 3)), ages, [str(i) for i in range(12)], ALPHAS, 5)
    np.testing.assert_allclose(fitted.predict(np.ones((2, 3))), ages.mean())
