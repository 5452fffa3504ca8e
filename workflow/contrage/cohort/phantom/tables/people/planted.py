"""A person of the phantom, with scans and examinations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

YEAR = 365.25
NORMAL, MCI, DEMENTIA = "normal", "mci", "dementia"
"""What an examination finds."""


@dataclass(frozen=True)
class Examination:
    """A visit to the clinic.

    Attributes
    ----------
    month : int
        By the study's plan, since entry.
    day : int
        In truth, since entry.
    state : str
        normal, mci, dementia, or what an owner's table says besides.
    """

    month: int
    day: int
    state: str


@dataclass(frozen=True)
class PlantedScan:
    """A scan.

    Attributes
    ----------
    session : str
        Its label, as the table of regions has it.
    run : int
        Of the session, counted from 1.
    day : int
        Since entry.
    """

    session: str
    run: int
    day: int


@dataclass(frozen=True)
class PlantedPerson:
    """A person.

    Attributes
    ----------
    cohort, part : str
        As in the settings.
    participant_id : str
        The owner's.
    group : str
        HC, sMCI, pMCI, AD, or why the person is in none of them.
    site : str
        The owner's name of it.
    shift : float
        Apparent years that the site adds.
    sex : str
        F or M.
    age : float
        At entry, in years.
    entry : date
        First day; where an owner gives no dates, any.
    scans : tuple of PlantedScan
        In order of time.
    examinations : tuple of Examination
        In order of time; none where the owner examines nobody.
    """

    cohort: str
    part: str
    participant_id: str
    group: str
    site: str
    shift: float
    sex: str
    age: float
    entry: date
    scans: tuple[PlantedScan, ...]
    examinations: tuple[Examination, ...]

    def date(self, day: int) -> date:
        """Return the date of a day since entry."""
        return self.entry + timedelta(days=day)

    def age_on(self, day: int) -> float:
        """Return the age in years on a day since entry."""
        return self.age + day / YEAR

    def years(self, scan: PlantedScan) -> float:
        """Return the years from the first scan to one."""
        return (scan.day - self.scans[0].day) / YEAR
