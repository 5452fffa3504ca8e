"""The features of a part's scans, and the brain ages that they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from contrage.cohort.phantom.tables.draws import stream
from contrage.cohort.phantom.tables.people.planted import PlantedPerson, PlantedScan
from contrage.cohort.phantom.tables.recipe import FACTORS, FEATURES, Floats, Recipe, offset
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

MIDDLE = 50.0
"""The age at which features are at their base."""
HEAD, HEAD_SD = 1500.0, 130.0
"""Total intracranial volume, in ml; features do not depend on it."""
SHARES = {"CSF_Vol": 0.22, "GM_Vol": 0.43, "WM_Vol": 0.35}
"""Of the head's volume, as CAT12 names them."""


@dataclass(frozen=True)
class PlantedTable:
    """Scans of a cohort with all that is known of them.

    Attributes
    ----------
    people : list of PlantedPerson
        Whose scan each one is.
    scans : list of PlantedScan
    brain_ages : ndarray of shape (n,)
        In years.
    heads : ndarray of shape (n,)
        Total intracranial volumes, in ml.
    values : ndarray of shape (n, 284)
        In ml.
    """

    people: list[PlantedPerson]
    scans: list[PlantedScan]
    brain_ages: Floats
    heads: Floats
    values: Floats

    def rows(self) -> Iterator[tuple[PlantedPerson, PlantedScan, float, Floats]]:
        """Yield each scan with its person, the head's volume and the features."""
        return zip(self.people, self.scans, self.heads.tolist(), self.values, strict=True)


def plant(
    settings: PhantomTablesSettings, planted: Recipe, people: Sequence[PlantedPerson]
) -> PlantedTable:
    """Draw the features of the people of one part.

    Brain age is age + gap + slope · years + what a person has for good. Features are the base, a
    brain's years from 50 and the site's apparent ones along the direction of age, the part's
    share of the disease's pattern, shared factors, the site's offset, the person and the scan.
    """
    cohort, part = people[0].cohort, people[0].part
    told = settings.parts[cohort][part]
    rng = stream(settings.seed, "people", cohort, part)
    count = len(people)
    own_years = settings.brain_age_sd * rng.standard_normal(count)
    own = rng.standard_normal((count, FACTORS)) @ planted.factors.T
    own += settings.between_people * rng.standard_normal((count, FEATURES))
    heads = rng.normal(HEAD, HEAD_SD, count)
    of = np.repeat(np.arange(count), [len(person.scans) for person in people])
    whose = [people[place] for place in of]
    scans = [scan for person in people for scan in person.scans]
    grown = [
        person.age_on(scan.day) + told.gap + told.slope * person.years(scan)
        for person, scan in zip(whose, scans, strict=True)
    ]
    brain_ages = np.array(grown) + own_years[of]
    offsets = {site: offset(settings, planted, cohort, site) for site in {p.site for p in people}}
    apparent = brain_ages - MIDDLE + np.array([person.shift for person in whose])
    values = planted.base + settings.ageing * apparent[:, None] * planted.direction
    values += told.pattern * planted.pattern + own[of]
    values += np.array([offsets[person.site] for person in whose])
    visits = stream(settings.seed, "scans", cohort, part).standard_normal(values.shape)
    values += settings.between_scans * visits
    return PlantedTable(whose, scans, brain_ages, heads[of], values)


def together(parts: Sequence[PlantedTable]) -> PlantedTable:
    """Return the scans of several parts as one table."""
    return PlantedTable(
        [person for part in parts for person in part.people],
        [scan for part in parts for scan in part.scans],
        np.concatenate([part.brain_ages for part in parts]),
        np.concatenate([part.heads for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
