"""What a configuration asks for that cannot work, told before the first job: checks between blocks.

Every sentence begins with the key to change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage import modalities
from contrage.dataset.one_person import WARN
from contrage.errors import SettingsError
from contrage.plan import draws, evaluations, folds, gpus, null, pretraining, rows, saliency
from contrage.plan.imaging import check_limits
from contrage.plan.kinds import check_kind
from contrage.plan.loss_settings import check_kinds, check_row
from contrage.plan.refuse_rows import check_rows as check_own_rows
from contrage.plan.refuse_training import check_training
from contrage.plan.target_kind import check_target
from contrage.run import code as sources


def check(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for what the schema cannot see."""
    check_rows_and_data(config)
    folds.check_split(config)
    check_start(config)


def check_rows_and_data(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for unknown losses and settings, and for what data cannot have."""
    check_kind(config)
    check_limits(config)
    _check_same_person(config)
    _check_magnitude(config)
    check_own_rows(config)
    null.check_null(config["benchmark"], rows.plain_rows(config), config["losses"])
    for row in dict.fromkeys([*rows.all_rows(config), *config["losses"]]):
        check_row(row, rows.loss_settings(config, row))
    check_target(config)
    check_training(config)
    gpus.check(config)
    evaluations.check(config, rows.stated_target(config))
    evaluations.check_rows(config, rows.benchmark_rows(config))
    saliency.check(config, rows.benchmark_rows(config))
    _check_search(config)
    unknown = set(config["report"]["embedding_rows"]) - set(rows.all_rows(config))
    if unknown and config["report"]["embedding_rows"] != [rows.ABLATED]:
        raise SettingsError(
            f"report.embedding_rows: {', '.join(sorted(unknown))} is not trained; there are "
            f"{', '.join(rows.all_rows(config))}"
        )


def _check_same_person(config: dict[str, Any]) -> None:
    """Refuse to do something about maps that are alike where no maps are compared."""
    cohort = config["cohort"]
    if cohort["same_person"] != WARN and modalities.load(cohort["image"]).comes_as != "scans":
        raise SettingsError(
            f"cohort.same_person: {cohort['same_person']}, but only scans that are preprocessed "
            f"here are compared, and cohort.image is {cohort['image']}; leave it out"
        )


def _check_magnitude(config: dict[str, Any]) -> None:
    """Refuse to register a magnitude where there is none, or nothing to register it to."""
    if not rows.uses_magnitude(config):
        return
    key, cohort = "preprocessing.registration.map_pose: magnitude", config["cohort"]
    if cohort["source"] != "bids":
        raise SettingsError(f"{key} needs mre/…_magnitude.nii.gz of a BIDS folder; set scanner")
    if cohort["anatomical"] == "magnitude" or not rows.needs_anatomical(config):
        raise SettingsError(
            f"{key} registers the magnitude to a T1, and here none is used (cohort.anatomical, "
            "skull_strip, bias_correction); set scanner"
        )


def _check_search(config: dict[str, Any]) -> None:
    """Refuse a search of what is not trained, or cannot be set, or is compared elsewhere."""
    ablation, nulls = rows.norm_rows(config), rows.null_rows(config)
    trained = [row for row in rows.all_rows(config) if row not in nulls]
    for row, ranges in config["search"]["rows"].items():
        if row in nulls:
            raise SettingsError(
                f"search.rows.{row}: it takes the settings of {nulls[row]}; search that"
            )
        if row not in trained:
            raise SettingsError(f"search.rows.{row} is not trained; there are {', '.join(trained)}")
        loss = rows.loss_settings(config, row)["loss"]
        draws.check_ranges(row, ranges, sources.constructor_parameters(f"contrage.losses.{loss}"))
        check_kinds(f"search.rows.{row}", loss, ranges)
        if "norm" in ranges and row in ablation.values():
            raise SettingsError(
                f"search.rows.{row}.norm: benchmark.norms compares this row under its norm; set "
                "benchmark.norms to [], or search a row of another name"
            )


def check_start(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for what cannot be started from."""
    _check_pretrained_rows(config)
    asked = config["training"]["start_from"]
    if asked not in (None, pretraining.HERE) and not Path(asked).is_file():
        raise SettingsError(
            f"training.start_from: no file {asked!r}; give a model file (a training's model.pt, or "
            "what contrage convert wrote), pretraining, or null"
        )
    if pretraining.is_wanted(config):
        _check_pretrained_images(config)
        _check_sameness(config)
        _check_cohorts(config)


def _check_pretrained_rows(config: dict[str, Any]) -> None:
    asked, trained = config["benchmark"]["pretrained"], rows.plain_rows(config)
    unknown = [row for row in asked if row not in trained]
    if unknown and asked != [
        rows.ABLATED
    ]:  # the default says nothing about losses that were chosen
        raise SettingsError(
            f"benchmark.pretrained: {', '.join(unknown)} is not among benchmark.losses"
        )
    taken = [row for row in rows.pretrained_rows(config) if row in (*trained, *config["losses"])]
    if taken:
        raise SettingsError(
            f"losses: {taken[0]} is the name of a row of benchmark.pretrained; call yours otherwise"
        )


def _check_pretrained_images(config: dict[str, Any]) -> None:
    source_of = {
        "cohort": config["cohort"]["source"],
        "pretraining.cohort": config["pretraining"]["cohort"]["source"],
    }
    for key, source in source_of.items():
        if source == "table":
            raise SettingsError(
                f"{key}.source: a table of features cannot be pre-trained, images can; set "
                "training.start_from to null or a model file, and benchmark.pretrained to []"
            )
    if rows.pretrains_on_phantom(config) and source_of["cohort"] != "phantom":
        raise SettingsError(
            "pretraining.cohort: generated heads are no start for real scans; give a cohort of "
            "T1 scans (source: bids, name, path, image: T1w)"
        )


def _check_sameness(config: dict[str, Any]) -> None:
    """Refuse what would give an encoder that does not fit, or two of which one is taken blindly."""
    chosen = config["pretraining"]
    for part, key in (("training", "encoder"), ("dataset", "voxel_mm")):
        own = config[part][key]
        if key in chosen[part] and chosen[part][key] != own:
            raise SettingsError(
                f"pretraining.{part}.{key}: {chosen[part][key]}, but {part}.{key} is {own}; "
                "weights pass only between equal encoders on equal grids: leave it out"
            )
    for part, key in (("training", "seeds"), ("training", "start_from")):
        if key in chosen[part]:
            raise SettingsError(
                f"pretraining.{part}.{key}: a pre-training is from random weights; "
                "pretraining.seed is its seed, and per_seed asks for one per training seed"
            )
    only = {"split": {"scheme": "holdout"}}
    if pretraining.merged(only, chosen["dataset"])["split"]["scheme"] != "holdout":
        raise SettingsError(
            "pretraining.dataset.split.scheme: only holdout, which trains one encoder"
        )


def _check_cohorts(config: dict[str, Any]) -> None:
    own, other = config["cohort"], config["pretraining"]["cohort"]
    if other["name"] == own["name"]:
        raise SettingsError(
            f"pretraining.cohort.name: {own['name']} is the name of the cohort itself; its files "
            "lie in results/derivatives/<name>: give another name"
        )
    if config["pretraining"]["same_ids"] != "other-people":
        return
    both_phantoms = rows.pretrains_on_phantom(config) and own["source"] == "phantom"
    paths = [Path(path).resolve() for path in (own["path"], other["path"]) if path]
    if (both_phantoms and pretraining.same_phantom(config)) or (
        len(paths) == 2 and paths[0] == paths[1]
    ):
        raise SettingsError(
            "pretraining.same_ids: other-people, but both cohorts are the same scans; use another "
            "cohort, or same-people"
        )
