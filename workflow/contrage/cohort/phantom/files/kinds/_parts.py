"""What phantoms of files share: whose stream of chance is whose, and who is in which part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contrage.cohort.phantom.tables.draws import stream


def of_person(seed: int, owner: str, number: int) -> np.random.Generator:
    """Return a person's own stream: who else there is changes nothing in it."""
    return stream(seed, "files", owner, str(number))


def dealt_part(number: int, parts: Sequence[str]) -> str:
    """Return the part of a person: the parts come round in this order."""
    return parts[number % len(parts)]
