"""What the jobs from images to arrays and splits are asked for.

A job is asked for nothing that does not concern it, so that other edits do not repeat it.
"""

from __future__ import annotations

from typing import Any

from contrage import modalities
from contrage.cohort import sources
from contrage.dataset.one_person import WARN
from contrage.layout import Derivatives, Results
from contrage.plan import pretraining, rows
from contrage.plan.cohort import FoundCohort
from contrage.plan.experiment import Experiment
from contrage.plan.folds import roles_of
from contrage.plan.kinds import asked_of_kind, configured, form_of
from contrage.settings.blocks.owners import RegionTableSettings
from contrage.settings.blocks.owners_of_files import EchonetSettings, ImagesSettings
from contrage.settings.blocks.table import TableColumnsSettings
from contrage.settings.build import build
from contrage.settings.steps.dataset import (
    ArraysStep,
    FeaturesStep,
    InnerSplitStep,
    NullAgesStep,
    SamePersonStep,
    SelectStep,
    SplitStep,
    StackStep,
)
from contrage.settings.steps.scores import ScoresSettings


def stack(config: dict[str, Any]) -> StackStep:
    """Return what `stack` is asked for: a map, or else the anatomical image."""
    image = config["cohort"]["image"]
    return StackStep(
        image=image if image in rows.maps(config) else config["cohort"]["anatomical"],
        grid_mm=config["preprocessing"]["registration"]["voxel_mm"],
        voxel_mm=config["dataset"]["voxel_mm"],
    )


def arrays(config: dict[str, Any]) -> ArraysStep:
    """Return what `arrays` is asked for."""
    cohort = config["cohort"]
    kind = configured(cohort)
    reads = getattr(sources.load(cohort["source"]), "ARRAYS", ())
    regions = build(RegionTableSettings, cohort["regions"]) if "regions" in reads else None
    return ArraysStep(
        **{key: cohort[key] for key in ("source", "path", "on_bad_scan", "duplicates")},
        regions=regions,
        features_scale=cohort["features_scale"] if "features_scale" in reads else None,
        kind=kind.prepared,
        reader=kind.reader,
        voxel_mm=config["dataset"]["voxel_mm"],
        own=asked_of_kind(cohort),
        images=build(ImagesSettings, cohort["images"]) if "images" in reads else None,
        echonet=build(EchonetSettings, cohort["echonet"]) if "echonet" in reads else None,
    )


def beside(config: dict[str, Any]) -> list[str]:
    """Return the files that `arrays` reads beside those of the scans."""
    cohort = config["cohort"]
    return modalities.files_beside(cohort["image"], asked_of_kind(cohort))


def same_person(config: dict[str, Any]) -> SamePersonStep:
    """Return what `same-person` is asked for of a cohort."""
    return SamePersonStep(config["dataset"]["voxel_mm"], before=None, same_ids=True)


def same_person_before(config: dict[str, Any]) -> SamePersonStep:
    """Return what it is asked for of an experiment whose pre-training has maps that are alike."""
    return SamePersonStep(
        voxel_mm=config["dataset"]["voxel_mm"],
        before=config["pretraining"]["cohort"]["name"],
        same_ids=not pretraining.are_other_people(config),
    )


def array_before(config: dict[str, Any]) -> str | None:
    """Return the array, without ending, of a pre-training's cohort; None where it is another kind.

    Maps of one contrast alone can be compared, and a cohort with itself is anyway.
    """
    if not pretraining.is_wanted(config):
        return None
    own, before = config["cohort"], config["pretraining"]["cohort"]
    is_alike = before["image"] == own["image"] and before["name"] != own["name"]
    if not is_alike or before["members"] or modalities.load(own["image"]).comes_as != "scans":
        return None
    return Derivatives.of(before["name"]).array(before["image"], config["dataset"]["voxel_mm"])


def pairs(of: Experiment, array: str) -> list[str]:
    """Return the table of those who may be one person, where something is done about them."""
    if not parts_same_person(of):
        return []
    is_compared = array_before(of.config) is not None
    return [of.results.same_person if is_compared else f"{array}_same_person.tsv"]


def pretrained_scans(of: Experiment) -> list[str]:
    """Return the scans of the pre-training, where somebody of it may be in the experiment too."""
    if not parts_same_person(of) or array_before(of.config) is None:
        return []
    return [Results.of(pretraining.experiment_name(of.config)).scans]


def parts_same_person(of: Experiment) -> bool:
    """Return whether an experiment does something about one person under two ids."""
    return of.has_scans and of.config["cohort"]["same_person"] != WARN


def features(config: dict[str, Any], cohort: FoundCohort) -> FeaturesStep:
    """Return what `features` is asked for."""
    target = cohort.settings.target
    return FeaturesStep(
        table=build(TableColumnsSettings, config["cohort"]["table"]),
        columns=cohort.settings.columns,
        target=target.column if target else None,
    )


def select(of: Experiment, has_several_targets: bool = False) -> SelectStep:
    """Return what `select` is asked for; of the target only where the cohort has several."""
    action = of.config["preprocessing"]["quality"]["action"]
    return SelectStep(
        quality_action=action if of.has_scans else None,
        leave_out=rows.left_out_people(of.config, of.cohort),
        target=of.target.limited if has_several_targets else None,
        same_person=of.config["cohort"]["same_person"] if parts_same_person(of) else None,
    )


def split(of: Experiment, seed: int) -> SplitStep:
    """Return what the split of a seed is asked for."""
    return SplitStep(
        **vars(scores(of.config)),
        **vars(roles_of(of.config)),
        seed=seed,
        target=of.target.learned,
        batch_size=of.config["training"]["batch_size"],
    )


def null_ages(of: Experiment, seed: int) -> NullAgesStep:
    """Return what is asked of the permuted targets of a seed."""
    return NullAgesStep(seed, of.target.learned)


def search_split(of: Experiment) -> InnerSplitStep:
    """Return what the split that a search judges its draws on is asked for."""
    search = of.config["search"]
    return _inner_split(of, "search", search["validation_fraction"], search["seed"])


def unseen_split(of: Experiment, seed: int) -> InnerSplitStep:
    """Return what the split that a penalty is chosen on is asked for."""
    return _inner_split(of, "unseen", of.config["probe"]["unseen"]["fraction"], seed)


def _inner_split(of: Experiment, purpose: str, fraction: float, seed: int) -> InnerSplitStep:
    return InnerSplitStep(
        **vars(scores(of.config)),
        purpose=purpose,
        fraction=fraction,
        seed=seed,
        target=of.target.learned,
        batch_size=of.config["training"]["batch_size"],
    )


def scores(config: dict[str, Any]) -> ScoresSettings:
    """Return how whoever reads the cohort's array must take its values."""
    dataset = config["dataset"]
    return ScoresSettings(form_of(config), dataset["normalisation"], dataset["field_of_view"])
