"""Who people are stands on no page, unless a configuration asks for it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

HIDDEN = "[id]"
OF_SCAN = r"\bsub-[A-Za-z0-9]+(?:_ses-[A-Za-z0-9]+)?"
COLUMNS = ("scan_id", "participant_id")
SHORTEST = 4
"""Letters of an id of another form than "sub-X"; a shorter one is part of too many words."""


def known_ids(*frames: pd.DataFrame) -> set[str]:
    """Return the ids of scans and people that stand in tables."""
    columns = [frame[name] for frame in frames for name in COLUMNS if name in frame]
    return {str(each) for column in columns for each in column.dropna()}


class Hider:
    """Puts `HIDDEN` in the place of ids.

    Parameters
    ----------
    ids : iterable of str
        Those of the study; any "sub-X" and "sub-X_ses-Y" is hidden besides.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        other = [each for each in ids if not re.fullmatch(OF_SCAN, each) and len(each) >= SHORTEST]
        longest_first = sorted(other, key=len, reverse=True)
        self._pattern = re.compile("|".join([OF_SCAN, *map(re.escape, longest_first)]))

    def __call__(self, content: Any) -> Any:
        """Return content without ids: text, and what holds text to any depth."""
        if isinstance(content, str):
            return self._pattern.sub(HIDDEN, content)
        if isinstance(content, dict):
            return {key: self(value) for key, value in content.items()}
        if isinstance(content, list | tuple):
            return type(content)(self(value) for value in content)
        if dataclasses.is_dataclass(content) and not isinstance(content, type):
            fields = {
                each.name: getattr(content, each.name) for each in dataclasses.fields(content)
            }
            changed = {name: self(value) for name, value in fields.items()}
            return dataclasses.replace(content, **changed) if changed != fields else content
        return content
