"""What the steps from images to arrays and splits are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from contrage.prepared import Prepared
from contrage.settings.blocks.kinds import (
    PetSettings,
    SeriesSettings,
    VideoSettings,
    XraySettings,
)
from contrage.settings.blocks.owners import RegionTableSettings
from contrage.settings.blocks.owners_of_files import EchonetSettings, ImagesSettings
from contrage.settings.blocks.roles import RolesSettings
from contrage.settings.blocks.table import TableColumnsSettings
from contrage.settings.build import WhereAsked
from contrage.settings.steps.scores import ScoresSettings
from contrage.target import LimitedTarget, Target


@dataclass(frozen=True)
class StackStep:
    """What the step stack is asked for.

    Attributes
    ----------
    image : str
        Which preprocessed image of each scan: stiffness, dampingratio, T1w or magnitude.
    grid_mm : int
        Voxel size of the preprocessed images.
    voxel_mm : float
        Voxel size of the array, a multiple of it.
    """

    image: str
    grid_mm: int
    voxel_mm: float


@dataclass(frozen=True)
class SamePersonStep:
    """What the step same-person is asked for.

    Attributes
    ----------
    voxel_mm : float
        Voxel size of the array.
    before : str or None
        Name of the cohort of a pre-training, whose scans are compared with these; None without.
    same_ids : bool
        Whether equal ids in both are one person's.
    """

    voxel_mm: float
    before: Annotated[str | None, WhereAsked(None)]
    same_ids: Annotated[bool, WhereAsked(True)]


@dataclass(frozen=True)
class ArraysStep:
    """What the step arrays is asked for.

    Attributes
    ----------
    source : str
        The cohort's source, which finds the files.
    path : str
        Its folder.
    on_bad_scan : str
        What to do with an array that cannot be used: fail, or exclude.
    duplicates : str
        What to do about one array under two participants: refuse, or keep.
    kind : Prepared
        What the files must hold.
    reader : str or None
        Module of a kind that is read by its own function.
    voxel_mm : float
        Voxel size of the array, a multiple of the kind's.
    regions : RegionTableSettings or None
        The table of regional volumes; None of a source that reads none.
    features_scale : str or None
        By what regional volumes are divided, likewise.
    own : XraySettings, SeriesSettings, VideoSettings, PetSettings or None
        How files of the kind are brought to one shape; None of kinds that come in one.
    images : ImagesSettings or None
        What of a picture is meant, where the source reads that.
    echonet : EchonetSettings or None
        Where EchoNet's table lies, likewise.
    """

    source: str
    path: str
    on_bad_scan: str
    duplicates: str
    kind: Prepared
    reader: str | None
    voxel_mm: float
    regions: RegionTableSettings | None
    features_scale: str | None
    own: Annotated[
        XraySettings | SeriesSettings | VideoSettings | PetSettings | None, WhereAsked(None)
    ]
    images: Annotated[ImagesSettings | None, WhereAsked(None)]
    echonet: Annotated[EchonetSettings | None, WhereAsked(None)]


@dataclass(frozen=True)
class FeaturesStep:
    """What the step features is asked for.

    Attributes
    ----------
    table : TableColumnsSettings
        The columns and rows of the table.
    columns : tuple of str
        Further columns, which are kept beside age, sex and site, and are no features.
    target : str or None
        The target's column, which is none either; None where that is age.
    """

    table: TableColumnsSettings
    columns: tuple[str, ...]
    target: str | None


@dataclass(frozen=True)
class SelectStep:
    """What the step select is asked for.

    Attributes
    ----------
    quality_action : str or None
        Whom quality leaves out: misplaced scans, all that fail a limit (exclude), or nobody (list);
        None for a table of features and for prepared arrays, which have no records of quality.
    leave_out : dict of str to str
        Participant → why the experiment leaves him or her out.
    target : LimitedTarget or None
        What the experiment predicts, where others on the cohort predict something else; None where
        everyone in it has the target.
    same_person : str or None
        What becomes of those who may be one person under two ids: same, or fail; None where that is
        only told.
    """

    quality_action: str | None
    leave_out: dict[str, str]
    target: Annotated[LimitedTarget | None, WhereAsked(None)]
    same_person: Annotated[str | None, WhereAsked(None)]


@dataclass(frozen=True)
class SplitStep(RolesSettings, ScoresSettings):
    """What the step split is asked for.

    Attributes
    ----------
    form, normalisation, field_of_view
        As of `contrage.settings.steps.scores.ScoresSettings`.
    learn_from, external, subset, missing_targets, split
        As of `contrage.settings.blocks.roles.RolesSettings`.
    seed : int
        Of the trainings; it has a part in the folds where there is a new split per seed.
    target : Target
        What is predicted.
    batch_size : int
        Of the trainings: fewer scans cannot be learned from.
    """

    seed: int
    target: Target
    batch_size: int


@dataclass(frozen=True)
class NullAgesStep:
    """What the step null-ages is asked for.

    Attributes
    ----------
    seed : int
        Of the training.
    target : Target
        What is permuted.
    """

    seed: int
    target: Target


@dataclass(frozen=True)
class InnerSplitStep(ScoresSettings):
    """What the step inner-split is asked for.

    Attributes
    ----------
    form, normalisation, field_of_view
        As of `contrage.settings.steps.scores.ScoresSettings`.
    purpose : str
        What the part is held out for: search, or unseen.
    fraction : float
        Of the training participants to hold out.
    seed : int
        Of the search, or of the training.
    target : Target
        What is predicted.
    batch_size : int
        Of the trainings: fewer scans cannot be learned from.
    """

    purpose: str
    fraction: float
    seed: int
    target: Target
    batch_size: int
