"""Where prepared arrays of scans lie: in files of their own, or as parts of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.prepared import Cut
from contrage.settings.steps.cohort import CohortStep, WhereArrays

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Stored:
    """The prepared array of one scan.

    Attributes
    ----------
    path : Path
        The file that holds it.
    part : function or None
        Reads it where the file holds others as well, and says in a `BadScanError` why it cannot;
        None where the whole file is the array.
    cut : Cut or None
        Which part of a picture is meant; None for all of it.
    """

    path: Path
    part: Callable[[], np.ndarray] | None = None
    cut: Cut | None = None


@dataclass(frozen=True)
class StoredArrays:
    """The prepared arrays of a cohort.

    Attributes
    ----------
    of_scan : dict of str to Stored
        By scan_id; of scans that are in the cohort, and perhaps of others.
    features : list of str
        Names of their features, in order; empty where nothing says them, or there are none.
    """

    of_scan: dict[str, Stored]
    features: list[str]


def where_arrays(settings: CohortStep) -> WhereArrays:
    """Return what of a cohort's settings says where its arrays lie, those of pictures aside."""
    return WhereArrays(
        path=settings.path,
        image=settings.image,
        ending=settings.ending,
        regions=settings.regions,
        features_scale=settings.features_scale,
        images=None,
        echonet=None,
    )
