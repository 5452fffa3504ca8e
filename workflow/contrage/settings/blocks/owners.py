"""Blocks of cohorts as their owners hand them out: cohort.openbhb, adni, loni, oasis3, regions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpenbhbSettings:
    """OpenBHB (cohort.source openbhb).

    Attributes
    ----------
    people : int or None
        How many participants.tsv must have, which is the public release's number; null for another
        selection.
    group : str
        The group of everybody but of those of whom a column diagnosis says something else.
    """

    people: int | None
    group: str


@dataclass(frozen=True)
class AdniSettings:
    """ADNI (cohort.source adni).

    Attributes
    ----------
    merged : str
        The table of merged visits (ADNIMERGE), by a pattern below cohort.path; of several the
        newest by the date in its name.
    diagnoses : str or None
        The table of diagnoses (DXSUM), likewise; null for the column DX of the merged visits.
    collection : str
        The list of images that the archive gives with a collection, likewise; of several files
        those count that have its columns.
    images : str
        Of several accepted images of a day, the first by its number alone, or all of them as
        sessions of their own.
    descriptions : tuple of str
        Patterns of the column Description, in any case, of images that are accepted.
    window_days : int
        How many days a diagnosis may lie from a scan.
    conversion_months : float
        Within how many months of the first scan an impaired person becomes demented who counts as
        progressive (pMCI), and how long one who is stable (sMCI) must be seen.
    """

    merged: str
    diagnoses: str | None
    collection: str
    images: str
    descriptions: tuple[str, ...]
    window_days: int
    conversion_months: float


@dataclass(frozen=True)
class LoniSettings:
    """A collection of healthy people of LONI's archive, such as ICBM (cohort.source loni).

    Attributes
    ----------
    collection : str
        The list of images that the archive gives with a collection, by a pattern below cohort.path;
        of several the newest by the date in its name.
    images : str
        Of several accepted images of a day, the first by its number alone, or all of them as
        sessions of their own.
    descriptions : tuple of str
        Patterns of the column Description, in any case, of images that are accepted.
    group : str
        The group of everybody; there are no diagnoses.
    site : str
        The one site.
    """

    collection: str
    images: str
    descriptions: tuple[str, ...]
    group: str
    site: str


@dataclass(frozen=True)
class Oasis3Settings:
    """OASIS-3 (cohort.source oasis3).

    Attributes
    ----------
    demographics : str
        The table of people, by a pattern below cohort.path; of several the newest by the date in
        its name.
    sessions : str
        The table of sessions and scanners, likewise.
    diagnoses : str
        The table of clinicians' diagnoses (UDS form D1), likewise.
    ratings : str or None
        The table of ratings (UDS form B4), whose columns cohort.columns may name; likewise. null
        for none; it decides no diagnosis.
    site : str
        Column of the table of sessions that stands for the site: it is one hospital, with several
        scanners.
    window_days : int
        How many days a diagnosis may lie from a scan.
    conversion_months : float
        Within how many months of the first scan an impaired person becomes demented who counts as
        progressive (pMCI), and how long one who is stable (sMCI) must be seen.
    """

    demographics: str
    sessions: str
    diagnoses: str
    ratings: str | None
    site: str
    window_days: int
    conversion_months: float


@dataclass(frozen=True)
class RegionTableSettings:
    """The table of regional volumes that brainprep makes of CAT12's results.

    Attributes
    ----------
    file : str
        Its name, anywhere below cohort.path.
    participant : str
        Column of the participant, with or without sub-.
    session : str
        Column of the session, with or without ses-.
    run : str
        Column of the run; need not be there under its default name.
    tiv : str
        Column of the total intracranial volume, which features_scale: tiv divides by.
    """

    file: str
    participant: str
    session: str
    run: str
    tiv: str
