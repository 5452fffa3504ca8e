"""Many, medium and few shots: how many training rows are like a test row."""

from __future__ import annotations

import math

import numpy as np

from contrage.evaluation.statistics.shots import bins, shots, training_counts


def test_worked_counts():
    found = shots([120, 60, 20, 19, 100, 101], many=100, few=20)
    assert found.tolist() == ["many", "medium", "medium", "few", "medium", "many"]


def test_bins_without_a_training_row_are_few():
    assert shots([0, 1], many=100, few=20).tolist() == ["few", "few"]


def test_a_bin_is_the_whole_part_and_decimals_are_not_rounded_down():
    assert bins([23.9, 24.0, 24.1], 1).tolist() == [23, 24, 24]
    assert bins([0.29, 0.3, 23.3], 0.1).tolist() == [2, 3, 233]
    assert bins([0.29], 0.01).tolist() == [29]  # 0.29 / 0.01 is a little less than 29


def test_counts_are_those_of_a_loop(rng):
    learned, tested = rng.uniform(0, 30, 200), rng.uniform(0, 40, 50)
    wanted = [sum(math.floor(a / 3) == math.floor(b / 3) for a in learned) for b in tested]
    found = training_counts(learned, tested, 3)
    assert found.tolist() == wanted and 0 in wanted
    assert training_counts(np.array([]), [1.0, 2.0], 1).tolist() == [0, 0]
