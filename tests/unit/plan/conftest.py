"""The configuration of the demo, complete, to be changed by tests."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from contrage.settings.door import load_schema, read


@pytest.fixture(scope="session")
def default(root: Path) -> dict[str, Any]:
    """The configuration of the repository as a run has it; tests must not change it."""
    schema = load_schema(root / "workflow/schemas/config.schema.yaml")
    return read([root / "config/config.yaml"], [], schema)


@pytest.fixture
def config(default: dict[str, Any]) -> dict[str, Any]:
    """The same, to be changed."""
    return copy.deepcopy(default)
