"""The block evaluations of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class GroupsSettings:
    """Who are controls and patients.

    Attributes
    ----------
    column : str
        Column of the table of scans that says everyone's group.
    controls : tuple of str
        Its values of healthy people; tables call them by the first.
    patients : tuple of str
        Its values of the groups that are compared with them, in the order of tables and figures.
    cohort_column : str or None
        Column whose values are cohorts, each corrected and compared by its own controls.
    correction : str
        The gap that figures and comparisons show: cole, residual or raw.
    """

    column: str
    controls: tuple[str, ...]
    patients: tuple[str, ...]
    cohort_column: str | None
    correction: str


@dataclass(frozen=True)
class GapSettings:
    """The brain-age gap of each group."""


@dataclass(frozen=True)
class RocSettings:
    """How well the gap tells patients from controls.

    Attributes
    ----------
    positive : tuple of str
        The groups that are told from controls, together.
    """

    positive: tuple[str, ...]


@dataclass(frozen=True)
class SlopesSettings:
    """How the gap of each group changes over the years."""


@dataclass(frozen=True)
class CohortsSettings:
    """Errors of the people of each value of some columns.

    Attributes
    ----------
    columns : tuple of str
        Columns of the table of scans; cohort is that of a merged one.
    """

    columns: tuple[str, ...]


@dataclass(frozen=True)
class EmbeddedSiteSettings:
    """The site of test people predicted from each row's features.

    Attributes
    ----------
    probes : tuple of {"released", "invariant"}
        That of the challenge's kit, and one whose answer no scale of the features changes.
    """

    probes: tuple[Literal["released", "invariant"], ...]


@dataclass(frozen=True)
class CalibrationSettings:
    """Whether the probabilities of a binary target mean what they say."""


@dataclass(frozen=True)
class SidesByFoldSettings:
    """How well each fold's model tells the sides of a binary target apart."""


@dataclass(frozen=True)
class AgainstDiagnosisSettings:
    """Whether trainings that predict age better tell the diagnosis better.

    Attributes
    ----------
    positive : tuple of str
        The groups that are told from controls, together.
    parts : tuple of float
        After which parts of the epochs.
    """

    positive: tuple[str, ...]
    parts: tuple[float, ...]


@dataclass(frozen=True)
class ShotsSettings:
    """Errors by how many training scans are in a test scan's bin of the target.

    Attributes
    ----------
    many : int
        Bins with more than this have many.
    few : int
        Bins with fewer than this have few.
    """

    many: int
    few: int


@dataclass(frozen=True)
class MissingRangeSettings:
    """Errors in the ranges of the target that nobody of is learned from."""


@dataclass(frozen=True)
class LipschitzSettings:
    """How smoothly the target changes over the features.

    Attributes
    ----------
    reference : str or None
        The row that others are compared with.
    draws : int
        Of test people, in which both are compared.
    """

    reference: str | None
    draws: int


@dataclass(frozen=True)
class OrdinalitySettings:
    """Whether distances of embeddings and features follow those of the target.

    Attributes
    ----------
    permuted : dict of str to str
        Row → the row that learned permuted targets or labels in its place.
    """

    permuted: dict[str, str]


@dataclass(frozen=True)
class PairCosinesSettings:
    """Cosines of pairs over the epochs."""


@dataclass(frozen=True)
class OracleSettings:
    """Errors of the brain ages that a phantom plants."""


@dataclass(frozen=True)
class PairedTSettings:
    """A paired t-test of errors over test people."""


@dataclass(frozen=True)
class SiteOffsetSettings:
    """What each site adds to predictions."""


@dataclass(frozen=True)
class HarmonisedSettings:
    """Rows read by a probe after ComBat, beside the same without it."""


@dataclass(frozen=True)
class SaliencySettings:
    """Where rows look.

    Attributes
    ----------
    rows : tuple of str or None
        Which; None: the first of the table.
    methods : tuple of {"integrated_gradients", "occlusion"}
        How attributions are made.
    scans : int
        Of test people at most, spread over the target.
    atlas : str or None
        File of labels in whose regions they are added up; None: those that the data have.
    steps : int
        Of the path of integrated gradients.
    """

    rows: tuple[str, ...] | None
    methods: tuple[Literal["integrated_gradients", "occlusion"], ...]
    scans: int
    atlas: str | None
    steps: int


@dataclass(frozen=True)
class IntervalsSettings:
    """What intervals of predictions hold of new people, and of people of new sites.

    Attributes
    ----------
    level : float
        Part of new people that an interval is to hold.
    bands : tuple of float or None
        Edges of bands of the target; None for ten of its bins each.
    """

    level: float
    bands: tuple[float, ...] | None


@dataclass(frozen=True)
class EvaluationsSettings:
    """Further evaluations of predictions and features, each a table; None leaves one out.

    Attributes
    ----------
    groups : GroupsSettings
        Who are controls and patients.
    gap : GapSettings or None
        The brain-age gap of each group.
    roc : RocSettings or None
        How well it tells patients from controls.
    slopes : SlopesSettings or None
        How it changes over the years.
    cohorts : CohortsSettings or None
        Errors of each cohort of a merged one.
    embedded_site : EmbeddedSiteSettings or None
        The site told from the features.
    calibration : CalibrationSettings or None
        Whether probabilities mean what they say.
    sides_by_fold : SidesByFoldSettings or None
        Sides told apart, mean and SD over folds.
    against_diagnosis : AgainstDiagnosisSettings or None
        Error of age against accuracy of the diagnosis, on the way through all trainings.
    shots : ShotsSettings or None
        Errors by how many training scans are alike.
    missing_range : MissingRangeSettings or None
        Errors in ranges that are missing in training.
    lipschitz : LipschitzSettings or None
        How smoothly the target changes over the features.
    ordinality : OrdinalitySettings or None
        Whether distances follow those of the target.
    logits : PairCosinesSettings or None
        Cosines of pairs over the epochs.
    oracle : OracleSettings or None
        Errors of the brain ages that a phantom plants.
    paired_t : PairedTSettings or None
        A paired t-test beside the table of errors.
    site_offset : SiteOffsetSettings or None
        What each site adds to predictions, of sites that were learned from and of others.
    harmonised : HarmonisedSettings or None
        Rows after ComBat that was fitted on training rows alone.
    saliency : SaliencySettings or None
        Where rows look.
    intervals : IntervalsSettings or None
        Whether intervals of predictions hold whom they are to hold.
    """

    groups: GroupsSettings
    gap: GapSettings | None
    roc: RocSettings | None
    slopes: SlopesSettings | None
    cohorts: CohortsSettings | None
    embedded_site: EmbeddedSiteSettings | None
    calibration: CalibrationSettings | None
    sides_by_fold: SidesByFoldSettings | None
    against_diagnosis: AgainstDiagnosisSettings | None
    shots: ShotsSettings | None
    missing_range: MissingRangeSettings | None
    lipschitz: LipschitzSettings | None
    ordinality: OrdinalitySettings | None
    logits: PairCosinesSettings | None
    oracle: OracleSettings | None
    paired_t: PairedTSettings | None
    site_offset: SiteOffsetSettings | None
    harmonised: HarmonisedSettings | None
    saliency: SaliencySettings | None
    intervals: IntervalsSettings | None
