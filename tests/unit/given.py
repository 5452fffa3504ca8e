"""Settings as a run would have them: the schema's defaults, with what a test says laid over."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from contrage.settings.build import build
from contrage.settings.door import complete, lay_over, load_schema

Block = TypeVar("Block")
SCHEMA = Path(__file__).resolve().parents[2] / "workflow/schemas/config.schema.yaml"


@cache
def _schema() -> dict[str, Any]:
    return load_schema(SCHEMA)


def config(**blocks: Any) -> dict[str, Any]:
    """Return a whole configuration: defaults, and the blocks that are given."""
    return complete(blocks, _schema())


def block(path: str, /, **changes: Any) -> dict[str, Any]:
    """Return a block of the configuration (such as "preprocessing.registration") as JSON has it."""
    found = config()
    for name in path.split("."):
        found = found[name]
    lay_over(found, changes)
    return found


def given(kind: type[Block], path: str, /, **changes: Any) -> Block:
    """Return a block as its dataclass."""
    return build(kind, block(path, **changes))
