"""The ridge regression, against its formula written out."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.evaluation.ridge import fit, fold_numbers, predict_path

ALPHAS = [0.01, 0.1, 1.0, 10.0, 100.0]


def data(rng: np.random.Generator, scans: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    features = rng.normal(2, 3, (scans, width))
    return features, 45 + features @ rng.normal(0, 2, width) + rng.normal(0, 5, scans)


def predicted(features: np.ndarray, ages: np.ndarray, alpha: float, of: np.ndarray) -> np.ndarray:
    """Solve for the least of |y − Xw − b|² + α|w|², the intercept b without a penalty."""
    width = features.shape[1]
    design = np.column_stack([features, np.ones(len(ages))])
    penalty = np.diag([alpha] * width + [0])
    weights = np.linalg.solve(design.T @ design + penalty, design.T @ ages)
    return np.column_stack([of, np.ones(len(of))]) @ weights


def r2(ages: np.ndarray, found: np.ndarray) -> float:
    total = ((ages - ages.mean()) ** 2).sum()
    return 1 - ((ages - found) ** 2).sum() / total if total else 0.0


def best(features: np.ndarray, ages: np.ndarray, number: np.ndarray) -> float:
    """Return the α of the best mean R², of equal ones the first, in loops."""
    means = []
    for alpha in ALPHAS:
        folds = []
        for held_out in set(number.tolist()):
            test = number == held_out
            found = predicted(features[~test], ages[~test], alpha, features[test])
            folds.append(r2(ages[test], found))
        means.append(np.mean(folds))
    return ALPHAS[int(np.argmax(means))]


@pytest.mark.parametrize(("scans", "width"), [(30, 7), (20, 60)])
def test_a_path_predicts_what_the_formula_says_at_every_alpha(rng, scans, width):
    features, ages = data(rng, scans, width)
    others = rng.normal(size=(4, width))
    found = predict_path(features, ages, ALPHAS, others)
    for alpha, column in zip(ALPHAS, found.T, strict=True):
        np.testing.assert_allclose(column, predicted(features, ages, alpha, others))
    one = predict_path(features, ages, ALPHAS[1:2], others)
    np.testing.assert_allclose(one, found[:, 1:2])


@pytest.mark.parametrize("seed", range(8))
def test_alpha_is_no_matter_of_rounding_on_features_of_few_directions(seed):
    """What an encoder gives that has collapsed, at a large scale; against the formula by SVD."""
    rng = np.random.default_rng(seed)
    ages = rng.uniform(20, 80, 60)
    features = np.outer(ages, rng.normal(size=128)) * 20
    features += rng.normal(0, 1000, (60, 2)) @ rng.normal(size=(2, 128))
    features = features.astype(np.float32).astype(float)
    people = [str(i) for i in range(60)]
    number, quality = fold_numbers(people, 5), np.zeros(len(ALPHAS))
    for held_out in range(5):
        test = number == held_out
        centre, mean = features[~test].mean(0), ages[~test].mean()
        u, s, v = np.linalg.svd(features[~test] - centre, full_matrices=False)
        for place, alpha in enumerate(ALPHAS):
            weights = v.T @ (s / (s**2 + alpha) * (u.T @ (ages[~test] - mean)))
            quality[place] += r2(ages[test], (features[test] - centre) @ weights + mean)
    assert fit(features, ages, people, ALPHAS, 5).alpha == ALPHAS[int(np.argmax(quality))]


@pytest.mark.parametrize("noise", [0.5, 5, 40, 200])
@pytest.mark.parametrize("width", [10, 60])
def test_alpha_is_the_one_that_loops_over_folds_find(rng, noise, width):
    features, ages = data(rng, 40, width)
    ages += rng.normal(0, noise, 40)
    people = [f"sub-{i // 2}" for i in range(40)]
    fitted = fit(features, ages, people, ALPHAS, 5)
    assert fitted.alpha == best(features, ages, fold_numbers(people, 5))
    wanted = predicted(features, ages, fitted.alpha, features)
    np.testing.assert_allclose(fitted.predict(features), wanted)


def test_a_fold_of_one_age_has_no_say(rng):
    features, ages = data(rng, 40, 10)
    people = [str(i) for i in range(40)]
    number = fold_numbers(people, 5)
    ages[number == 2] = 50.0
    assert fit(features, ages, people, ALPHAS, 5).alpha == best(features, ages, number)


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


def test_features_that_say_nothing_give_the_mean_and_the_first_alpha(rng):
    ages = rng.uniform(20, 80, 12)
    fitted = fit(np.ones((12, 3)), ages, [str(i) for i in range(12)], [1.0, 0.1, 10.0], 5)
    np.testing.assert_allclose(fitted.predict(np.ones((2, 3))), ages.mean())
    assert fitted.alpha == 1.0
