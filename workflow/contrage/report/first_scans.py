"""The first scan of each participant, for what counts everyone once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from contrage.target import Target


def first_scans(scans: pd.DataFrame, target: Target) -> pd.DataFrame:
    """Return one row per participant: the scan at the least age, or else of the first session.

    Parameters
    ----------
    scans : DataFrame
        participant_id, `target` (its numbers), and where known age and session.
    target : Target
        Of age the numbers are ages themselves.
    """
    if target.is_age:
        return scans.sort_values("target").drop_duplicates("participant_id")
    order = scans.assign(
        _session=[_natural(each) for each in scans.get("session", [""] * len(scans))]
    )
    keys = ["_session"]
    if "age" in scans:
        told = scans["age"].notna().groupby(scans["participant_id"]).transform("all")
        order, keys = order.assign(_age=scans["age"].where(told)), ["_age", "_session"]
    first = order.sort_values(keys, kind="stable").drop_duplicates("participant_id")
    return first.drop(columns=keys)


def _natural(session: object) -> str:
    """Return a session's label with its numbers filled up, so that 2 comes before 10."""
    return re.sub(r"\d+", lambda found: found[0].zfill(12), str(session))
