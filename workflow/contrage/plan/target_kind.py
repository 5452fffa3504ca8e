"""What the kind of the target does not allow, before the first job."""

from __future__ import annotations

from typing import Any

from contrage import losses
from contrage.errors import SettingsError
from contrage.plan import rows
from contrage.target import BINARY, Target


def check_target(config: dict[str, Any]) -> None:
    """Raise `SettingsError` where losses and other settings do not fit the kind of the target.

    Each message begins with the key to change.
    """
    target = rows.stated_target(config)
    for row in rows.all_rows(config):
        _check_loss(config, row, target)
    if target.is_binary:
        _check_two_sides(config)
    if (asked := config["statistics"]["primary"]) != target.measure:
        raise SettingsError(
            f"statistics.primary: {asked} is not for a {target.kind} target; set it to "
            f"{target.measure}"
        )


def _check_loss(config: dict[str, Any], row: str, target: Target) -> None:
    """Refuse a loss that needs an order of two sides, or two sides of numbers."""
    loss = rows.loss_settings(config, row)["loss"]
    if loss not in losses.available() or target.kind in losses.target_kinds(loss):
        return
    name = row if row == loss else f"{row} ({loss})"
    there = ", ".join(losses.available(target.kind))
    if target.kind != BINARY:
        raise SettingsError(
            f"benchmark.losses: {name} needs a target with two sides, and target.kind is "
            f"{target.kind}; there are {there}"
        )
    if row in rows.norm_rows(config).values() and row not in rows.plain_rows(config):
        raise SettingsError(
            f"benchmark.norms: {loss} needs targets that have an order, and target.kind is binary; "
            "set it to []"
        )
    raise SettingsError(
        f"benchmark.losses: {name} needs targets that have an order, and target.kind is binary; "
        f"there are {there}"
    )


def _check_two_sides(config: dict[str, Any]) -> None:
    """Refuse what is chosen or judged by an error in the target's unit."""
    asked = {
        "search.rows": (config["search"]["rows"], "{}"),
        "training.early_stop": (config["training"]["early_stop"], "null"),
        "dataset.missing_targets": (config["dataset"]["missing_targets"], "[]"),
    }
    for key, (value, nothing) in asked.items():
        if value:
            raise SettingsError(
                f"{key}: is for targets that are numbers, and target.kind is binary; set it to "
                f"{nothing}"
            )
