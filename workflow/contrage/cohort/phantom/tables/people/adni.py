"""ADNI: controls, stable and progressive mild impairment, dementia, all seen again for years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from scipy import stats

from contrage.cohort.phantom.tables.draws import dealt, stream, truncated
from contrage.cohort.phantom.tables.people.planted import (
    DEMENTIA,
    MCI,
    NORMAL,
    YEAR,
    Examination,
    PlantedPerson,
    PlantedScan,
)
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

CENSORED, REVERTED = "MCI-censored", "MCI-reverted"
PARTS = ("HC", "sMCI", "pMCI", "AD", CENSORED, REVERTED)
SITES = (2, 3, 5, 7, 11, 13, 127, 941)
AGES, YOUNGEST, OLDEST = stats.norm(74, 7), 55.0, 92.0
FIRST, LAST = date(2006, 1, 2), date(2015, 12, 30)
MONTHS = (0, 6, 12, 24, 36, 48)
"""Of the examinations; scans are taken around some of them."""
JITTER, AROUND, AT_ENTRY = 20, 60, 40
"""Days: of an examination around its month, of a scan around its examination, of the first one."""
FAR = {1: 170, 2: 200}
"""Controls by place, whose last scan is so many days after their last examination."""
TWICE = 0
"""The control by place whose second session has two MP-RAGEs."""


def people(settings: PhantomTablesSettings, part: str) -> list[PlantedPerson]:
    """Return the people of a part, three to five sessions each, four on average."""
    size = settings.parts["adni"][part].people
    rng = stream(settings.seed, "plan", "adni", part)
    ages = truncated(rng, AGES, YOUNGEST, OLDEST, size)
    sexes, sites = dealt(rng, "FM", size), dealt(rng, SITES, size)
    entries = rng.integers((LAST - FIRST).days, size=size)
    counts = rng.permutation([3] * (size // 3) + [5] * (size // 3) + [4] * (size - 2 * (size // 3)))
    found = []
    for index in range(size):
        far = FAR.get(index) if part == "HC" else None
        examinations = _examinations(rng, part, MONTHS[:-1] if far else MONTHS)
        days = _days(rng, examinations, int(counts[index]))
        if far:
            days[-1] = examinations[-1].day + far
        number = 1000 * PARTS.index(part) + index + 1
        person = PlantedPerson(
            cohort="adni",
            part=part,
            participant_id=f"{sites[index]:03d}_S_{number:04d}",
            group=part,
            site=str(sites[index]),
            shift=0.0,
            sex=sexes[index],
            age=round(float(ages[index]), 1),
            entry=FIRST + timedelta(days=int(entries[index])),
            scans=(),
            examinations=tuple(examinations),
        )
        found.append(scanned(person, days))
    if part == "HC" and size > TWICE:
        found[TWICE] = again(found[TWICE], found[TWICE].scans[1])
    return found


def scanned(person: PlantedPerson, days: Sequence[int]) -> PlantedPerson:
    """Return a person with scans on some days since entry, sessions named by date."""
    scans = [PlantedScan(f"{person.date(day):%Y%m%d}", 1, day) for day in days]
    return replace(person, scans=tuple(scans))


def again(person: PlantedPerson, scan: PlantedScan) -> PlantedPerson:
    """Return a person with one more scan in the session of another."""
    runs = sorted((*person.scans, replace(scan, run=2)), key=lambda each: (each.day, each.run))
    return replace(person, scans=tuple(runs))


def _examinations(
    rng: np.random.Generator, part: str, months: tuple[int, ...]
) -> list[Examination]:
    progress = int(rng.choice((12, 24)))
    if part == CENSORED:
        months = tuple(month for month in months if month <= 24)
    jitter = rng.integers(-JITTER, JITTER + 1, size=len(months))
    jitter[0] = 0
    days = [round(month * YEAR / 12) + int(by) for month, by in zip(months, jitter, strict=True)]
    return [
        Examination(month, day, _state(part, month, progress))
        for month, day in zip(months, days, strict=True)
    ]


def _state(part: str, month: int, progress: int) -> str:
    if part == "AD" or (part == "pMCI" and month >= progress):
        return DEMENTIA
    return NORMAL if part == "HC" or (part == REVERTED and month >= 24) else MCI


def _days(rng: np.random.Generator, examinations: Sequence[Examination], count: int) -> list[int]:
    """Return the days of scans: one at entry, the others around examinations that are drawn."""
    later_ones = rng.permutation(len(examinations) - 1)[: count - 1] + 1
    first = int(rng.integers(-AT_ENTRY, AT_ENTRY + 1))
    return [first] + [
        examinations[place].day + int(rng.integers(-AROUND, AROUND + 1))
        for place in sorted(later_ones)
    ]
