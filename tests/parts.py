"""The settings of who is learned from, as the schema states them: everyone is."""

from __future__ import annotations

from typing import Any

from targets import SCHEMA

DATASET = SCHEMA["properties"]["dataset"]["properties"]
SPLIT: dict[str, Any] = {
    name: key["default"] for name, key in DATASET["split"]["properties"].items()
}
ALL: dict[str, Any] = {
    "learn_from": DATASET["learn_from"]["default"],
    "subset": {name: key["default"] for name, key in DATASET["subset"]["properties"].items()},
    "missing_targets": DATASET["missing_targets"]["default"],
}
