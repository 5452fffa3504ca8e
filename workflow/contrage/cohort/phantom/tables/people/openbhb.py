"""OpenBHB: healthy people of many sites, and two test sets, of the same sites and of others."""

from __future__ import annotations

from datetime import date

import numpy as np
from scipy import stats

from contrage.cohort.phantom.tables.draws import dealt, stream
from contrage.cohort.phantom.tables.people.planted import PlantedPerson, PlantedScan
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

PARTS = ("train", "internal_test", "external_test")
SEEN, UNSEEN = range(1, 17), range(101, 107)
"""Sites of training and internal test, and those of the external one (siteXacq)."""
YOUNG = stats.gamma(2.2, loc=6, scale=9)
"""Ages of four fifths; the others' are uniform."""
OLD = (40.0, 88.0)


def people(settings: PhantomTablesSettings, part: str) -> list[PlantedPerson]:
    """Return the people of a part; the first of all has an id that begins with a zero."""
    size = settings.parts["openbhb"][part].people
    rng = stream(settings.seed, "plan", "openbhb", part)
    ages = rng.permutation(_ages(rng, size))
    sexes = dealt(rng, "FM", size)
    sites = dealt(rng, UNSEEN if part == "external_test" else SEEN, size)
    numbers = rng.choice(10**9, size, replace=False)
    place = PARTS.index(part)
    return [
        PlantedPerson(
            cohort="openbhb",
            part=part,
            participant_id=f"{0 if place == index == 0 else place + 1}{numbers[index]:011d}",
            group="HC",
            site=str(sites[index]),
            shift=shift(settings, sites[index]),
            sex=sexes[index],
            age=round(float(ages[index]), 4),
            entry=date(2010, 1, 1),
            scans=(PlantedScan("1", 1, 0),),
            examinations=(),
        )
        for index in range(size)
    ]


def shift(settings: PhantomTablesSettings, site: int) -> float:
    """Return the apparent years that a site adds."""
    if site not in UNSEEN:
        return 0.0
    return settings.external_shift if site % 2 else -settings.external_shift


def _ages(rng: np.random.Generator, size: int) -> np.ndarray:
    young = round(0.8 * size)
    return np.concatenate([YOUNG.rvs(young, random_state=rng), rng.uniform(*OLD, size - young)])
