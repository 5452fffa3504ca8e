"""What the steps that report on an experiment, or on a cohort, are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.steps.imaging import TemplateFiles
from contrage.target import Target
from contrage.target_words import TargetInWords


@dataclass(frozen=True)
class TablesStep:
    """What the step tables is asked for.

    Attributes
    ----------
    target : Target
        What is predicted.
    rows : tuple of str
        Rows of the table of errors.
    norm_rows : dict of str to str
        Norm → its row, of the ablation; empty where nothing is ablated.
    null_rows : tuple of str
        Rows that learned permuted targets.
    statistics : StatisticsSettings
        Intervals and comparisons over participants.
    """

    target: Target
    rows: tuple[str, ...]
    norm_rows: dict[str, str]
    null_rows: tuple[str, ...]
    statistics: StatisticsSettings


@dataclass(frozen=True)
class MeasuredRule:
    """Where a rule writes what its jobs took.

    Attributes
    ----------
    of : str
        The folder that the file is named from: results or derivatives.
    file : str
        Below that folder, as in ``benchmarks/train/{row}/seed-{seed}_fold-{fold}.tsv``.
    values : dict of str to tuple
        Wildcard → its values in this run, of all but ``{folder}`` and ``{scan}``.
    """

    of: str
    file: str
    values: dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class RuntimesStep:
    """What the step runtimes is asked for.

    Attributes
    ----------
    benchmarks : tuple of MeasuredRule
        One for each rule that the run is made of.
    """

    benchmarks: tuple[MeasuredRule, ...]


@dataclass(frozen=True)
class MapsStep:
    """What the step maps is asked for.

    Attributes
    ----------
    target : TargetInWords
        What is predicted.
    image : str
        What is learned from.
    grid_mm : int
        Voxel size of the preprocessed images.
    factor : int
        How many of these are averaged along each axis, in the array.
    template : TemplateFiles
        What the maps are laid over.
    """

    target: TargetInWords
    image: str
    grid_mm: int
    factor: int
    template: TemplateFiles


@dataclass(frozen=True)
class FiguresStep:
    """What the step figures is asked for.

    Attributes
    ----------
    target : TargetInWords
        What is predicted.
    rows : tuple of str
        Rows of the table of errors.
    norm_rows : dict of str to str
        Norm → its row, of the ablation; empty where nothing is ablated.
    seeds : tuple of int
        Of the trainings.
    folds : tuple of int
        Of the trainings.
    embedding_rows : tuple of str
        Rows of which features after several epochs are drawn.
    embedding_by : str
        What they are coloured by: target, sex or site.
    embedding_method : str
        tsne or umap.
    quality : QualitySettings
        Limits that are drawn beside what was measured of scans.
    image : str
        What is learned from.
    anatomical : str or None
        The image that is drawn beside it; None where no stage works on one.
    grid_mm : int
        Voxel size of the preprocessed images.
    truth : bool
        Whether records of quality have the truth, as a phantom's have.
    search : dict of str to dict
        Row → ranges of the settings that are searched.
    statistics : StatisticsSettings
        Intervals over participants.
    show_ids : bool
        Whether pictures name scans.
    """

    target: TargetInWords
    rows: tuple[str, ...]
    norm_rows: dict[str, str]
    seeds: tuple[int, ...]
    folds: tuple[int, ...]
    embedding_rows: tuple[str, ...]
    embedding_by: str
    embedding_method: str
    quality: QualitySettings
    image: str
    anatomical: str | None
    grid_mm: int
    truth: bool
    search: dict[str, dict[str, Any]]
    statistics: StatisticsSettings
    show_ids: bool


@dataclass(frozen=True)
class SamePersonPageStep:
    """What the step same-person-page is asked for.

    Attributes
    ----------
    experiment : str
        Its name.
    show_ids : bool
        Whether the page names scans.
    """

    experiment: str
    show_ids: bool


@dataclass(frozen=True)
class QualityPageStep:
    """What the step quality-page is asked for.

    Attributes
    ----------
    cohort : str
        Its name.
    limits : QualitySettings
        Limits beyond which a scan is flagged, drawn beside what was measured.
    exclude : str or None
        The reader's list of scans to leave out, as its path was given; None for none.
    images : tuple of str
        Preprocessed images of a scan that the page shows on the template, the usual first.
    grid_mm : int
        Their voxel size.
    template : TemplateFiles
        What they are laid over.
    show_ids : bool
        Whether the page names scans.
    """

    cohort: str
    limits: QualitySettings
    exclude: str | None
    images: tuple[str, ...]
    grid_mm: int
    template: TemplateFiles
    show_ids: bool
