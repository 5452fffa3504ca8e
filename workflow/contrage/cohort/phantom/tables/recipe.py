"""What is planted in every cohort alike: directions of age, of disease, of what people differ by.

A table of one kind holds 142 volumes of grey matter, which shrink, then 142 of cerebrospinal fluid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contrage.cohort.phantom.tables.draws import stream
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

REGIONS = 142
FEATURES = 2 * REGIONS
FACTORS = 8
SMALLEST, LARGEST = 8.0, 16.0
"""A region's volume at the age of 50, in ml."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """Directions in the space of features.

    Attributes
    ----------
    base : ndarray of shape (284,)
        At the age of 50.
    direction : ndarray of shape (284,)
        What a year does where `ageing` is 1.
    pattern : ndarray of shape (284,)
        What the disease does besides making a brain older.
    factors : ndarray of shape (284, 8)
        What people of one age differ by together.
    """

    base: Floats
    direction: Floats
    pattern: Floats
    factors: Floats


def names() -> list[str]:
    """Return the names of the features: left and right regions, grey matter first."""
    regions = [f"{side}Reg{number:02d}" for number in range(1, REGIONS // 2 + 1) for side in "lr"]
    return [f"{region}_{tissue}_Vol" for tissue in ("GM", "CSF") for region in regions]


def recipe(settings: PhantomTablesSettings) -> Recipe:
    """Draw the directions: they depend on the seed and on their own sizes, on no cohort."""
    rng = stream(settings.seed, "recipe")
    base = rng.uniform(SMALLEST, LARGEST, FEATURES)
    signs = np.repeat([-1.0, 1.0], REGIONS)
    direction = settings.effect * signs * rng.gamma(2.0, 0.5, FEATURES)
    places = rng.permutation(FEATURES)[: settings.pattern_features]
    pattern = np.zeros(FEATURES)
    pattern[places] = settings.pattern * rng.choice([-1.0, 1.0], len(places))
    factors = settings.factor * rng.standard_normal((FEATURES, FACTORS))
    length = np.linalg.norm(factors[:, 0])
    factors[:, 0] += settings.factor_lean * length * _unit(direction)
    return Recipe(base, direction, pattern, factors)


def offset(settings: PhantomTablesSettings, planted: Recipe, cohort: str, site: str) -> Floats:
    """Draw what a site adds to every feature; along the direction of age it adds nothing."""
    drawn = stream(settings.seed, "site", cohort, site).standard_normal(FEATURES)
    unit = _unit(planted.direction)
    return settings.site * (drawn - (drawn @ unit) * unit)


def _unit(direction: Floats) -> Floats:
    return direction / np.linalg.norm(direction)
