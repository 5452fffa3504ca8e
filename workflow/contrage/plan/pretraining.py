"""What trainings start from: random weights, a file, or a pre-training, which is an experiment.

Pre-training is the same workflow on another cohort: `experiment_config` writes its configuration.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from contrage.cohort.leave_out import of_both
from contrage.dataset.roles import CHOSEN_BY
from contrage.errors import LeakageError, SettingsError
from contrage.layout import Derivatives, Results
from contrage.plan import phantoms
from contrage.plan.kinds import image_seen
from contrage.plan.rows import pretrained_rows, pretrains_on_phantom
from contrage.settings import door as settings
from contrage.settings.steps.learning import StartFile
from contrage.settings.steps.page import PretrainingStart, StartOfTrainings

HERE = "pretraining"
BLOCKS = ("cohort", "target", "preprocessing", "dataset", "benchmark", "losses", "training")
"""Of the configuration of a pre-training: what a sentence about it can begin with."""
OF_ROWS = ("lds", "fds", "mixup", "logits")
"""Keys of training that a pre-training has where its own block says them alone."""


def is_wanted(config: dict[str, Any]) -> bool:
    """Return whether anything starts from the pre-training."""
    return config["training"]["start_from"] == HERE or bool(pretrained_rows(config))


def start_file(config: dict[str, Any], row: str, seed: int) -> str | None:
    """Return the model file that a training starts from, None where it is from random weights."""
    if starts_there(config, row):
        return model_file(config, seed)
    return config["training"]["start_from"]


def starts_there(config: dict[str, Any], row: str) -> bool:
    """Return whether a row that is no stage starts from the pre-training."""
    return config["training"]["start_from"] == HERE or row in pretrained_rows(config)


def seed_for(config: dict[str, Any], seed: int) -> int:
    """Return the seed of the pre-training that a training of this seed starts from."""
    chosen = config["pretraining"]
    return seed if chosen["per_seed"] else chosen["seed"]


def people_files(config: dict[str, Any], row: str, seed: int) -> list[str]:
    """Return the scans and folds of the pre-training that a training starts from.

    Nothing where it starts from none, or where ids of both cohorts are other people's.
    """
    if not starts_there(config, row) or are_other_people(config):
        return []
    of = Results.of(experiment_name(config))
    return [of.scans, of.split.format(seed=seed_for(config, seed))]


def plain_start(config: dict[str, Any]) -> list[str]:
    """Return the file that trainings start from, where it is not made by a job of this run."""
    asked = config["training"]["start_from"]
    return [] if asked in (None, HERE) else [asked]


def start_settings(config: dict[str, Any]) -> StartFile | None:
    """Return what the first job is told of such a file, to open and judge it."""
    files = plain_start(config)
    return StartFile(files[0], config["training"]["encoder"], image_seen(config)) if files else None


def results(config: dict[str, Any]) -> list[str]:
    """Return what the report tells of the pre-training: its error on its held-out part, its scans.

    The record of what was found before it is asked for as well, so that it is looked at.
    """
    if not is_wanted(config):
        return []
    of, row = Results.of(experiment_name(config)), config["pretraining"]["loss"]
    metrics = [of.metrics.format(row=row, seed=seed) for seed in seeds(config)]
    return [*metrics, of.scans, of.left_out, of.feasible]


def seeds(config: dict[str, Any]) -> list[int]:
    """Return the seeds of the pre-training: one, or those of the trainings that start from it."""
    chosen = config["pretraining"]
    return list(config["training"]["seeds"]) if chosen["per_seed"] else [chosen["seed"]]


def model_file(config: dict[str, Any], seed: int) -> str:
    """Return where the pre-training that a training seed starts from leaves its model."""
    of, row = Results.of(experiment_name(config)), config["pretraining"]["loss"]
    return of.model.format(row=row, seed=seed_for(config, seed), fold=0)


def experiment_name(config: dict[str, Any]) -> str:
    """Return the name of the experiment that the pre-training is."""
    return f"{config['experiment']}-pretraining"


def folders(configs: Iterable[dict[str, Any]]) -> list[str]:
    """Return what a run with these configurations writes to, below its working folder."""
    return list(dict.fromkeys(folder for config in configs for folder in _folders(config)))


def _folders(config: dict[str, Any]) -> list[str]:
    own = config["cohort"]
    blocks = (*own["members"], own)
    written = [Results.of(config["experiment"]), *(Derivatives.of(each["name"]) for each in blocks)]
    written += [folder for each in blocks for folder in phantoms.folders(each)]
    if is_wanted(config):
        cohort = config["pretraining"]["cohort"]["name"]
        written += [Results.of(experiment_name(config)), Derivatives.of(cohort)]
    return [str(place) for place in written]


def experiment_config(config: dict[str, Any], people: Iterable[str]) -> dict[str, Any]:
    """Return the configuration of the pre-training; what it does not say has its default.

    Parameters
    ----------
    config : dict
        The whole configuration.
    people : iterable of str
        participant_id of everyone in the cohort, who are left out of pre-training unless the same
        ids are other people's.

    Returns
    -------
    dict
        With the row, encoder and voxel size of `config`, and nothing that depends on other rows.
    """
    chosen = config["pretraining"]
    same = {"voxel_mm": config["dataset"]["voxel_mm"]}
    inherited = {key: config["dataset"][key] for key in ("normalisation", "field_of_view")}
    dataset = {**merged({**inherited, "leave_out": {}}, chosen["dataset"]), **same}
    dataset["leave_out"] |= left_out(config, people)
    row = chosen["loss"]
    training = merged(_of_rows(config["training"]), chosen["training"])
    return {
        "experiment": experiment_name(config),
        "description": f"Pre-training of {config['experiment']}.",
        "cohort": copy.deepcopy(chosen["cohort"]),
        "target": copy.deepcopy(config["target"]),
        "preprocessing": merged(config["preprocessing"], chosen["preprocessing"]),
        "dataset": dataset,
        "benchmark": {"losses": [row], "norms": [], "pretrained": [], "null": []},
        "losses": {row: config["losses"][row]} if row in config["losses"] else {},
        "training": {**training, "seeds": seeds(config), "start_from": None},
        "probe": {**config["probe"], "alpha": "training"},  # its error is told, and decides nothing
        "report": {"embedding_rows": []},
    }


def _of_rows(training: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the rows as far as they hold for a pre-training.

    Its cohort has no people of role val, and what is done for the rows' targets says nothing of it.
    """
    training = {**training, **dict.fromkeys(OF_ROWS)}
    stop = training["early_stop"]
    if not stop or stop["on"] != CHOSEN_BY:
        return training
    return {**training, "early_stop": {**stop, "on": "inner"}}


@contextmanager
def told(is_one: bool) -> Iterator[None]:
    """Say in sentences about a pre-training whose key they begin with; others name a file."""
    try:
        yield
    except (SettingsError, LeakageError) as error:
        if not is_one or str(error).partition(".")[0] not in BLOCKS:
            raise
        raise type(error)(f"{HERE}.{error}") from None


def complete(
    config: dict[str, Any], people: Iterable[str], schema: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the whole configuration of the pre-training; None where nothing starts from it.

    Raises
    ------
    SettingsError
        If it breaks the schema; the key begins with `pretraining.`.
    """
    if not is_wanted(config):
        return None
    return settings.complete(experiment_config(config, people), schema, prefix=f"{HERE}.")


def left_out(config: dict[str, Any], people: Iterable[str]) -> dict[str, str]:
    """Return who must not be pre-trained on, participant_id → reason."""
    if are_other_people(config):
        return {}
    return dict.fromkeys(people, of_both(config["cohort"]["name"]))


def are_other_people(config: dict[str, Any]) -> bool:
    """Return whether the same id in both cohorts is two people's, as said or as phantoms are."""
    phantoms = pretrains_on_phantom(config), config["cohort"]["source"] == "phantom"
    if all(phantoms):
        return not same_phantom(config)
    return any(phantoms) or config["pretraining"]["same_ids"] == "other-people"


def same_phantom(config: dict[str, Any]) -> bool:
    """Return whether both cohorts are phantoms of one seed."""
    cohorts = config["cohort"], config["pretraining"]["cohort"]
    return len({each["phantom"]["seed"] for each in cohorts}) == 1


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of `base` with the values of `change`, block by block."""
    result = copy.deepcopy(base)
    for key, value in change.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if nested else copy.deepcopy(value)
    return result


def describe(config: dict[str, Any]) -> StartOfTrainings | None:
    """Return what the report says of the start; None where it is from random weights."""
    asked = config["training"]["start_from"]
    if not is_wanted(config):
        return StartOfTrainings((), asked, None) if asked else None
    chosen = config["pretraining"]
    training = merged(config["training"], chosen["training"])
    start = PretrainingStart(
        loss=chosen["loss"],
        seeds=tuple(seeds(config)),
        cohort=chosen["cohort"]["name"],
        image=chosen["cohort"]["image"],
        epochs=training["epochs"],
        stops_early=training["early_stop"] is not None,
    )
    return StartOfTrainings(tuple(pretrained_rows(config)), None, start)
