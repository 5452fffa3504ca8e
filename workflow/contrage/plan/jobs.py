"""What each job of an experiment reads, and what it is asked for.

A job is asked for nothing that does not concern it, so that other edits do not repeat it. Functions
take an experiment and the values of a job's wildcards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from inspect import signature
from typing import Any

from contrage.evaluation import elements
from contrage.learning import encoders
from contrage.plan import folds, phantoms, pretraining, rows, saliency, snapshots, starts
from contrage.plan.dataset_settings import scores
from contrage.plan.evaluations import setting
from contrage.plan.experiment import Experiment
from contrage.plan.kinds import form_of
from contrage.run import code as sources
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import as_plain, build, fields_of
from contrage.settings.steps.evaluation import (
    BaselinesStep,
    ChooseStep,
    EvaluateStep,
    HeadStep,
    ProbeStep,
    SearchTableStep,
    SeenImages,
)
from contrage.settings.steps.learning import FeasibleStep, StopProbe, TrainStageStep, TrainStep

OF_ROWS = {"predictions", "features", "models", "logits", "snapshots", "attributions"}
"""What an evaluation reads of rows."""
NUMBERS = ("seed", "fold", "draw", "epoch")
DECIDE_FEASIBLE = ("loss", "formulation", "nn_final", "nn_step_size", "max_epochs")


def values(function: Callable[..., Any], wildcards: Mapping[str, str]) -> dict[str, Any]:
    """Return those wildcards of a job that a function of this module takes, numbers as such."""
    return {
        name: int(wildcards[name]) if name in NUMBERS else wildcards[name]
        for name in _parameters(function)
    }


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(function).parameters)[1:]


def training(of: Experiment, row: str, seed: int, fold: int) -> TrainStep:
    """Return what one training is asked for."""
    kept = snapshots.epochs(of, row, seed, fold)
    return _training(of, row, seed, kept, logs=rows.logs(of.config, row))


def _training(
    of: Experiment, row: str, seed: int, snapshot_epochs: tuple[int, ...], *, logs: bool
) -> TrainStep:
    block = rows.training_of(of.config, row)
    own = build(OneTrainingSettings, {key: block[key] for key in fields_of(OneTrainingSettings)})
    if not logs:
        own = replace(own, logits=None)
    permutes = rows.permutes(of.config, row)
    return TrainStep(
        row=row,
        seed=seed,
        cohort=of.config["cohort"]["name"],
        target=of.target.learned,
        loss=told_bin(of, of.loss(row)),
        training=own,
        dataset=scores(of.config),
        snapshot_epochs=snapshot_epochs,
        probe=StopProbe(tuple(of.config["probe"]["alphas"])) if block["early_stop"] else None,
        bin_width=_width_of_labels(of, row) if _asks_for_labels(own) or permutes else None,
        permute_labels=permutes,
    )


def _width_of_labels(of: Experiment, row: str) -> float:
    """Return the width of a label as the row's loss makes them, else `target.bin`."""
    loss = told_bin(of, of.loss(row))
    return loss["bin_width"] if "bin_width" in loss else of.config["target"]["bin"]


def _asks_for_labels(training: OneTrainingSettings) -> bool:
    """Return whether anything but the loss wants to know how wide labels are."""
    near = training.mixup and training.mixup.kind == "c-mixup" and not training.mixup.bandwidth
    return bool(training.lds or training.fds or training.logits or near)


def stage(of: Experiment, row: str, seed: int, fold: int) -> TrainStageStep:
    """Return what the training of a stage is asked for."""
    return TrainStageStep(
        **vars(training(of, row, seed, fold)),
        train=rows.own_training(of.config, row)["train"],
        start=starts.told(of.config, row, seed, fold),
    )


def told_bin(of: Experiment, loss: dict[str, Any]) -> dict[str, Any]:
    """Return settings of a loss, with the width of its labels where it makes some.

    That is `target.bin`, unless they say it: no other loss is told, or trained again for another.
    """
    if not _makes_labels(loss["loss"]):
        return loss
    return {"bin_width": of.config["target"]["bin"], **loss}


@cache
def _makes_labels(loss: str) -> bool:
    """Return whether a loss takes a width of labels; its file is read once, not for each job."""
    return "bin_width" in sources.constructor_parameters(f"contrage.losses.{loss}")


def draw(of: Experiment, row: str, seed: int, fold: int, draw: int) -> TrainStep:
    """Return what the training of a draw is asked for: the main run's, with settings drawn."""
    return replace(
        _beside(of, row, seed),
        row=f"{row} (draw {draw})",
        loss=told_bin(of, drawn_losses(of, row)[draw]),
    )


def unseen(of: Experiment, row: str, seed: int, fold: int) -> TrainStep:
    """Return what the training for the penalty is asked for: the main one's, nothing watched."""
    return replace(_beside(of, row, seed), row=f"{row} (for its penalty)")


def _beside(of: Experiment, row: str, seed: int) -> TrainStep:
    """Return what a training beside the main one is asked for: the same, nothing watched."""
    return _training(of, row, seed, (), logs=False)


def training_modules(of: Experiment, row: str) -> tuple[str, ...]:
    """Return whose code decides a training: no other loss or encoder retrains it."""
    encoder = encoders.module(of.config["training"]["encoder"])
    return "contrage.learning.train", f"contrage.losses.{of.loss(row)['loss']}", encoder


def stage_modules(of: Experiment, row: str) -> tuple[str, ...]:
    """Return whose code decides the training of a stage."""
    return "contrage.learning.stage", *training_modules(of, row)[1:]


def feasible(of: Experiment) -> FeasibleStep:
    """Return what the first job is asked: whether all trainings can run."""
    training = of.config["training"]
    return FeasibleStep(
        device=training["device"],
        batch_size=training["batch_size"],
        training_scans=folds.most_training_scans(of.config, of.cohort),
        epochs=training["epochs"],
        head=tuple(training["head"]),
        rows=localised_rows(of),
        without_head=headless_rows(of),
        draws={},
        start=pretraining.start_settings(of.config),
    )


def modules_of_feasible(of: Experiment) -> tuple[str, ...]:
    """Return whose code answers that: the losses that it loads by name, and a start's encoder."""
    rows_asked = {**headless_rows(of), **localised_rows(of)}
    names = sorted({each["loss"] for each in rows_asked.values()})
    start = pretraining.start_settings(of.config)
    encoder = [encoders.module(start.encoder)] if start else []
    return "contrage.learning.feasible", *(f"contrage.losses.{name}" for name in names), *encoder


def headless_rows(of: Experiment) -> dict[str, dict[str, Any]]:
    """Return the losses of rows without a head: one that predicts needs one."""
    return {
        row: of.loss(row) for row in of.all_rows if not rows.training_of(of.config, row)["head"]
    }


def localised_rows(of: Experiment) -> dict[str, dict[str, Any]]:
    """Return the schedules of dynlocrep's rows, as far as they are known before the first job."""
    known = [row for row in of.all_rows if of.null_rows.get(row, row) not in of.searched_rows]
    # They are judged by the epochs and batches of the block training.
    known = [row for row in known if rows.trained_as(of.config, row) not in of.config["rows"]]
    settings = {row: of.loss(row) for row in known}
    return {
        row: {key: value for key, value in each.items() if key in DECIDE_FEASIBLE}
        for row, each in settings.items()
        if each["loss"] == rows.ABLATED
    }


def feasible_draws(of: Experiment, row: str) -> FeasibleStep:
    """Return what a search asks of its row's loss, and of the number of scans."""
    training, fraction = of.config["training"], of.config["search"]["validation_fraction"]
    return FeasibleStep(
        device="auto",
        batch_size=training["batch_size"],
        training_scans=folds.most_training_scans(of.config, of.cohort, fraction),
        epochs=training["epochs"],
        head=tuple(training["head"]),
        rows={},
        without_head={},
        draws={row: tuple(drawn_losses(of, row))},
        start=None,
    )


def feasible_modules(of: Experiment, row: str) -> tuple[str, ...]:
    """Return whose code answers that."""
    return "contrage.learning.feasible", f"contrage.losses.{of.loss(row)['loss']}"


def feasible_records(of: Experiment) -> list[str]:
    """Return what was found about all rows before they were trained."""
    return [of.results.feasible] + [
        of.results.draw_feasible.format(row=row) for row in of.searched_rows
    ]


def drawn_losses(of: Experiment, row: str) -> list[dict[str, Any]]:
    """Return the loss's settings in each draw, those that are not searched included."""
    return [{**of.loss(row), **drawn} for drawn in rows.draws_of(of.config, row)]


def probe_of_draws(of: Experiment, row: str, seed: int) -> ProbeStep:
    """Return what the probe of all draws of a row is asked for.

    Its penalty is chosen on the scans that are learned from: people unseen judge the draw already.
    """
    draws = of.config["search"]["draws"]
    chosen = {**of.config["probe"], "alpha": "training"}
    return _probe(of, row, [seed] * draws, chosen)


def choice(of: Experiment, row: str, seed: int, fold: int) -> ChooseStep:
    """Return what the choice among the draws of a row is asked for."""
    asked = {"row": row, "split": seed, "fold": fold, "draws": rows.draws_of(of.config, row)}
    return build(ChooseStep, asked)


def search_table(of: Experiment) -> SearchTableStep:
    """Return what the table of all draws is asked for."""
    return SearchTableStep()


def best_of_search(of: Experiment, row: str, seed: int, fold: int) -> list[str]:
    """Return what the search found best for a row, on the split that the training learns from."""
    row = of.null_rows.get(row, row)
    if row not in of.searched_rows:
        return []
    split = folds.search_seed(of.config, seed)
    return [of.results.best.format(row=row, seed=split, fold=fold)]


def scans_of_training(of: Experiment, row: str, seed: int, fold: int) -> str:
    """Return the experiment's scans; of a null row those with the fold's targets permuted."""
    return scans_of_ages(of, ages_of(of, row), seed, fold)


def scans_of_ages(of: Experiment, ages: str, seed: int, fold: int) -> str:
    """Return the experiment's scans, with their targets or with permuted ones."""
    if ages == "permuted":
        return of.results.null_ages.format(seed=seed, fold=fold)
    return of.results.scans


def ages_of(of: Experiment, row: str) -> str:
    """Return what a row learns: targets as they are "given", or "permuted" ones."""
    return "permuted" if row in of.null_rows else "given"


def probe(of: Experiment, row: str) -> ProbeStep:
    """Return what the probe of a row's trainings is asked for."""
    return _probe(of, row, of.seeds, of.config["probe"])


def head(of: Experiment, row: str) -> HeadStep:
    """Return what the head of a stage's trainings is asked for."""
    asked = {"row": row, "seeds": of.seeds, "target": as_plain(of.target.written)}
    return build(HeadStep, asked)


def _probe(of: Experiment, row: str, seeds: list[int], chosen: dict[str, Any]) -> ProbeStep:
    asked = {"row": row, "seeds": seeds, "target": as_plain(of.target.written), "probe": chosen}
    return build(ProbeStep, asked)


def baselines(of: Experiment) -> BaselinesStep:
    """Return what the baselines of every seed are asked for."""
    return BaselinesStep(
        target=of.target.written,
        probe=build(ProbeSettings, of.config["probe"]),
        dataset=SeenImages(**vars(scores(of.config)), voxel_mm=of.config["dataset"]["voxel_mm"]),
    )


def scans_of_probe(of: Experiment, row: str) -> list[str]:
    """Return what the probe of all seeds and folds reads: one table, or one for each."""
    each = [scans_of_training(of, row, seed, fold) for seed in of.seeds for fold in of.folds]
    return list(dict.fromkeys(each))


def unseen_scans(of: Experiment, row: str, seed: int, fold: int) -> str:
    """Return the part of a fold's training scans that the penalty of a row is chosen on."""
    return of.results.unseen_scans.format(ages=ages_of(of, row), seed=seed, fold=fold)


def unseen_split(of: Experiment, row: str, seed: int, fold: int) -> str:
    """Return who of that part learns and who judges."""
    return of.results.unseen_split.format(ages=ages_of(of, row), seed=seed, fold=fold)


def unseen_features(of: Experiment, row: str) -> list[str]:
    """Return the features of all seeds and folds that the penalties of a row are chosen on."""
    if not of.chooses_unseen:
        return []
    pattern = of.results.unseen_features
    return [pattern.format(row=row, seed=seed, fold=k) for seed in of.seeds for k in of.folds]


def unseen_splits(of: Experiment, row: str) -> list[str]:
    """Return who learned and who judged in each of these."""
    if not of.chooses_unseen:
        return []
    return [unseen_split(of, row, seed, fold) for seed in of.seeds for fold in of.folds]


def start_of_training(of: Experiment, row: str, seed: int, fold: int) -> list[str]:
    """Return the model file whose encoder a training starts from, if any."""
    if start := starts.of_row(of.config, row):
        return [start.model(seed, fold)]
    file = pretraining.start_file(of.config, row, seed)
    return [file] if file else []


def scans_of_start(of: Experiment, row: str, seed: int) -> list[str]:
    """Return the scans of the experiment that a training starts from, to compare people."""
    if start := starts.of_row(of.config, row):
        return [start.scans]
    return pretraining.people_files(of.config, row, seed)[:1]


def split_of_start(of: Experiment, row: str, seed: int) -> list[str]:
    """Return the folds of the training that one starts from."""
    if start := starts.of_row(of.config, row):
        return [start.split(seed)]
    return pretraining.people_files(of.config, row, seed)[1:]


def evaluation(of: Experiment, evaluation: str) -> EvaluateStep:
    """Return what an evaluation is told: target, rows, and the settings that it asks for."""
    stated = elements.element(evaluation)
    asked = {
        "evaluation": evaluation,
        "target": as_plain(of.target.learned),
        "form": as_plain(form_of(of.config)),
        # An evaluation of images alone is not repeated for another row.
        "rows": of.rows if OF_ROWS & set(stated.needs) else [],
        "told": {key: setting(of.config, key) for key in stated.settings},
    }
    return build(EvaluateStep, asked)


def evaluation_modules(of: Experiment, evaluation: str) -> tuple[str, ...]:
    """Return whose code decides an evaluation: no other one repeats it."""
    return "contrage.evaluation.evaluate", elements.module(evaluation)


def evaluated(of: Experiment, evaluation: str) -> dict[str, list[str]]:
    """Return the files that an evaluation reads; those that it does not ask for are empty lists.

    What is learned from is the dataset rules' to name: `array` is true where it is asked for.
    """
    asked, results = elements.element(evaluation).needs, of.results
    trained = [(row, seed) for row in of.all_rows for seed in of.seeds]
    logged = rows.logged_rows(of.config)
    each = [{"row": row, "seed": seed, "fold": fold} for row, seed in trained for fold in of.folds]
    found = {
        "predictions": [results.predictions.format(row=row, seed=seed) for row, seed in trained],
        "features": [results.features.format(**training) for training in each],
        "metrics": [results.metrics.format(row=row, seed=seed) for row, seed in trained],
        "models": [results.model.format(**training) for training in each],
        "logits": [
            results.logits.format(**training) for training in each if training["row"] in logged
        ],
        "snapshots": snapshots.followed(of),
        "attributions": [results.attributions.format(row=row) for row in saliency.explained(of)],
        "baselines": [results.baselines.format(seed=seed) for seed in of.seeds],
        "splits": [results.split.format(seed=seed) for seed in of.seeds],
        "truth": phantoms.truths(of.config["cohort"]),
        "scans": [results.scans],
    }
    return {name: files if name in asked else [] for name, files in found.items()}


def reads_array(evaluation: str) -> bool:
    """Return whether an evaluation reads what is learned from."""
    return bool({"array", "images"} & set(elements.element(evaluation).needs))
