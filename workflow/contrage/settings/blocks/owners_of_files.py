"""Blocks of cohorts of a file per person: cohort.images, echonet, a4, hcp."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImagesSettings:
    """X-rays of the hand as RSNA and RHPE hand them out (cohort.source images).

    Attributes
    ----------
    training : str
        RSNA's table of training pictures, by a pattern below cohort.path.
    validation : str or None
        RSNA's table of validation pictures, likewise; need not be there. null for none.
    test : str or None
        RSNA's table of test pictures, a .csv or .xlsx, likewise; need not be there.
    test_boneage : str
        Column of that table: the bone age in months.
    test_sex : str
        Column of that table: M or F.
    boxes : str or None
        RHPE's boxes of hands (COCO), by a pattern below cohort.path; null for the half as it is.
    half : str
        Of RHPE's pictures, which show both hands: left, right or whole.
    val : float
        Part of the people of the training table whose `split` is val.
    seed : int
        Of the draw.
    """

    training: str
    validation: str | None
    test: str | None
    test_boneage: str
    test_sex: str
    boxes: str | None
    half: str
    val: float
    seed: int


@dataclass(frozen=True)
class EchonetSettings:
    """EchoNet-Dynamic (cohort.source echonet).

    Attributes
    ----------
    table : str
        The list of files, by a pattern below cohort.path.
    """

    table: str


@dataclass(frozen=True)
class A4Settings:
    """PET of A4 (cohort.source a4).

    Attributes
    ----------
    table : str
        The table of SUVR, by a pattern below cohort.path; of several the newest by the date in its
        name.
    region : str
        The row of a person that counts, of eight, by the column brain_region.
    """

    table: str
    region: str


@dataclass(frozen=True)
class HcpSettings:
    """HCP-Lifespan (cohort.source hcp).

    Attributes
    ----------
    table : str
        Who was scanned, by a pattern below cohort.path; of several the newest by the date in its
        name.
    participant : str
        Column of the participant.
    age : str
        Column of the age in months.
    top_coded : str
        What to do with ages above 90, which the release tells as one number: exclude, or keep.
    """

    table: str
    participant: str
    age: str
    top_coded: str
