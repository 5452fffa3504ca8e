"""The whole configuration as one frozen dataclass: the door behind which nothing is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.benchmark import BenchmarkSettings
from contrage.settings.blocks.cohort import CohortSettings
from contrage.settings.blocks.dataset import DatasetSettings
from contrage.settings.blocks.evaluations import EvaluationsSettings
from contrage.settings.blocks.merge import MergeSettings
from contrage.settings.blocks.model import ModelSettings, PredictSettings
from contrage.settings.blocks.preprocessing import PreprocessingSettings
from contrage.settings.blocks.pretraining import PretrainingSettings
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.blocks.report import ReportSettings
from contrage.settings.blocks.search import SearchSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.blocks.training import TrainingSettings
from contrage.settings.build import build
from contrage.target_words import TargetInWords


@dataclass(frozen=True)
class Settings:
    """A configuration, validated and complete.

    Attributes
    ----------
    experiment : str
        Name of the run; results lie in results/<experiment>.
    description : str
        One sentence on the study, shown at the head of the report.
    container : str
        Image in which jobs run with --sdm apptainer; empty for none.
    cohorts : dict of str to CohortSettings
        Cohorts by name; empty behind the door, where `cohort` has the blocks that are used.
    cohort : CohortSettings
        Whose scans.
    merge : MergeSettings
        How cohorts are merged, where there are several.
    target : TargetInWords
        What is predicted.
    preprocessing : PreprocessingSettings
        From raw scan to MNI152.
    dataset : DatasetSettings
        From images to arrays.
    benchmark : BenchmarkSettings
        What is compared.
    losses : dict of str to dict
        Row → settings of its loss, `loss` (the file) where the row has another name.
    rows : dict of str to dict
        Row → what it starts from and learns then, of rows that train otherwise than training says.
    search : SearchSettings
        Random search of loss settings.
    training : TrainingSettings
        One job per row and seed.
    pretraining : PretrainingSettings
        What benchmark.pretrained and training.start_from pretraining start from.
    probe : ProbeSettings
        Ridge regression on the frozen features.
    statistics : StatisticsSettings
        Intervals and comparisons over participants.
    evaluations : EvaluationsSettings
        Further evaluations, each a table.
    model : ModelSettings
        What is made of the experiment for those who predict new scans.
    predict : PredictSettings
        New scans that a run predicts with a model.
    report : ReportSettings
        What the page shows beside the tables.
    """

    experiment: str
    description: str
    container: str
    cohorts: dict[str, CohortSettings]
    cohort: CohortSettings
    merge: MergeSettings
    target: TargetInWords
    preprocessing: PreprocessingSettings
    dataset: DatasetSettings
    benchmark: BenchmarkSettings
    losses: dict[str, dict[str, Any]]
    rows: dict[str, dict[str, Any]]
    search: SearchSettings
    training: TrainingSettings
    pretraining: PretrainingSettings
    probe: ProbeSettings
    statistics: StatisticsSettings
    evaluations: EvaluationsSettings
    model: ModelSettings
    predict: PredictSettings
    report: ReportSettings


def typed(config: Mapping[str, Any]) -> Settings:
    """Return a configuration that `contrage.settings.door` has completed as its dataclass."""
    return build(Settings, config)
