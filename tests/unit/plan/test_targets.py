"""Whether a run goes on to trainings follows from what it is asked for."""

from __future__ import annotations

import pytest

from contrage.plan.targets import trains


@pytest.mark.parametrize(
    ("targets", "until", "expected"),
    [
        ([], [], True),
        (["all"], [], True),
        (["results/demo/report.html"], [], True),
        (["train", "preprocessed"], [], True),
        (["preprocessed"], [], False),
        (["results/derivatives/x/sub-01/qc/sub-01_desc-check.json"], [], False),
        ([], ["quality"], False),
        (["all"], ["pretraining_quality"], False),
        ([], ["split"], True),
    ],
)
def test_only_what_comes_before_the_split_trains_nothing(targets, until, expected):
    assert trains(targets, until) == expected
