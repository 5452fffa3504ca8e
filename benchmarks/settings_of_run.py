"""Settings as a run would have them: the schema's defaults, and what a benchmark says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.settings.door import complete, load_schema
from contrage.settings.typed import Settings, typed

SCHEMA = Path(__file__).resolve().parents[1] / "workflow/schemas/config.schema.yaml"


def with_defaults(**blocks: Any) -> Settings:
    """Return the settings of a configuration that says this alone."""
    return typed(complete(blocks, load_schema(SCHEMA)))
