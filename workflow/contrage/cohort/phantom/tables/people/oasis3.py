"""OASIS-3: controls and people with dementia of one site, days counted from entry."""

from __future__ import annotations

from datetime import date

from scipy import stats

from contrage.cohort.phantom.tables.draws import dealt, stream, truncated
from contrage.cohort.phantom.tables.people.planted import (
    DEMENTIA,
    NORMAL,
    YEAR,
    Examination,
    PlantedPerson,
    PlantedScan,
)
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

OTHER, CONTRIBUTING, CONFLICTING = "other", "contributing", "conflicting"
STATES = {
    "HC": NORMAL,
    "AD": DEMENTIA,
    OTHER: OTHER,
    CONTRIBUTING: CONTRIBUTING,
    CONFLICTING: CONFLICTING,
}
"""Part → what the clinician writes: dementia of another cause, with Alzheimer's disease as a
contributing one, or two states at once."""
PARTS = tuple(STATES)
AGES, YOUNGEST, OLDEST = stats.norm(68, 9), 42.0, 92.0
SITE = "TrioTim"
DAYS, AROUND, NEXT = 1500, 120, 400
"""Of a scan after entry, of an examination around it at most, from one examination to another."""


def people(settings: PhantomTablesSettings, part: str) -> list[PlantedPerson]:
    """Return the people of a part, with one scan and two examinations each."""
    size = settings.parts["oasis3"][part].people
    rng = stream(settings.seed, "plan", "oasis3", part)
    ages = truncated(rng, AGES, YOUNGEST, OLDEST, size)
    sexes, days = dealt(rng, "FM", size), rng.integers(DAYS, size=size)
    found = []
    for index in range(size):
        day = int(days[index])
        near = max(0, day + int(rng.integers(-AROUND, AROUND + 1)))
        seen = [Examination(0, when, STATES[part]) for when in (near, near + NEXT)]
        person = PlantedPerson(
            cohort="oasis3",
            part=part,
            participant_id=f"OAS3{1000 * PARTS.index(part) + index + 1:04d}",
            group=part,
            site=SITE,
            shift=settings.oasis3_shift,
            sex=sexes[index],
            age=round(float(ages[index]) - day / YEAR, 2),
            entry=date(2000, 1, 1),
            scans=(PlantedScan(f"d{day:04d}", 1, day),),
            examinations=tuple(seen),
        )
        found.append(person)
    return found
