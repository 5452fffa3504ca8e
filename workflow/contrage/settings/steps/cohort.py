"""What the steps of the cohort are asked for; those of the phantom have blocks of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from contrage.settings.blocks.owners import (
    AdniSettings,
    LoniSettings,
    Oasis3Settings,
    OpenbhbSettings,
    RegionTableSettings,
)
from contrage.settings.blocks.owners_of_files import (
    A4Settings,
    EchonetSettings,
    HcpSettings,
    ImagesSettings,
)
from contrage.settings.blocks.table import TableColumnsSettings
from contrage.settings.build import WhereAsked
from contrage.target import LimitedTarget


@dataclass(frozen=True)
class PhantomPeople:
    """Of a phantom, what decides who is in it; the rest decides how heads look.

    Attributes
    ----------
    participants : int
        Number of participants.
    seed : int
        Seed of everything that is drawn.
    """

    participants: int
    seed: int


@dataclass(frozen=True)
class WhereArrays:
    """What a source must know to find the prepared arrays of its scans.

    Attributes
    ----------
    path : str
        Folder of the data.
    image : str
        The kind of data.
    ending : str
        Of the files of its arrays.
    regions : RegionTableSettings or None
        The table of regional volumes; None of a source that reads none.
    features_scale : str or None
        By what regional volumes are divided, likewise.
    images : ImagesSettings or None
        What of a picture is meant, likewise.
    echonet : EchonetSettings or None
        Where EchoNet's table lies, likewise.
    """

    path: str
    image: str
    ending: str
    regions: RegionTableSettings | None
    features_scale: str | None
    images: ImagesSettings | None
    echonet: EchonetSettings | None


@dataclass(frozen=True)
class AlsoPredicted:
    """What another experiment on a cohort predicts.

    Attributes
    ----------
    target : LimitedTarget or None
        None where that is age.
    age_range : tuple of float or None
        Least and largest age that can be, in years.
    """

    target: LimitedTarget | None
    age_range: tuple[float, ...] | None


@dataclass(frozen=True)
class CohortStep:
    """What the step cohort is asked for: who is in a cohort, and nothing that later steps decide.

    Sources name in ``SETTINGS`` what they read, of the fields from `path` on; the others are None.

    Attributes
    ----------
    source : str
        Where the scans come from.
    columns : tuple of str
        Columns to keep beside age, sex and site: those of `cohort.columns`, of roles, the target's.
    asked_by : dict of str to str
        Of columns that roles are read from: column → the key that names it.
    target : LimitedTarget or None
        What is predicted, None where that is age: of age nothing else is read than in any case.
    age_range : tuple of float or None
        Least and largest age that can be, in years; None for no limits.
    path : str or None
        Folder or file of the data.
    on_bad_scan : str or None
        What to do with a row that cannot be used.
    age_unit : str or None
        Unit of the ages in the tables.
    image : str or None
        The kind of data that is learned from.
    maps : tuple of str or None
        Further maps to bring to MNI152.
    anatomical : str or None
        The image that skull stripping and registration work on.
    entities : dict or None
        Which image to take where a scan has several of a kind.
    duplicates : str or None
        What to do about one row of features under two participants.
    table : TableColumnsSettings or None
        The columns and rows of a table of features.
    ending : str or None
        Of the files of prepared arrays.
    openbhb : OpenbhbSettings or None
        What is asked of OpenBHB.
    adni : AdniSettings or None
        The tables of ADNI, and what follows from them.
    loni : LoniSettings or None
        The list of images of a collection of LONI's archive.
    oasis3 : Oasis3Settings or None
        The tables of OASIS-3, and what follows from them.
    regions : RegionTableSettings or None
        The table of regional volumes.
    features_scale : str or None
        By what regional volumes are divided.
    images : ImagesSettings or None
        The tables of hand X-rays, and what of a picture is meant.
    echonet : EchonetSettings or None
        The table of EchoNet-Dynamic.
    a4 : A4Settings or None
        The table of A4's PET.
    hcp : HcpSettings or None
        The table of HCP-Lifespan.
    phantom : PhantomPeople or None
        Who is generated.
    raw : str or None
        The folder of generated images.
    needs_anatomical : bool or None
        Whether a scan cannot do without its anatomical image.
    needs_mask : bool or None
        Whether it cannot do without a given brain mask.
    needs_magnitude : bool or None
        Whether it cannot do without a magnitude image.
    also : tuple of AlsoPredicted
        What further experiments of the run predict: whoever has any of the targets is in it.
    """

    source: str
    columns: tuple[str, ...]
    asked_by: dict[str, str]
    target: LimitedTarget | None
    age_range: tuple[float, ...] | None
    path: str | None
    on_bad_scan: str | None
    age_unit: str | None
    image: str | None
    maps: tuple[str, ...] | None
    anatomical: str | None
    entities: dict[str, Any] | None
    duplicates: str | None
    table: TableColumnsSettings | None
    ending: str | None
    openbhb: OpenbhbSettings | None
    adni: AdniSettings | None
    loni: LoniSettings | None
    oasis3: Oasis3Settings | None
    regions: RegionTableSettings | None
    features_scale: str | None
    images: Annotated[ImagesSettings | None, WhereAsked(None)]
    echonet: Annotated[EchonetSettings | None, WhereAsked(None)]
    a4: Annotated[A4Settings | None, WhereAsked(None)]
    hcp: Annotated[HcpSettings | None, WhereAsked(None)]
    phantom: PhantomPeople | None
    raw: str | None
    needs_anatomical: bool | None
    needs_mask: bool | None
    needs_magnitude: bool | None
    also: Annotated[tuple[AlsoPredicted, ...], WhereAsked(())]
