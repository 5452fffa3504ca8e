"""What of `training` the losses of rows cannot do, told before the first job."""

from __future__ import annotations

from typing import Any

from contrage import losses
from contrage.errors import SettingsError
from contrage.plan import refuse_rows, rows
from contrage.target import BINARY

OF_NUMBERS = ("lds", "fds")
"""Blocks of training that make sense of targets that are numbers alone; so does C-Mixup."""


def check_training(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for what a row's loss, or the target, leaves no sense to.

    Each message begins with the key to change.
    """
    for row in rows.all_rows(config):
        block = rows.training_of(config, row)
        _check_kind(config, row, block)
        _check_loss(config, row, block)
        _check_mixtures(config, row, block)
        _check_pairs(config, row)
    _check_permuted(config)


def place(config: dict[str, Any], row: str, key: str) -> str:
    """Return the key that says a setting of a row's training: its own, or that of all."""
    row = rows.trained_as(config, row)
    if row in config["rows"] and key in rows.own_training(config, row):
        return f"{refuse_rows.place(config, row)}.{key}"
    return f"training.{key}"


def _check_kind(config: dict[str, Any], row: str, block: dict[str, Any]) -> None:
    if config["target"]["kind"] != BINARY:
        return
    near = block["mixup"] and block["mixup"]["kind"] == "c-mixup"
    for key in [key for key in OF_NUMBERS if block[key]] + ["mixup"] * bool(near):
        raise SettingsError(
            f"{place(config, row, key)}: is for targets that are numbers, and target.kind is "
            "binary; set it to null"
        )


def _check_loss(config: dict[str, Any], row: str, block: dict[str, Any]) -> None:
    """Refuse what a loss that predicts nothing has no part in."""
    loss = rows.loss_settings(config, row)["loss"]
    predicts = losses.has_prediction(loss), "predicts nothing"
    weighs = losses.takes_weights(loss), "does not weigh scans"
    can = {"lds": weighs, "fds": predicts, "mixup": predicts}
    for key, (is_possible, why) in can.items():
        if block[key] and not is_possible:
            name = row if row == loss else f"{row} ({loss})"
            raise SettingsError(
                f"{place(config, row, key)}: {name} {why}, and it acts where a head learns to "
                "predict; give it to rows of rows, such as a stage with loss l1"
            )


def _check_mixtures(config: dict[str, Any], row: str, block: dict[str, Any]) -> None:
    """Refuse to count mixtures, which are of two labels."""
    for key in OF_NUMBERS:
        if block["mixup"] and block[key]:
            raise SettingsError(
                f"{place(config, row, key)}: counts the scans of each label, and with "
                f"{place(config, row, 'mixup')} each is a mixture of two; set one of them to null"
            )


def _check_pairs(config: dict[str, Any], row: str) -> None:
    """Refuse to note pairs of a row that has none and is asked by itself."""
    key = place(config, row, "logits")
    asked = key.startswith("rows.") and rows.training_of(config, row)["logits"]
    if asked and not rows.logs(config, row):
        loss = rows.loss_settings(config, row)["loss"]
        raise SettingsError(f"{key}: {loss} predicts, and contrasts no pairs; set it to null")


def _check_permuted(config: dict[str, Any]) -> None:
    """Refuse to permute two sides, and to compare what has permuted labels with itself."""
    permuted = [row for row in rows.plain_rows(config) if rows.permutes(config, row)]
    for row in permuted:
        key = f"{refuse_rows.place(config, row)}.permute_labels"
        if config["target"]["kind"] == BINARY:
            raise SettingsError(f"{key}: two sides have no order to lose; leave it out")
    asked = {
        "benchmark.null": rows.null_rows(config).values(),
        "benchmark.pretrained": rows.pretrained_rows(config).values(),
        "search.rows": config["search"]["rows"],
    }
    for key, names in asked.items():
        if found := [row for row in names if row in permuted]:
            raise SettingsError(f"{key}: {found[0]} learns permuted labels; leave it out")
