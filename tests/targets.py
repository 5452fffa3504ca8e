"""The target of the demo, as the schema states it, and others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.settings import door as settings
from contrage.settings.build import as_plain
from contrage.target_words import TargetInWords

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = settings.load_schema(ROOT / "workflow/schemas/config.schema.yaml")
BLOCK: dict[str, Any] = {
    name: key["default"] for name, key in SCHEMA["properties"]["target"]["properties"].items()
}
AGE = TargetInWords(**BLOCK)
POINTS_BLOCK = {**BLOCK, "column": "progression", "unit": "points", "range": [0, 400], "bin": 10}
POINTS = TargetInWords(**POINTS_BLOCK)
SIDES_BLOCK = {**BLOCK, "column": "diagnosis", "kind": "binary", "positive": "AD", "negative": "HC"}
SIDES = TargetInWords(**SIDES_BLOCK)

LEARNED, SIDES_LEARNED = as_plain(AGE.learned), as_plain(SIDES.learned)
"""What steps are told that learn or read it."""
