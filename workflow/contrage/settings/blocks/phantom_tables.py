"""What a phantom of region tables is made of: people, what is planted in them, and noise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhantomPartSettings:
    """People of one part of a cohort, and what sets them apart.

    Attributes
    ----------
    people : int
        How many.
    gap : float
        By how many years their brains are older than they, at the first scan.
    slope : float
        By how many years the gap grows in a year after it.
    pattern : float
        Share of the disease's own pattern: 0 none, 1 all of it.
    """

    people: int
    gap: float
    slope: float
    pattern: float


@dataclass(frozen=True)
class PhantomTablesSettings:
    """A phantom of region tables, in the layouts of OpenBHB, ADNI, ICBM and OASIS-3.

    Attributes
    ----------
    seed : int
        Seed of everything that is drawn.
    ageing : float
        Scale of every effect of age; 0 for cohorts that do not age.
    effect : float
        Mean effect of a year on a feature, without its sign.
    brain_age_sd : float
        Standard deviation of brain age among people of one age and group, in years.
    pattern : float
        Size of the disease's own pattern on each of its features.
    pattern_features : int
        On how many features it shows.
    factor : float
        Standard deviation of the entries of the eight factors that features share.
    factor_lean : float
        How far the first factor leans on the direction of age, in parts of its own length.
    between_people : float
        Standard deviation of a feature between people, beside the factors.
    between_scans : float
        Standard deviation of a feature between scans of a person.
    site : float
        Standard deviation of the sites' offsets of a feature; they have no part along age.
    external_shift : float
        Apparent years that external sites of OpenBHB add (odd) or take away (even).
    oasis3_shift : float
        Apparent years that the site of OASIS-3 adds.
    packed : int
        How many people of each part of OpenBHB are written in the challenge's packing as well.
    parts : dict of dict of PhantomPartSettings
        Cohort (openbhb, adni, icbm, oasis3) → part → its people. What is not named is not made.
    """

    seed: int
    ageing: float
    effect: float
    brain_age_sd: float
    pattern: float
    pattern_features: int
    factor: float
    factor_lean: float
    between_people: float
    between_scans: float
    site: float
    external_shift: float
    oasis3_shift: float
    packed: int
    parts: dict[str, dict[str, PhantomPartSettings]]


@dataclass(frozen=True)
class NamedPhantomTablesSettings(PhantomTablesSettings):
    """The block cohort.phantom_tables of the configuration.

    Attributes
    ----------
    name : str
        The files lie in results/phantom/<name>, shared by all cohorts with these settings.
    """

    name: str
