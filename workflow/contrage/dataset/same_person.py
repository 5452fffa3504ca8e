"""One person under two ids, seen by the maps: a rescan, which no checksum can tell."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.dataset.one_person import COLUMNS
from contrage.errors import ContrageError
from contrage.files import open_array, write_json
from contrage.scan_ids import participant
from contrage.settings.steps.dataset import SamePersonStep
from contrage.tables import read_tsv, write_tsv

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def same_person(
    settings: SamePersonStep,
    *,
    array: Path,
    rows: Path,
    table: Path,
    record: Path,
    before_array: Path | None = None,
    before_rows: Path | None = None,
) -> None:
    """Compare every pair of scans of a cohort, and list those that are too alike for two people.

    Parameters
    ----------
    settings : SamePersonStep
    array, rows : Path
        The cohort's images, and which scan stands in which row.
    table : Path
        Output: scan_id, participant_id, other_scan_id, other_participant_id, other_cohort (of a
        pre-training), correlation; the most alike first.
    record : Path
        Output, JSON: limit, n_pairs above it, largest_below it, n_scans, and n_rescans with the
        smallest and the middle correlation of two scans of one id.
    before_array, before_rows : Path, optional
        Of the cohort of a pre-training: its scans are compared with those of this one, not among
        each other. Each cohort is z-scored by itself, so that a scanner is no likeness.
    """
    import numpy as np
    import pandas as pd

    from contrage.dataset.alike import Maps, compare

    own, others = read_tsv(rows), _others(before_rows)
    scans = [*own["scan_id"], *others["scan_id"]]
    people = [participant(scan) for scan in scans]
    cohorts = [Maps(open_array(array), own["row"].tolist(), settings.voxel_mm)]
    if before_array and len(others):
        images = open_array(before_array)
        _check_grids(before_array, images.shape, cohorts[0].images.shape)
        cohorts.append(Maps(images, others["row"].tolist(), settings.voxel_mm))
    inside = np.logical_and.reduce([each.inside() for each in cohorts])
    whose = [*people[: len(own)], *(_named(settings, each) for each in people[len(own) :])]
    found = compare(np.concatenate([each.coarse(inside) for each in cohorts]), whose, len(own))
    lines = [
        (scans[a], people[a], scans[b], people[b], settings.before if b >= len(own) else None, r)
        for a, b, r in found.pairs
    ]
    write_tsv(table, pd.DataFrame(lines, columns=list(COLUMNS)))
    rescans = found.rescans
    told = {
        "limit": found.limit,
        "n_pairs": found.n_pairs,
        "largest_below": found.largest_below,
        "n_scans": len(own),
        "before": settings.before,
        "n_rescans": len(rescans),
        "smallest_rescan": float(rescans.min()) if len(rescans) else None,
        "median_rescan": float(np.median(rescans)) if len(rescans) else None,
    }
    write_json(record, told)
    _tell(lines, found.limit)


def _others(rows: Path | None) -> pd.DataFrame:
    import pandas as pd

    return read_tsv(rows) if rows else pd.DataFrame({"scan_id": [], "row": []})


def _named(settings: SamePersonStep, person: str) -> str:
    """Return by which name somebody of the other cohort is told from people of this one."""
    return person if settings.same_ids else f"{settings.before} {person}"


def _check_grids(file: Path, other: tuple[int, ...], own: tuple[int, ...]) -> None:
    if other[1:] != own[1:]:
        raise ContrageError(
            f"{file}: maps of {other[1:]} voxels, where those of the cohort have {own[1:]}; they "
            "cannot be compared: give both cohorts one grid (preprocessing.registration)"
        )


def _tell(
    lines: Sequence[tuple[str, str, str, str, str | None, float]], limit: float | None
) -> None:
    if limit is None:
        log.info("too few scans to tell one person under two ids")
    for scan, _, other, _, cohort, correlation in lines:
        log.warning(
            "%s and %s%s may be one person (correlation %.3f, limit %.3f): look at %s; "
            "cohort.same_person says what becomes of them",
            scan,
            other,
            f" of {cohort}" if cohort else "",
            correlation,
            limit,
            "same_person.html of the experiment" if cohort else "the quality page",
        )
