"""What a target of two sides does not allow is said before the first job."""

from __future__ import annotations

import pytest
from targets import SIDES_BLOCK

from contrage import losses
from contrage.errors import SettingsError
from contrage.plan import rows
from contrage.plan.target_kind import check_target

NO_ORDER = ["bce", "l1", "simclr", "supcon"]


@pytest.fixture
def binary(config) -> dict:
    """The demo's configuration with a diagnosis."""
    config["target"] = SIDES_BLOCK
    config["statistics"]["primary"] = "bacc"
    config["benchmark"]["norms"] = []
    return config


def refusal(config: dict) -> str:
    with pytest.raises(SettingsError) as told:
        check_target(config)
    return str(told.value)


def test_all_of_two_sides_are_the_losses_that_need_no_order(binary):
    check_target(binary)
    assert rows.all_rows(binary) == NO_ORDER


@pytest.mark.parametrize("loss", sorted({*losses.available()} - {*NO_ORDER}))
def test_a_loss_that_needs_an_order_is_refused(binary, loss):
    binary["benchmark"] |= {"losses": ["supcon", loss], "pretrained": []}
    assert refusal(binary) == (
        f"benchmark.losses: {loss} needs targets that have an order, and target.kind is binary; "
        "there are bce, l1, simclr, supcon"
    )


@pytest.mark.parametrize("loss", NO_ORDER)
def test_a_loss_that_needs_none_is_taken(binary, loss):
    binary["benchmark"]["losses"] = [loss]
    check_target(binary)


def test_a_row_of_another_name_is_told_with_its_loss(binary):
    binary["benchmark"]["losses"] = ["smooth"]
    binary["losses"]["smooth"] = {"loss": "exp", "sigma": 4}
    assert refusal(binary).startswith("benchmark.losses: smooth (exp) needs targets that have")


def test_the_ablation_of_norms_is_of_a_loss_that_needs_an_order(binary):
    binary["benchmark"]["norms"] = ["manhattan", "cosine"]
    assert refusal(binary) == (
        "benchmark.norms: dynlocrep needs targets that have an order, and target.kind is binary; "
        "set it to []"
    )


def test_bce_of_a_number_is_refused(config):
    config["benchmark"]["losses"] = ["l1", "bce"]
    assert refusal(config).startswith(
        "benchmark.losses: bce needs a target with two sides, and target.kind is continuous; "
        "there are adacon, "
    )


@pytest.mark.parametrize("side", ["positive", "negative"])
def test_both_sides_are_stated(binary, side):
    binary["target"] = {**SIDES_BLOCK, side: None}
    assert refusal(binary) == f"target.{side}: a binary target needs such a value"


@pytest.mark.parametrize(
    ("block", "key", "value", "nothing"),
    [
        ("search", "rows", {"supcon": {"temperature": [0.1, 1]}}, "{}"),
        ("training", "early_stop", {"on": "inner", "fraction": 0.2}, "null"),
        ("dataset", "missing_targets", [[0, 1]], "[]"),
    ],
)
def test_what_is_judged_by_an_error_in_a_unit_is_refused(binary, block, key, value, nothing):
    binary[block][key] = value
    assert refusal(binary) == (
        f"{block}.{key}: is for targets that are numbers, and target.kind is binary; set it to "
        f"{nothing}"
    )


def test_the_measure_fits_the_kind(binary, config):
    binary["statistics"]["primary"] = "mae"
    assert refusal(binary) == ("statistics.primary: mae is not for a binary target; set it to bacc")


def test_a_number_is_not_compared_by_balanced_accuracy(config):
    config["statistics"]["primary"] = "bacc"
    assert refusal(config) == (
        "statistics.primary: bacc is not for a continuous target; set it to mae"
    )
