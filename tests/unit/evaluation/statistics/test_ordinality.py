"""Whether distances follow those of the target."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import spearmanr

from contrage.evaluation.statistics.ordinality import ordinality, unit

Z = [[0], [1], [2], [4]]


def test_worked_numbers():
    assert ordinality(Z, [10, 12, 13, 20]) == pytest.approx(0.9710083, abs=1e-6)
    assert ordinality(Z, [13, 20, 10, 12]) == pytest.approx(-0.5884899, abs=1e-6)


def test_pairs_are_those_of_a_loop(rng):
    points, targets = rng.normal(size=(20, 3)), rng.uniform(20, 80, 20)
    pairs = list(combinations(range(20), 2))
    apart = [math.dist(points[i], points[j]) for i, j in pairs]
    gap = [abs(targets[i] - targets[j]) for i, j in pairs]
    assert ordinality(points, targets) == pytest.approx(spearmanr(apart, gap).statistic)


@pytest.mark.parametrize(("points", "targets"), [([[0], [1]], [1, 2]), ([[1]] * 4, [1, 2, 3, 4])])
def test_without_pairs_or_with_equal_distances_there_is_none(points, targets):
    assert math.isnan(ordinality(points, targets))


def test_equal_targets_have_none():
    assert math.isnan(ordinality(Z, [5, 5, 5, 5]))


def test_embeddings_have_unit_length_and_the_origin_stays():
    found = unit([[3, 4], [0, 0], [-2, 0]])
    assert found.tolist() == [[0.6, 0.8], [0, 0], [-1, 0]]
    assert np.linalg.norm(unit(np.eye(3) * 7), axis=1).tolist() == [1, 1, 1]
