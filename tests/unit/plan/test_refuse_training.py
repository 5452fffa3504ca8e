"""What of `training` a row's loss or the target leaves no sense to, and how rows say it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from given import config as complete

from contrage.cohort.scans import Cohort, Scan
from contrage.errors import SettingsError
from contrage.plan import jobs, refuse, refuse_training, rows
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


PERMUTED = {"own": {"loss": "supremix", "permute_labels": True}}


def test_labels_are_permuted_as_wide_as_the_loss_makes_them():
    told = {"losses": {"supremix": {"bin_width": 5}}, "target": {"bin": 2}}
    config = of({**PERMUTED, "plain": {"loss": "l1", "permute_labels": True}}, "supremix", **told)
    refuse.check_rows_and_data(config)
    own, plain = training(config, "own"), training(config, "plain")
    assert (own.permute_labels, own.bin_width, own.loss["bin_width"]) == (True, 5, 5)
    assert (plain.permute_labels, plain.bin_width) == (True, 2)
    assert not {"permute_labels", "bin_width"} & as_plain(training(config, "supremix")).keys()
    assert own.training == training(config, "supremix").training
    said_not = {"own": {"loss": "supremix", "permute_labels": False}}
    assert (
        as_plain(training(of(said_not), "own")).keys()
        == as_plain(training(config, "supremix")).keys()
    )


@pytest.mark.parametrize("block", ["benchmark.null", "benchmark.pretrained", "search.rows"])
def test_a_row_of_permuted_labels_is_compared_with_no_row_like_it(block):
    here = {"cohort": {"source": "phantom", "name": "p", "image": "T1w"}}
    config = of(PERMUTED, **here, training={"encoder": "small"})
    of_block, key = block.split(".")
    config[of_block][key] = {"own": {"window": [1, 2]}} if key == "rows" else ["own"]
    with pytest.raises(SettingsError, match=rf"{block}: own learns permuted labels; leave it out"):
        refuse_training.check_training(config)


def test_features_of_permuted_labels_can_be_drawn_as_those_of_any_row_and_of_no_stage():
    config = of(PERMUTED, "supremix", report={"embedding_rows": ["supremix", "own"]})
    refuse.check_rows_and_data(config)
    assert training(config, "own").snapshot_epochs == training(config, "supremix").snapshot_epochs
    assert len(training(config, "own").snapshot_epochs) == 4
    longer = {"own": {**PERMUTED["own"], "epochs": 40}}
    said = refused(longer, report={"embedding_rows": ["own"]})
    assert said.startswith("report.embedding_rows: own has a training of its own")


def test_two_sides_cannot_be_permuted():
    said = refused({"own": {"loss": "bce", "permute_labels": True}}, target=SIDES)
    assert said == "rows.own.permute_labels: two sides have no order to lose; leave it out"


def test_cosines_are_noted_of_rows_that_contrast_pairs_and_no_draw_or_training_beside():
    stage = {"from": {"row": "exp"}, "stage": {"loss": "supcon"}}
    asked = {"training": {"logits": {"negatives": 9}}, "losses": {"exp": {"sigma": 3.0}}}
    config = of({"again": stage, "quiet": {"loss": "rnc", "logits": None}}, "l1", "exp", **asked)
    refuse.check_rows_and_data(config)
    assert rows.logged_rows(config) == ["exp", "again"]
    told = training(config, "exp")
    assert (told.training.logits.scans, told.training.logits.negatives) == (512, 9)
    assert told.bin_width == 1
    for row in ("l1", "quiet"):
        assert not {"bin_width"} & as_plain(training(config, row)).keys()
        assert "logits" not in as_plain(training(config, row))["training"]
    scans = [Scan(f"sub-{n:02d}", None, 20.0 + n, None, "A") for n in range(60)]
    beside = as_plain(jobs.unseen(Experiment.of(config, Cohort(scans, [], [])), "exp", 0, 0))
    assert "bin_width" not in beside and "logits" not in beside["training"]


def test_a_row_that_predicts_and_is_asked_for_pairs_is_refused():
    said = refused({"own": {"loss": "l1", "logits": {}}})
    assert said == "rows.own.logits: l1 predicts, and contrasts no pairs; set it to null"
