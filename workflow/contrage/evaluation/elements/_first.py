"""One test scan of each person: scans of one are near each other for another reason than age."""

from __future__ import annotations

import numpy as np

from contrage.learning.folds import Scans


def one_each(scans: Scans) -> Scans:
    """Return each person's first scan, in the order of the table."""
    _, first = np.unique(np.array(scans.participants), return_index=True)
    return scans.take(np.sort(first))
