"""One person under two ids, seen by the maps: a rescan, which no checksum can tell."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from contrage.dataset.one_person import COLUMNS
from contrage.files import open_array, write_json
from contrage.scan_ids import participant
from contrage.settings.steps.dataset import SamePersonStep
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


def same_person(
    settings: SamePersonStep, *, array: Path, rows: Path, table: Path, record: Path
) -> None:
    """Compare every pair of scans of a cohort, and list those that are too alike for two people.

    Parameters
    ----------
    settings : SamePersonStep
    array, rows : Path
        The cohort's images, and which scan stands in which row.
    table : Path
        Output: scan_id, participant_id, other_scan_id, other_participant_id, correlation; the most
        alike first.
    record : Path
        Output, JSON: limit, n_pairs above it, largest_below it, n_scans, and n_rescans with the
        smallest and the middle correlation of two scans of one id.
    """
    import numpy as np
    import pandas as pd

    from contrage.dataset.alike import coarse, compare, standardise_people

    there = read_tsv(rows)
    scans = there["scan_id"].tolist()
    people = [participant(scan) for scan in scans]
    maps = coarse(open_array(array), there["row"].tolist(), settings.voxel_mm)
    standardise_people(maps)
    found = compare(maps, people)
    lines = [(scans[a], people[a], scans[b], people[b], r) for a, b, r in found.pairs]
    write_tsv(table, pd.DataFrame(lines, columns=list(COLUMNS)))
    rescans = found.rescans
    told = {
        "limit": found.limit,
        "n_pairs": found.n_pairs,
        "largest_below": found.largest_below,
        "n_scans": len(scans),
        "n_rescans": len(rescans),
        "smallest_rescan": float(rescans.min()) if len(rescans) else None,
        "median_rescan": float(np.median(rescans)) if len(rescans) else None,
    }
    write_json(record, told)
    _tell(lines, found.limit)


def _tell(lines: Sequence[tuple[str, str, str, str, float]], limit: float | None) -> None:
    if limit is None:
        log.info("too few scans to tell one person under two ids")
    for scan, _, other, _, correlation in lines:
        log.warning(
            "%s and %s may be one person (correlation %.3f, limit %.3f): look at the quality page; "
            "cohort.same_person says what becomes of them",
            scan,
            other,
            correlation,
            limit,
        )
