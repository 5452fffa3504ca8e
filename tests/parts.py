"""The settings of a split, as the schema states them."""

from __future__ import annotations

from typing import Any

from targets import SCHEMA

DATASET = SCHEMA["properties"]["dataset"]["properties"]
SPLIT: dict[str, Any] = {
    name: key["default"] for name, key in DATASET["split"]["properties"].items()
}
