"""How people fared whom a model's members had not seen: residuals, and intervals made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contrage.bundle.errors import BundleError
from contrage.bundle.facts import IntervalFacts
from contrage.bundle.parts import read_arrays
from contrage.evaluation.statistics.conformal import (
    PEOPLE,
    SITE,
    half_width,
    half_width_of_new_sites,
)

Floats = NDArray[np.float64]

WHOM = (PEOPLE, SITE)


@dataclass(frozen=True)
class Residuals:
    """Residuals of held-out people, predicted minus true, of the seeds' mean; one scan a person.

    Attributes
    ----------
    residuals : ndarray of shape (n,)
        Of everyone, sorted.
    sites : dict of str to ndarray
        Site → those of its people, sorted; one of fewer than five people has a number for a name.
    """

    residuals: Floats
    sites: dict[str, Floats]

    def half_width(self, whom: str, level: float) -> float | None:
        """Return half the width of an interval, in the target's unit; None where it has no end.

        Parameters
        ----------
        whom : {"people", "site"}
            For people of sites like those that were learned from, or of a new site.
        level : float
        """
        if whom == SITE:
            parts = [np.full(len(own), number) for number, own in enumerate(self.sites.values())]
            values = np.concatenate([*self.sites.values(), np.empty(0)])
            found = half_width_of_new_sites(values, np.concatenate([*parts, np.empty(0)]), level)
        else:
            found = half_width(self.residuals, level)
        return found if math.isfinite(found) else None

    def arrays(self) -> dict[str, np.ndarray]:
        """Return it as npz holds it: sites by their numbers, whose names stand in bundle.json."""
        own = {f"site_{number}": found for number, found in enumerate(self.sites.values())}
        return {"residuals": self.residuals, **own}


def read_residuals(path: Path, content: bytes, facts: IntervalFacts) -> Residuals:
    """Return what an export wrote.

    Raises
    ------
    BundleError
        It is not what bundle.json says.
    """
    found: Mapping[str, np.ndarray] = read_arrays(path, content)
    names = {"residuals", *(f"site_{number}" for number in range(len(facts.sites)))}
    fits = set(found) == names and all(
        each.ndim == 1 and each.dtype.kind == "f" for each in found.values()
    )
    if not fits or len(found["residuals"]) != facts.people:
        raise BundleError(path, "it holds other people than bundle.json says; copy the model again")
    sites = {name: found[f"site_{number}"] for number, name in enumerate(facts.sites)}
    return Residuals(found["residuals"], sites)
