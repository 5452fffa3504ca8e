"""The block merge of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MergeSettings:
    """How cohorts are merged, where `cohort` names several.

    Attributes
    ----------
    same_ids : str
        What it means that a participant_id stands in two members, zeros and capitals aside; refuse
        asks, same-people gives these one id, so that they never are on two sides of a split,
        other-people is for cohorts that number alike.
    """

    same_ids: str
