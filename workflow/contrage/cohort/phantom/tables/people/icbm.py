"""ICBM: healthy adults of one site, seen once."""

from __future__ import annotations

from datetime import date, timedelta

from scipy import stats

from contrage.cohort.phantom.tables.draws import dealt, stream, truncated
from contrage.cohort.phantom.tables.people.adni import again, scanned
from contrage.cohort.phantom.tables.people.planted import PlantedPerson
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

PARTS = ("HC",)
AGES, YOUNGEST, OLDEST = stats.gamma(5, scale=6.8), 18.0, 80.0
FIRST, DAYS = date(1998, 3, 2), 2500
TWICE = 0
"""The person by place who was scanned twice on one day."""


def people(settings: PhantomTablesSettings, part: str) -> list[PlantedPerson]:
    """Return everybody; the first one has two MP-RAGEs in one session."""
    size = settings.parts["icbm"][part].people
    rng = stream(settings.seed, "plan", "icbm", part)
    ages = truncated(rng, AGES, YOUNGEST, OLDEST, size)
    sexes, entries = dealt(rng, "FM", size), rng.integers(DAYS, size=size)
    found = [
        scanned(
            PlantedPerson(
                cohort="icbm",
                part=part,
                participant_id=f"MNI_{index + 1:04d}",
                group="HC",
                site="MNI",
                shift=0.0,
                sex=sexes[index],
                age=float(ages[index]),
                entry=FIRST + timedelta(days=int(entries[index])),
                scans=(),
                examinations=(),
            ),
            [0],
        )
        for index in range(size)
    ]
    if size > TWICE:
        found[TWICE] = again(found[TWICE], found[TWICE].scans[0])
    return found
