"""Scans that alone decide the normalisation, as the split files name them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contrage.dataset.dominance import largest
from contrage.errors import few
from contrage.files import read_json
from contrage.report.text import listed


def dominant_scans(splits: Iterable[Path]) -> dict[str, float]:
    """Return scan_id → its largest share of the squares, over the split files of all seeds."""
    return largest(fold for path in splits for fold in read_json(path)["folds"])


def title(shares: dict[str, float]) -> str:
    """Return the heading of the note."""
    return f"{'One scan decides' if len(shares) == 1 else 'Few scans decide'} the normalisation"


def told(shares: dict[str, float], has_quality_page: bool) -> str:
    """Say which scans, how much each brings, and what to do.

    Parameters
    ----------
    shares : dict
        What `dominant_scans` returns; not empty.
    has_quality_page : bool
        Whether there is one to look at.
    """
    brings = [f"{scan} ({share:.0%})" for scan, share in shares.items()]
    those = listed(brings) if len(brings) <= 5 else few(brings)
    where = " on the quality page" if has_quality_page else ""
    one = len(shares) == 1
    return (
        f"{those} alone {'brings' if one else 'bring'} that part of the squares from which the SD "
        "of all voxels is taken; the contrast of all other images shrinks by it. Look at "
        f"{'it' if one else 'them'}{where}; leave {'it' if one else 'them'} out "
        "(cohort.exclude), or give each image its own SD (dataset.normalisation: image)."
    )
