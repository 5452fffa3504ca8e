"""The configuration of a study of people, for what is made of words and tables alone."""

from __future__ import annotations

from typing import Any

from given import config

from contrage.settings.door import lay_over
from contrage.settings.typed import Settings, typed


def configured(**changes: Any) -> Settings:
    """Return a whole configuration of scans in a BIDS folder, with changes to its blocks."""
    blocks: dict[str, Any] = {"experiment": "study", "cohort": {"source": "bids", "name": "people"}}
    lay_over(blocks, changes)
    return typed(config(**blocks))
