"""Features that are kept on the way through a training, and of which trainings."""

from __future__ import annotations

import copy

from given import config as complete

from contrage.cohort.scans import Cohort, Scan
from contrage.plan import jobs, snapshots
from contrage.plan.experiment import Experiment

PARTS = [0.1667, 0.3333, 0.6667, 1]


def experiment(parts=None, **blocks) -> Experiment:
    asked = {
        "experiment": "own",
        "benchmark": {"losses": ["exp", "dynlocrep", "long"], "norms": [], "pretrained": []},
        "training": {"seeds": [3, 5], "epochs": 30},
        "rows": {"long": {"loss": "exp", "epochs": 60}},
        "report": {"embedding_rows": ["dynlocrep"], "embedding_epochs": [1, 10, 40]},
        **copy.deepcopy(blocks),
    }
    made = complete(**asked)
    made.setdefault("evaluations", {})["against_diagnosis"] = parts and {"parts": parts}
    return Experiment.of(made, Cohort([Scan(f"sub-{n}", 20.0 + n) for n in range(30)], [], []))


def test_without_the_evaluation_only_drawn_trainings_keep_some():
    of = experiment()
    assert snapshots.followed_epochs(of.config) == snapshots.followed(of) == []
    assert jobs.training(of, "dynlocrep", 3, 0).snapshot_epochs == (1, 10)
    assert jobs.training(of, "dynlocrep", 5, 0).snapshot_epochs == ()
    assert jobs.training(of, "exp", 3, 0).snapshot_epochs == ()


def test_with_it_all_trainings_of_equal_length_keep_parts_of_their_epochs():
    of = experiment(PARTS)
    assert jobs.training(of, "exp", 5, 0).snapshot_epochs == (5, 10, 20, 30)
    assert jobs.training(of, "dynlocrep", 3, 0).snapshot_epochs == (1, 5, 10, 20, 30)
    assert tuple(snapshots.watched(of)) == (1, 5, 10, 20, 30)
    assert jobs.training(of, "long", 3, 0).snapshot_epochs == ()
    files = snapshots.followed(of)
    assert len(files) == 2 * 2 * 4
    assert of.results.snapshot.format(row="exp", seed=5, fold=0, epoch=20) in files


def test_a_short_training_keeps_its_first_epoch_once():
    of = experiment(PARTS, training={"seeds": [3], "epochs": 2})
    assert snapshots.followed_epochs(of.config) == [1, 2]
