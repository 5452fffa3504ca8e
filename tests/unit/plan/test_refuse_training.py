"""What of `training` a row's loss or the target leaves no sense to, and how rows say it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from given import config as complete

from contrage.cohort.scans import Cohort, Scan
from contrage.errors import SettingsError
from contrage.plan import jobs, refuse, rows
from contrage.plan.experiment import Experiment
from contrage.settings.build import as_plain

TABLE = {
    "experiment": "own",
    "cohort": {"source": "table", "image": "table", "path": "a.csv", "name": "t"},
    "report": {"embedding_rows": []},
}
SIDES = {"column": "diagnosis", "kind": "binary", "positive": "AD", "negative": "HC"}
STAGE = {"from": {"row": "exp"}, "stage": {"loss": "l1", "lds": {}, "fds": {}}}


def of(stated: dict[str, Any], *others: str, **blocks: Any) -> dict[str, Any]:
    """A configuration with these rows, and others of losses before them."""
    asked = copy.deepcopy({**TABLE, **blocks})
    benchmark = {"losses": [*others, *stated], "norms": [], "pretrained": [], "null": []}
    training = {"encoder": "mlp", **asked.pop("training", {})}
    return complete(**asked, benchmark=benchmark, training=training, rows=stated)


def refused(stated: dict[str, Any], *others: str, **blocks: Any) -> str:
    with pytest.raises(SettingsError) as told:
        refuse.check_rows_and_data(of(stated, *others, **blocks))
    return str(told.value)


def training(config, row: str):
    scans = [Scan(f"sub-{n:02d}", None, 20.0 + n, None, "A") for n in range(60)]
    return jobs.training(Experiment.of(config, Cohort(scans, [], [])), row, 0, 0)


def test_imbalance_is_a_matter_of_rows_that_predict_and_stands_in_no_other_ones_settings():
    config = of({"both": STAGE}, "exp", "l1", target={"bin": 4})
    refuse.check_rows_and_data(config)
    asked = training(config, "both")
    assert asked.training.lds.formulation == asked.training.fds.formulation == "released"
    assert asked.bin_width == 4
    for row in ("exp", "l1"):
        plain = as_plain(training(config, row))
        assert plain == as_plain(training(of({}, "exp", "l1"), row))
        assert "bin_width" not in plain and not {"lds", "fds"} & plain["training"].keys()


def test_a_row_says_a_part_of_it_over_that_of_all():
    stated = {"loss": "l1", "fds": {"momentum": 0.5}, "lds": None}
    shared = {"fds": {"formulation": "paper"}, "lds": {}}
    config = of({"own": stated}, "l1", training=shared)
    refuse.check_rows_and_data(config)
    wanted = {"formulation": "paper", "window": 5, "sigma": 2.0, "momentum": 0.5}
    assert rows.training_of(config, "own")["fds"] == wanted
    assert rows.training_of(config, "own")["lds"] is None
    assert rows.training_of(config, "l1")["lds"]["formulation"] == "released"


@pytest.mark.parametrize(
    ("key", "why"), [("lds", "does not weigh scans"), ("fds", "predicts nothing")]
)
def test_a_contrastive_row_has_no_part_in_it(key, why):
    said = refused({}, "l1", "exp", training={key: {}})
    assert said.startswith(f"training.{key}: exp {why}, and it acts where a head learns to predict")
    said = refused({"own": {"loss": "supcon", key: {}}})
    assert said.startswith(f"rows.own.{key}: own (supcon) {why}")
    stage = {"from": {"row": "exp"}, "stage": {"loss": "supcon", key: {}}}
    assert refused({"own": stage}, "exp").startswith(f"rows.own.stage.{key}: own (supcon)")


@pytest.mark.parametrize("key", ["lds", "fds"])
def test_two_sides_have_no_neighbours(key):
    said = refused({"own": {"loss": "l1", key: {}}}, "l1", target=SIDES)
    assert said.startswith(f"rows.own.{key}: is for targets that are numbers")


def test_the_width_of_labels_is_told_to_c_mixup_alone_where_it_needs_it():
    stated = {
        "input": {"loss": "l1", "mixup": {}},
        "near": {"loss": "l1", "mixup": {"kind": "c-mixup"}},
        "wide": {"loss": "l1", "mixup": {"kind": "c-mixup", "bandwidth": 7}},
    }
    config = of(stated, "l1", target={"bin": 3})
    refuse.check_rows_and_data(config)
    assert [training(config, row).bin_width for row in stated] == [None, 3, None]
    assert training(config, "input").training.mixup.alpha == 2


@pytest.mark.parametrize("kind", ["mixup", "c-mixup"])
def test_mixtures_need_a_head_that_predicts(kind):
    said = refused({"own": {"loss": "rnc", "mixup": {"kind": kind}}})
    assert said.startswith("rows.own.mixup: own (rnc) predicts nothing")


def test_mixtures_are_of_two_labels_so_that_none_can_be_counted():
    said = refused({"own": {"loss": "l1", "mixup": {}, "fds": {}}})
    assert said.startswith("rows.own.fds: counts the scans of each label, and with rows.own.mixup")
    said = refused({"own": {"loss": "l1", "lds": {}}}, training={"mixup": {}})
    assert said.startswith("rows.own.lds: counts the scans of each label, and with training.mixup")


def test_two_sides_can_be_mixed_and_none_of_them_is_near():
    refuse.check_rows_and_data(of({"own": {"loss": "bce", "mixup": {}}}, target=SIDES))
    said = refused({"own": {"loss": "bce", "mixup": {"kind": "c-mixup"}}}, target=SIDES)
    assert said.startswith("rows.own.mixup: is for targets that are numbers")
