"""Ids of owners as BIDS labels, and their codes of sex."""

from __future__ import annotations

import re

from contrage.participants.described import sex_of
from contrage.tables import is_missing

SEXES = {"1": "M", "2": "F"}
"""As ADNI, LONI and OASIS-3 code it."""
_PREFIX = re.compile(r"^ADNI(?=\d)", re.IGNORECASE)


def label_of(text: str) -> str:
    """Return an owner's id as a BIDS label: 002_S_0295 is 002S0295."""
    return re.sub(r"[^A-Za-z0-9]", "", text.strip().removeprefix("sub-"))


def bare_label(label: str) -> str:
    """Return a label without the study's name, which some conversions write before it."""
    return _PREFIX.sub("", label)


def sex(cell: str | None) -> str | None:
    """Return F or M where a cell says so, the cell otherwise; None where it says nothing."""
    if cell is None or is_missing(cell):
        return None
    return SEXES.get(cell) or sex_of(cell, {}, "sex")
