"""The block cohort of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TableColumnsSettings:
    """The columns and rows of a table of features (cohort.source table).

    Attributes
    ----------
    participant : str
        Column of the participant's id, any text; sub-X_ses-Y is read as participant and
        session.
    session : str
        Column of the visit, where participants stand in several rows; need not be there
        under its default name.
    age : str
        Column of the age in years.
    site : str
        Column of the site or study; need not be there under its default name.
    sex : str
        Column of the sex; need not be there under its default name.
    exclude : dict
        Rows to leave out, column by column, by the values given; the report lists them.
    features : tuple of str
        Columns to learn from, by name or pattern (lh_*); of these, columns of numbers other
        than the five above.
    leave_out : tuple of str
        Columns not to learn from, by name or pattern.
    accept : tuple of str
        Columns, by name or pattern, that are features all the same, where the workflow asks
        whether they are age in another dress, numbers of rows, or hold codes of missing
        values.
    missing : str
        What to do about missing values of features; fail, or give them the median of the
        training rows.
    missing_values : tuple of float
        Numbers that stand for a missing value of a feature, such as -999.
    """

    participant: str
    session: str
    age: str
    site: str
    sex: str
    exclude: dict[str, Any]
    features: tuple[str, ...]
    leave_out: tuple[str, ...]
    accept: tuple[str, ...]
    missing: str
    missing_values: tuple[float, ...]


@dataclass(frozen=True)
class PhantomSettings:
    """The digital phantom (cohort.source phantom).

    Attributes
    ----------
    participants : int
        Number of participants; 311 gives the paper's Table 2.
    seed : int
        Seed of everything that is drawn.
    t1_voxel_mm : tuple of float
        Voxel size of the T1 heads in mm; studies permute and scale it by a few per cent.
    stiffness_voxel_mm : tuple of float
        Voxel size of the stiffness maps in mm, likewise.
    pose_degrees : float
        Largest rotation about any axis.
    pose_mm : float
        Largest shift along any axis.
    bias_strength : float
        Largest departure of the multiplicative bias field from 1.
    noise : float
        Rician noise of the T1 as a fraction of white matter's intensity.
    min_coverage : float
        Smallest part of the brain that a map's slab covers.
    ageing : float
        Scale of every effect of age; 1 as published, 0 for a cohort that does not age.
    between_subject : float
        Scale of the differences between participants of one age.
    scan_rescan : float
        Coefficient of variation of whole-brain stiffness between two scans.
    study_offset : float
        Standard deviation of the studies' multiplicative offsets of stiffness.
    """

    participants: int
    seed: int
    t1_voxel_mm: tuple[float, ...]
    stiffness_voxel_mm: tuple[float, ...]
    pose_degrees: float
    pose_mm: float
    bias_strength: float
    noise: float
    min_coverage: float
    ageing: float
    between_subject: float
    scan_rescan: float
    study_offset: float


@dataclass(frozen=True)
class CohortSettings:
    """Whose scans.

    Attributes
    ----------
    source : str
        Where scans come from (phantom, generated; bids, a BIDS folder; mre134, the public
        MRE134 repository; arrays, prepared .npy files in OpenBHB's layout; table, a file of
        features without images).
    name : str
        Name of the cohort; derivatives lie in results/derivatives/<name> and are shared by
        all experiments on it.
    path : str
        Folder of the data (bids, mre134, arrays), or the .csv or .tsv file (table).
    image : str
        The image that ages are learned from; vbm or quasiraw with source arrays; table,
        with source table, for features in place of images.
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
    columns : tuple of str
        Further columns of the cohort's tables (diagnosis, handedness …) to keep beside age,
        sex and site in every table of scans; of a table of features they are no features.
    table : TableColumnsSettings
        The columns and rows of a table of features (cohort.source table).
    phantom : PhantomSettings
        The digital phantom (cohort.source phantom).
    """

    source: str
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
    columns: tuple[str, ...]
    table: TableColumnsSettings
    phantom: PhantomSettings
