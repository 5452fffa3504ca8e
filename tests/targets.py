"""The target of the demo, as the schema states it, and another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.settings import door as settings
from contrage.target import Target

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = settings.load_schema(ROOT / "workflow/schemas/config.schema.yaml")
BLOCK: dict[str, Any] = {
    name: key["default"] for name, key in SCHEMA["properties"]["target"]["properties"].items()
}
AGE = Target(**BLOCK)
POINTS_BLOCK = {**BLOCK, "column": "progression", "unit": "points", "range": [0, 400], "bin": 10}
POINTS = Target(**POINTS_BLOCK)
SIDES_BLOCK = {**BLOCK, "column": "diagnosis", "kind": "binary", "positive": "AD", "negative": "HC"}
SIDES = Target(**SIDES_BLOCK)
