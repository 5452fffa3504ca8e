"""What the step export-models is asked for: what a model was trained to see, and of which rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.prepared import Prepared
from contrage.settings.blocks.kinds import (
    PetSettings,
    SeriesSettings,
    VideoSettings,
    XraySettings,
)
from contrage.settings.steps.dataset import StackStep
from contrage.settings.steps.imaging import (
    CheckStep,
    CorrectStep,
    QualityStep,
    RegisterStep,
    StripStep,
)
from contrage.settings.steps.scores import ScoresSettings
from contrage.target_words import TargetInWords


@dataclass(frozen=True)
class ImagingOfModel:
    """How a raw scan becomes an image that a model takes: the steps, as the run had them.

    Attributes
    ----------
    anatomical : str or None
        Kind of the image that is stripped and registered; None where a map is.
    map : str or None
        The map that is learned from; None where the anatomical image is.
    takes : tuple of str
        Raw images of a scan that are read, by the steps' names: anatomical, a map, mask, magnitude.
    check : CheckStep
        Settings of that step.
    strip : StripStep
        Settings of that step.
    correct : CorrectStep or None
        Settings of that step; None where it does not run.
    register : RegisterStep
        Settings of that step.
    quality : QualityStep
        Settings of that step.
    stack : StackStep
        Which image of the scan is learned from, and its voxels.
    corrects : tuple of str
        What `correct` writes, by its names.
    registers : tuple of str
        What `register` writes, by its names.
    """

    anatomical: str | None
    map: str | None
    takes: tuple[str, ...]
    check: CheckStep
    strip: StripStep
    correct: CorrectStep | None
    register: RegisterStep
    quality: QualityStep
    stack: StackStep
    corrects: tuple[str, ...]
    registers: tuple[str, ...]


@dataclass(frozen=True)
class ArraysOfModel:
    """How a prepared array is read.

    Attributes
    ----------
    kind : Prepared
        What a file must hold.
    voxel_mm : float
        Voxel size of what is learned from, a multiple of the kind's.
    own : XraySettings, SeriesSettings, VideoSettings, PetSettings or None
        How files of the kind are brought to one shape; None of kinds that come in one.
    affine : tuple of float or None
        Of volumes that came on one grid, row after row; None of other kinds, and until they are
        read.
    divided_by : str or None
        Column of the volume that values are divided by, of each scan its own; None where they are
        taken as they are.
    """

    kind: Prepared
    voxel_mm: float
    own: XraySettings | SeriesSettings | VideoSettings | PetSettings | None
    affine: tuple[float, ...] | None
    divided_by: str | None


@dataclass(frozen=True)
class TableOfModel:
    """How a table of features is read.

    Attributes
    ----------
    participant : str
        Column of the participant's id.
    session : str
        Column of the visit.
    age : str
        Column of the age.
    age_unit : str
        In which it stands there: auto (as the JSON beside a table says, else years), or a unit.
    site : str
        Column of the site.
    sex : str
        Column of the sex.
    missing : str
        What a missing value does: fail, or median (of the training rows).
    missing_values : tuple of float
        Numbers that stand for a missing value.
    """

    participant: str
    session: str
    age: str
    age_unit: str
    site: str
    sex: str
    missing: str
    missing_values: tuple[float, ...]


@dataclass(frozen=True)
class SeenByModel:
    """What a model takes, from the files of a scan to z-scores.

    Attributes
    ----------
    name : str
        The kind of data (`cohort.image`).
    title : str
        What is measured, in sentences.
    one : str
        What a single one is called.
    many : str
        What several are called.
    unit : str
        Of its values; empty where there is none.
    scores : ScoresSettings
        How values become z-scores.
    imaging : ImagingOfModel or None
        Of scans that are preprocessed.
    arrays : ArraysOfModel or None
        Of arrays that come prepared.
    table : TableOfModel or None
        Of features.
    """

    name: str
    title: str
    one: str
    many: str
    unit: str
    scores: ScoresSettings
    imaging: ImagingOfModel | None
    arrays: ArraysOfModel | None
    table: TableOfModel | None


@dataclass(frozen=True)
class ExportModelsStep:
    """What the step export-models is asked for.

    Attributes
    ----------
    experiment : str
        Its name.
    cohort : str
        Name of the cohort.
    rows : tuple of str
        Those that a model can be made of, in the order of the table of errors.
    chosen : tuple of str or None
        Those that one is made of; None: the one that errs least.
    heads : tuple of str
        Rows whose heads predict; of all others a probe does.
    losses : dict of str to dict
        Row → settings of its loss.
    seeds : tuple of int
        Of the trainings.
    folds : tuple of int
        Of each seed.
    scheme : str
        How people were split.
    measure : str
        By which rows are compared: mae, or bacc.
    target : TargetInWords
        What is predicted.
    seen : SeenByModel
        What is predicted from.
    interval : str
        For whom intervals are meant where nobody says it: people, or site.
    level : float
        Share of people whose target the interval is to hold.
    explain : bool
        Whether the model is to say where it looks.
    """

    experiment: str
    cohort: str
    rows: tuple[str, ...]
    chosen: tuple[str, ...] | None
    heads: tuple[str, ...]
    losses: dict[str, dict[str, Any]]
    seeds: tuple[int, ...]
    folds: tuple[int, ...]
    scheme: str
    measure: str
    target: TargetInWords
    seen: SeenByModel
    interval: str
    level: float
    explain: bool


@dataclass(frozen=True)
class PredictPartStep:
    """What the step predict-part is asked for.

    Attributes
    ----------
    model : str
        Folder of the model.
    scans : str
        A folder, or a table of features.
    known : str or None
        A table with the true targets.
    interval : str or None
        For whom intervals are meant; None: as the model says.
    explain : bool
        Whether to say where the model looks.
    atlas : str or None
        Whose regions that is told by.
    part : int
        Which scans, from 0: every so manieth of them.
    parts : int
        Into how many jobs the scans are dealt.
    """

    model: str
    scans: str
    known: str | None
    interval: str | None
    explain: bool
    atlas: str | None
    part: int
    parts: int


@dataclass(frozen=True)
class JoinPredictionsStep:
    """What the step join-predictions is asked for: nothing but its files."""
