"""Who people are stands on no page, unless a configuration asks for it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

HIDDEN = "[id]"
LABEL = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
"""Of a merged cohort's people it begins with the member's name: sub-adni-002S0295."""
BEFORE, AFTER = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
OF_SCAN = rf"sub-(?=[A-Za-z-]*\d){LABEL}(?:_ses-{LABEL})?"
"""What looks like an id, whoever it is; sub-cortical has no digit."""
COLUMNS = ("scan_id", "participant_id")
SHORTEST = 4
"""Letters of an id of another form than "sub-X"; a shorter one is part of too many words."""


OF_FILE = re.compile(r"[^\s:;,()'\"]+\.(?:nii(?:\.gz)?|npy|npz|json|png|jpe?g|avi|mgz|img|hdr)\b")


def without_files(text: str) -> str:
    """Return a reason without names of files, in which an owner's own ids may stand."""
    return OF_FILE.sub("a file", text)


def known_ids(*frames: pd.DataFrame) -> set[str]:
    """Return the ids of scans and people that stand in tables."""
    columns = [frame[name] for frame in frames for name in COLUMNS if name in frame]
    return {str(each) for column in columns for each in column.dropna()}


def counted(meant: Any) -> Any:
    """Return a configuration in which the people of every `dataset.leave_out` are counted."""
    if isinstance(meant, list):
        return [counted(each) for each in meant]
    if not isinstance(meant, dict):
        return meant
    found = {key: counted(value) for key, value in meant.items()}
    own = meant.get("dataset")
    if isinstance(own, dict) and isinstance(people := own.get("leave_out"), dict) and people:
        found["dataset"] = found["dataset"] | {"leave_out": f"{len(people)} people"}
    return found


class Hider:
    """Puts `HIDDEN` in the place of ids.

    Parameters
    ----------
    ids : iterable of str
        Those of the study, which are hidden without "sub-" as well, numbers aside; what looks like
        an id, as "sub-1" and "sub-Y2_ses-Z" do, is hidden besides.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        known = set(ids)
        bare = {each.removeprefix("sub-") for each in known}
        known |= {each for each in bare if not each.isdecimal()}
        longest_first = sorted((e for e in known if len(e) >= SHORTEST), key=len, reverse=True)
        own = [re.escape(each) for each in longest_first]
        # Asked once for each place, not once for each of thousands of ids: where one can begin.
        begins = "".join(re.escape(first) for first in sorted({each[0] for each in known} | {"s"}))
        either = [rf"(?:{'|'.join(own)})(?:_ses-{LABEL})?{AFTER}"] * bool(own) + [OF_SCAN]
        self._pattern = re.compile(rf"{BEFORE}(?=[{begins}])(?:{'|'.join(either)})")

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
