"""When a contrastive loss has no more to gain."""

from __future__ import annotations

from contrage.evaluation.statistics.logits import saturation_epoch


def test_the_first_epoch_that_reaches_it_counts():
    assert saturation_epoch([1, 2, 3, 4], [0.5, 0.94, 0.95, 0.9]) == 3
    assert saturation_epoch([5, 10], [0.97, 0.99]) == 5


def test_where_no_epoch_reaches_it_there_is_none():
    assert saturation_epoch([1, 2], [0.1, 0.2]) is None
    assert saturation_epoch([], []) is None
    assert saturation_epoch([1], [float("nan")]) is None
