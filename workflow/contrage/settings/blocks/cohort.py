"""The block cohort of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.kinds import (
    PetSettings,
    SeriesSettings,
    VideoSettings,
    XraySettings,
)
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
from contrage.settings.blocks.phantom import PhantomSettings
from contrage.settings.blocks.phantom_files import NamedPhantomFilesSettings
from contrage.settings.blocks.phantom_tables import NamedPhantomTablesSettings
from contrage.settings.blocks.table import TableColumnsSettings


@dataclass(frozen=True)
class CohortSettings:
    """Whose scans.

    Attributes
    ----------
    source : str
        Where scans come from (phantom, generated; bids, a BIDS folder; mre134, the public
        MRE134 repository; arrays, a prepared file per person beside participants.tsv; table, a
        file of features without images; openbhb, adni, loni, oasis3, images, echonet, a4, hcp, as
        their owners hand them out; merged, the members).
    members : tuple of CohortSettings
        The cohorts that are merged (source merged).
    name : str
        Name of the cohort; derivatives lie in results/derivatives/<name> and are shared by
        all experiments on it.
    path : str
        Folder of the data, or the .csv or .tsv file (table).
    image : str
        The kind of data that is learned from; vbm, quasiraw, vbm_roi, desikan or destrieux with
        prepared arrays; xray, series, video or pet with a file per person; table, with source
        table, for features in place of images.
    maps : tuple of str
        Further maps of a session to bring to MNI152 beside the image, where a scan has
        them; each with the session's one transform.
    anatomical : str
        The image that skull stripping and registration work on (BIDS suffix).
    stiffness_unit : str
        Unit of the stiffness files; auto decides by the median and says what it found.
    on_bad_scan : str
        What to do with a scan or a row of the table that cannot be used.
    exclude : str or None
        A tab-separated file of scans to leave out of every experiment with this setting,
        with columns scan_id (sub-X for all scans of a participant, or sub-X_ses-Y) and
        reason; the quality page writes one.
    entities : dict
        Which image to take where a scan has several of a kind (bids), or an unusual one.
    age_unit : str
        Unit of the ages in the cohort's tables; auto takes Units of the JSON beside a
        table, else years, and asks where ages cannot be years.
    duplicates : str
        What to do about one image, array or row of features under two participants, who may
        then be learned from and tested on; refuse takes both for bad scans (on_bad_scan),
        keep only names them.
    same_person : str
        What to do about two participants whose preprocessed maps are too alike for two people;
        warn names them on the quality page, same gives both the first one's id in experiments, so
        that a split never parts them, fail stops before anything is trained.
    columns : tuple of str
        Further columns of the cohort's tables (diagnosis, handedness …) to keep beside age,
        sex and site in every table of scans; of a table of features they are no features.
    table : TableColumnsSettings
        The columns and rows of a table of features (cohort.source table).
    openbhb : OpenbhbSettings
        OpenBHB (cohort.source openbhb).
    adni : AdniSettings
        ADNI (cohort.source adni).
    loni : LoniSettings
        A collection of healthy people of LONI's archive (cohort.source loni).
    oasis3 : Oasis3Settings
        OASIS-3 (cohort.source oasis3).
    regions : RegionTableSettings
        The table of regional volumes that brainprep makes of CAT12's results, which adni, loni and
        oasis3 read for vbm_roi where there is one.
    features_scale : str
        By what regional volumes are divided (openbhb, adni, loni, oasis3); tiv, the scan's total
        intracranial volume.
    images : ImagesSettings
        X-rays of the hand (cohort.source images).
    echonet : EchonetSettings
        EchoNet-Dynamic (cohort.source echonet).
    a4 : A4Settings
        PET of A4 (cohort.source a4).
    hcp : HcpSettings
        HCP-Lifespan (cohort.source hcp).
    xray : XraySettings
        How pictures are brought to one shape (cohort.image xray).
    series : SeriesSettings
        How time series are (cohort.image series).
    video : VideoSettings
        How videos are (cohort.image video).
    pet : PetSettings
        The grid of PET volumes, and by what they are divided (cohort.image pet).
    phantom : PhantomSettings
        The digital phantom (cohort.source phantom).
    phantom_tables : NamedPhantomTablesSettings or None
        A phantom of region tables in the owners' layouts, which stands in for their data; None
        for these.
    phantom_files : NamedPhantomFilesSettings or None
        A phantom of pictures, volumes, videos or series in an owner's layout, likewise.
    """

    source: str
    members: tuple[CohortSettings, ...]
    name: str
    path: str
    image: str
    maps: tuple[str, ...]
    anatomical: str
    stiffness_unit: str
    on_bad_scan: str
    exclude: str | None
    entities: dict[str, Any]
    age_unit: str
    duplicates: str
    same_person: str
    columns: tuple[str, ...]
    table: TableColumnsSettings
    openbhb: OpenbhbSettings
    adni: AdniSettings
    loni: LoniSettings
    oasis3: Oasis3Settings
    regions: RegionTableSettings
    features_scale: str
    images: ImagesSettings
    echonet: EchonetSettings
    a4: A4Settings
    hcp: HcpSettings
    xray: XraySettings
    series: SeriesSettings
    video: VideoSettings
    pet: PetSettings
    phantom: PhantomSettings
    phantom_tables: NamedPhantomTablesSettings | None
    phantom_files: NamedPhantomFilesSettings | None
