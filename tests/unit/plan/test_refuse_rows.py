"""Rows that train otherwise: what they are asked for, and every sentence that refuses one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from given import config as complete

from contrage.errors import SettingsError
from contrage.plan import refuse, rows

TUNED = {"from": {"row": "exp"}, "stage": {"loss": "l1", "epochs": 5}}
TABLE = {
    "experiment": "own",
    "cohort": {"source": "table", "image": "table", "path": "a.csv", "name": "t"},
    "dataset": {"split": {"scheme": "kfold", "folds": 2}},
    "report": {"embedding_rows": []},
}
BINARY = {
    "target": {"column": "diagnosis", "kind": "binary", "positive": "AD", "negative": "HC"},
}


def of(stated: dict[str, Any], **blocks: Any) -> dict[str, Any]:
    """A configuration with these rows, all of them named in benchmark.losses."""
    asked = copy.deepcopy({**TABLE, **blocks})
    benchmark = {"losses": ["exp", "l1", *stated], "norms": [], "pretrained": []}
    asked["benchmark"] = {**benchmark, **asked.pop("benchmark", {})}
    asked["training"] = {"encoder": "mlp", **asked.pop("training", {})}
    asked["losses"] = {"l1": {"kind": "l1"}, "exp": {}, **asked.pop("losses", {})}
    return complete(**asked, rows=stated)


def refused(stated: dict[str, Any], **blocks: Any) -> str:
    with pytest.raises(SettingsError) as told:
        refuse.check_rows_and_data(of(stated, **blocks))
    return str(told.value)


def test_a_stage_and_a_row_with_epochs_of_its_own_are_rows_like_any():
    config = of({"tuned": TUNED, "equal": {"loss": "l1", "epochs": 9}})
    refuse.check_rows_and_data(config)
    assert rows.all_rows(config) == ["exp", "l1", "tuned", "equal"]
    assert rows.staged_rows(config) == rows.head_rows(config) == ["tuned"]
    assert rows.loss_settings(config, "tuned") == {"loss": "l1", **config["losses"]["l1"]}
    epochs = [rows.training_of(config, row)["epochs"] for row in rows.all_rows(config)]
    assert epochs == [30, 30, 5, 9]


def test_a_row_says_its_training_key_by_key_over_the_block():
    stated = {"loss": "l1", "schedule": {"name": "cosine"}, "early_stop": {"patience": 3}}
    shared = {"schedule": {"warmup_epochs": 4}, "early_stop": {"fraction": 0.4}}
    config = of({"own": stated}, training=shared)
    own = rows.training_of(config, "own")
    assert own["schedule"] == {"name": "cosine", "warmup_epochs": 4, "final_fraction": 0.0}
    assert own["early_stop"] == {"on": "inner", "fraction": 0.4, "patience": 3, "every": 1}
    alone = rows.training_of(of({"own": stated}), "own")["early_stop"]
    assert alone == {"on": "inner", "fraction": 0.2, "patience": 3, "every": 1}
    assert rows.training_of(config, "l1") == config["training"]


def test_the_loss_of_a_row_may_be_a_row_of_losses_with_settings():
    config = of({"own": {"loss": "huber"}}, losses={"huber": {"loss": "l1", "kind": "huber"}})
    refuse.check_rows_and_data(config)
    assert rows.loss_settings(config, "own") == {"loss": "l1", "kind": "huber"}


def test_a_null_of_a_row_trains_as_the_row_does():
    config = of({"own": {"loss": "exp", "epochs": 7}}, benchmark={"null": ["own"]})
    refuse.check_rows_and_data(config)
    assert rows.training_of(config, "own-null")["epochs"] == 7
    assert rows.loss_settings(config, "own-null")["loss"] == "exp"


def test_a_row_that_is_not_named_may_be_of_another_experiments_target():
    stage = {**TUNED, "stage": {"loss": "bce"}}
    refuse.check_rows_and_data(of({"a": stage}, benchmark={"losses": ["exp"]}))


def test_of_two_sides_only_a_logit_is_a_prediction():
    stages = {name: {**TUNED, "stage": {"loss": name[2:]}} for name in ("a-bce", "a-l1")}
    config = of(stages, **BINARY, benchmark={"losses": ["bce", *stages]})
    refuse.check_rows_and_data(config)
    assert rows.head_rows(config) == ["a-bce"]


def test_a_stage_with_a_contrastive_loss_is_probed():
    config = of({"tuned": {**TUNED, "stage": {"loss": "rnc"}}})
    refuse.check_rows_and_data(config)
    assert rows.head_rows(config) == [] and rows.staged_rows(config) == ["tuned"]


@pytest.mark.parametrize(
    ("stated", "blocks", "message"),
    [
        ({"exp": TUNED}, {"benchmark": {"losses": ["exp"]}},
         "rows.exp: is the name of a row of losses; call yours otherwise"),
        ({"bce": TUNED}, {}, "rows.bce: is the name of a loss; call yours otherwise"),
        ({"exp-null": TUNED}, {"benchmark": {"null": ["exp"]}},
         "rows.exp-null: is the name of a row of benchmark.null; call yours otherwise"),
        ({"a": {"from": {"row": "exp"}}}, {},
         "rows.a: from without stage; say what is trained then"),
        ({"a": {"stage": {"loss": "l1"}}}, {},
         "rows.a: stage without from; say what it starts from"),
        ({"a": {**TUNED, "epochs": 4}}, {},
         "rows.a.epochs: stands beside stage; write it below rows.a.stage"),
        ({"a": {"epochs": 4}}, {},
         "rows.a: give loss, with what differs from training, or from and stage"),
        ({"a": {"loss": "ranc"}}, {},
         "rows.a.loss: no loss 'ranc'; did you mean rnc? There are adacon,"),
        ({"a": {"loss": "b"}, "b": TUNED}, {},
         "rows.a.loss: b is a row of rows; name a loss, or a row of losses"),
        ({"a": {**TUNED, "stage": {"loss": "bce"}}}, {},
         "rows.a.stage.loss: bce needs a target with two sides, and target.kind is "
         "continuous; there are"),
        ({"a": {**TUNED, "stage": {"loss": "rnc"}}}, {**BINARY, "benchmark": {"losses": ["l1",
         "a"]}},
         "rows.a.stage.loss: rnc needs targets that have an order, and target.kind is "
         "binary; there are bce"),
        ({"a": {**TUNED, "stage": {"loss": "l1", "train": "head", "head": []}}}, {},
         "rows.a.stage.head: [] leaves no layer to train; give a head, as [1]"),
        ({"a": {**TUNED, "stage": {"loss": "l1", "train": "head"}}},
         {"training": {"head": []}, "benchmark": {"losses": ["exp", "a"]}},
         "rows.a.stage.head: [] leaves no layer to train; give a head, as [1]"),
        ({"a": {"loss": "l1", "head": []}}, {},
         "rows.a.head: [] leaves no layer that could predict, which l1 does; give a head, as [1]"),
        ({"a": {**TUNED, "stage": {"loss": "exp", "train": "head"}}}, {},
         "rows.a.stage.train: head, but exp predicts no continuous target: on a frozen encoder the "
         "features stay as they are"),
        ({"a": {**TUNED, "stage": {"loss": "l1", "train": "head"}}},
         {**BINARY, "benchmark": {"losses": ["bce", "a"]}},
         "rows.a.stage.train: head, but l1 predicts no binary target: on a frozen encoder"),
        ({"a": {**TUNED, "stage": {"loss": "rnc"}}}, {"probe": {"alpha": "unseen"}},
         "probe.alpha: unseen, but a starts from an encoder that has learned from those on whom"),
        ({"a": {**TUNED, "stage": {"loss": "l1", "early_stop": {"on": "val"}}}}, {},
         "rows.a.stage.early_stop.on: val, but no value has that role"),
        ({"a": {**TUNED, "stage": {"loss": "bce", "early_stop": {}}}},
         {**BINARY, "benchmark": {"losses": ["l1", "a"]}},
         "rows.a.stage.early_stop: is for targets that are numbers, and target.kind is "
         "binary; set it to null"),
        ({"a": {**TUNED, "stage": {"loss": "l1", "batch_size": 2}}}, {},
         "rows.a.stage.batch_size: 2 scans are too few to share among 1 process; make it 4 "
         "or more"),
        ({"a": {"loss": "l1", "augmentation": ["flip"]}}, {},
         "rows.a.augmentation: flip is not for"),
        ({"a": TUNED}, {"benchmark": {"null": ["a"]}},
         "benchmark.null: a starts from an encoder that knows the true targets, so it is no "
         "bar of chance"),
        ({"a": TUNED}, {"benchmark": {"pretrained": ["a"]}, "cohort": {"source": "phantom"}},
         "benchmark.pretrained: a starts from another row already; leave it out"),
        ({"a": TUNED}, {"search": {"rows": {"a": {"kind": ["l1", "mse"]}}}},
         "search.rows: a starts from an encoder that has learned from those whom a search "
         "judges by"),
        ({"a": {"loss": "exp", "epochs": 9}}, {"report": {"embedding_rows": ["a"]}},
         "report.embedding_rows: a has a training of its own (rows); name rows that train "
         "as training says"),
        ({"a": TUNED}, {"benchmark": {"losses": "all"}},
         "benchmark.losses: all are the losses of the folder, without the rows of rows; "
         "name those to train, with a"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_key(stated, blocks, message):
    if "cohort" in blocks:
        blocks = {**blocks, "training": {"encoder": "small"}}
    assert refused(stated, **blocks).startswith(message)
