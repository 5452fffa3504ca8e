"""What the page says of second stages: their start, and their equal-epochs control."""

from __future__ import annotations

import pandas as pd
from configured import configured

from contrage.report.elements.stages import epochs_before, stages
from contrage.report.findings import Study

START = {"row": "exp", "experiment": None, "seed": "same", "fold": "same"}
START |= {"checkpoint": "last", "same_ids": "same-people"}
ROWS = {
    "tuned": {"from": START, "stage": {"loss": "l1", "train": "all", "epochs": 20}},
    "probe": {
        "from": {**START, "experiment": "first", "fold": 0},
        "stage": {"loss": "l1", "train": "head"},
    },
    "equal": {"loss": "l1", "epochs": 50},
    "mixed": {
        "from": START,
        "stage": {"loss": "l1", "train": "all", "epochs": 20, "mixup": {"kind": "mixup"}},
    },
    "equal-mixed": {"loss": "l1", "epochs": 50, "mixup": {"kind": "mixup"}},
}


def study(starts: dict[str, list[int]], *shown: str) -> Study:
    main = {"loss": list(shown), "mae_mean": [4.0 + n for n in range(len(shown))], "mae_sd": 0.5}
    main |= {"n_seeds": 3}
    return Study(configured(rows=ROWS), {"mae": pd.DataFrame(main)}, 40, [], starts=starts)


def test_a_stage_stands_beside_the_row_that_learned_as_long_from_random_weights():
    table = stages(study({"tuned": [30], "probe": [12, 30]}, "tuned", "exp", "equal", "probe"))
    tuned, probe = (line.cells for line in table.lines)
    assert tuned[0] == "tuned" and tuned[1] == "Exponential" and tuned[2] == "30"
    assert tuned[3] == "L1 regression, 20 epochs, encoder and head"
    assert tuned[4].startswith("4.00") and tuned[5].startswith("equal: 6.00")
    assert probe[1] == "Exponential of first, fold 0" and probe[2] == "12 to 30"
    assert probe[3] == "L1 regression, 30 epochs, head alone"
    assert probe[5].startswith("none: what more epochs alone would bring is not known; add to rows")
    assert probe[5].endswith("probe-equal: {loss: l1, epochs: 60}")


def test_a_plain_row_of_as_many_epochs_is_a_control_too():
    table = stages(study({"tuned": [10]}, "tuned", "l1"))
    assert table.lines[0].cells[5].startswith("L1 regression: 5.00")


def test_without_stages_there_is_no_line_and_rows_add_their_loss_once():
    made = study({}, "exp", "equal")
    assert not stages(made).lines
    assert made.n_losses == 2
    assert study({}, "l1", "tuned", "probe", "equal").n_losses == 1
    assert study({}, "tuned", "equal").n_losses == 1


def test_epochs_of_starts_are_those_of_all_seeds_and_folds():
    metrics = {"a": [{"start_epochs": [30, 12]}, {"start_epochs": [30, 30]}], "b": [{"mae": 1}]}
    assert epochs_before(metrics) == {"a": [12, 30]}


def test_a_control_mixes_and_weighs_as_the_stage_does():
    alone = stages(study({"mixed": [30]}, "mixed", "exp", "equal"))
    (line,) = alone.lines
    assert line.cells[3] == "L1 regression, 20 epochs, encoder and head, inputs mixed"
    assert line.cells[5].endswith("add to rows mixed-equal: {loss: l1, epochs: 50, mixup: …}")
    both = stages(study({"mixed": [30]}, "mixed", "exp", "equal", "equal-mixed"))
    (line,) = both.lines
    assert line.cells[5].startswith("equal-mixed: ")
