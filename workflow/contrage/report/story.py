"""The study in one paragraph, made from its tables and configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from contrage.report.style import loss_name
from contrage.report.text import (
    count,
    interval,
    millions,
    missing,
    number,
    p_value,
    plus_minus,
    spelled,
)

ENCODERS = {
    "small": "a small {}D convolutional encoder",
    "resnet10": "a {}D ResNet-10",
    "resnet18": "a {}D ResNet-18",
    "resnet34": "a {}D ResNet-34",
    "resnet50": "a {}D ResNet-50",
    "densenet121": "a {}D DenseNet-121",
    "vit": "a {}D Vision Transformer",
    "sfcn": "a {}D Simple Fully Convolutional Network (SFCN)",
    "mlp": "a multilayer perceptron",
}


@dataclass(frozen=True)
class Study:
    """What the words are made of.

    Parameters
    ----------
    config : dict
        The whole configuration.
    tables : dict of DataFrame
        mae, norms, baselines, cohort, excluded, networks, and of a table of features its features.
    n_test : int
        Participants that a seed's models were tested on.
    broken : list of str
        Rows with a training loss that is not a finite number.
    start : dict, optional
        What trainings start from, where not from random weights (`contrage.report.page.beginning`).
    warnings : list of str
        About rows that are not what their names say (`contrage.learning.localised`).
    noticed : list of str
        What a reader of the cohort's tables should know (`contrage.cohort.register`).
    dominant : dict of str to float
        Scans that decide the normalisation, with their share (`contrage.report.dominant`).
    """

    config: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    n_test: int
    broken: list[str]
    start: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    dominant: dict[str, float] = field(default_factory=dict)

    def get(self, *keys: str, default: Any = None) -> Any:
        """Return a value of the configuration by its path."""
        value: Any = self.config
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return default if value is None else value

    @property
    def is_phantom(self) -> bool:
        """Whether nobody was scanned."""
        return self.get("cohort", "source") == "phantom"

    @property
    def is_table(self) -> bool:
        """Whether learning is from a table of features, not from images."""
        return self.get("cohort", "source") == "table"

    @property
    def n_losses(self) -> int:
        """How many losses the MAE table compares; a pre-trained row adds none."""
        return len(self.tables["mae"]) - len((self.start or {}).get("rows", []))

    @property
    def level(self) -> str:
        """The confidence of the intervals, as in "95 %"."""
        return f"{100 * self.get('statistics', 'confidence', default=0.95):g} %"


def paragraph(study: Study) -> str:
    """Return the study in one paragraph."""
    parts = [_who(study), _what(study), _outcome(study)]
    return " ".join(part for part in parts if part)


def _who(study: Study) -> str:
    cohort, excluded = study.tables["cohort"], study.tables["excluded"]
    every = cohort.iloc[-1]
    sites = len(cohort) - 1 if len(cohort) > 1 else 0
    text = f"The cohort has {count(int(every.n_participants), 'participant')}"
    if every.n_scans != every.n_participants:
        text += f" with {count(int(every.n_scans), 'scan')}"
    if not missing(every.get("n_female")):
        text += f" ({count(int(every.n_female), 'woman', 'women')}, "
        text += f"{count(int(every.n_male), 'man', 'men')}"
        unknown = every.get("n_sex_unknown")
        text += f", {int(unknown)} not told)" if not missing(unknown) and unknown else ")"
    elif not missing(every.get("n_sex_unknown")):
        text += " (sex not told)"
    text += f" from {spelled(sites)} {'sites' if study.is_table else 'studies'}" if sites else ""
    text += f", aged {every.age_min:.0f} to {every.age_max:.0f} years "
    text += f"(mean {plus_minus(every.age_mean, every.age_sd, 1)})."
    if study.is_table:
        text += f" {features(study)}"
    if study.is_phantom:
        text += " They are digital phantoms: generated images with known ages, not people."
    if len(excluded):
        number_out = spelled(len(excluded)).capitalize()
        text += (
            f" {number_out} further {'scan was' if len(excluded) == 1 else 'scans were'} left out."
        )
    return text


def features(study: Study) -> str:
    """Say what a row of the table holds, and what was done about missing and constant values."""
    columns = study.tables["features"]
    missing_values, constant = int(columns["missing"].sum()), int(columns["constant"].sum())
    text = f"A scan is a row of {count(len(columns), 'feature')}"
    if constant:
        text += f", {spelled(constant)} of which {'is' if constant == 1 else 'are'} the same for "
        text += "everyone and so without effect"
    if not missing_values:
        return f"{text}; no value is missing."
    incomplete = int((columns["missing"] > 0).sum())
    text += f"; {count(missing_values, 'value')} of {count(incomplete, 'feature')} "
    text += (
        f"{'was' if missing_values == 1 else 'were'} missing and got the median of the training "
    )
    text += "rows"
    return f"{text}."


def _what(study: Study) -> str:
    mae = study.tables["mae"]
    if not len(mae):
        return ""
    encoder = _network(study)
    image = {"stiffness": "stiffness maps", "T1w": "T1-weighted images", "table": "features"}
    image |= {"dampingratio": "maps of the damping ratio", "vbm": "grey-matter maps (VBM)"}
    image |= {"quasiraw": "quasi-raw T1 images"}
    images = image.get(study.get("cohort", "image", default="stiffness"), "images")
    grid = None if study.is_table else study.get("dataset", "voxel_mm")
    epochs = study.get("training", "epochs")
    losses = "one loss" if study.n_losses == 1 else f"each of {spelled(study.n_losses)} losses"
    text = f"{encoder[0].upper()}{encoder[1:]} learned from the {images}"
    text += f" at {grid} mm" if grid else ""
    text += f" with {losses}, from {count(int(mae.n_seeds.max()), 'seed')}"
    text += f" and for {epochs} epochs" if epochs else ""
    text += "; a ridge regression on its frozen features then read off the age of "
    return f"{text}{_test(study)}."


def _network(study: Study) -> str:
    """Say which encoder it was, how large, and what head it had."""
    name, networks = study.get("training", "encoder", default=""), study.tables.get("networks")
    known = networks is not None and len(networks) > 0
    dimensions = len(networks["shape"].iloc[0]) if known else 3
    text = ENCODERS.get(name, f"the encoder {name}".strip()).format(dimensions)
    if not known:
        return text
    head = study.get("training", "head", default=[])
    sizes = "-".join(str(size) for size in (networks["layers"].iloc[0][0], *head))
    parameters = millions(networks["encoder_parameters"].iloc[0])
    return f"{text} ({parameters} parameters, {f'head {sizes}' if head else 'no head'})"


def _test(study: Study) -> str:
    people = count(study.n_test, "participant")
    scheme = study.get("dataset", "split", "scheme")
    if scheme == "kfold":
        folds = study.get("dataset", "split", "folds")
        return f"{people}, each tested once in {folds}-fold cross-validation"
    if scheme == "leave-site-out":
        group = "site" if study.is_table else "study"
        return f"{people}, each by a model that had seen no scan of the same {group}"
    return f"{people} held out from training"


def _outcome(study: Study) -> str:
    mae = study.tables["mae"]
    if not len(mae):
        return ""
    best = mae.iloc[0]
    error = plus_minus(best.mae_mean, best.mae_sd) if best.n_seeds > 1 else number(best.mae_mean)
    text = f"{loss_name(best.loss)} had the lowest mean absolute error, {error} years"
    text += f" ({study.level} interval {interval(best.ci_low, best.ci_high)})"
    if not missing(best.mae_baseline):
        text += f"; predicting the mean age of the training set errs by {number(best.mae_baseline)}"
    text += "."
    if len(mae) > 1:
        second = mae.iloc[1]
        verdict = "is clear of" if distinguishable(second) else "cannot be told apart from"
        text += f" It {verdict} the second, {loss_name(second.loss)}: the paired difference is "
        text += f"{number(second.diff_to_best)} years ({study.level} interval "
        text += f"{interval(second.diff_ci_low, second.diff_ci_high)}{_p(second)})."
    return text


def _p(line: pd.Series) -> str:
    value = p_of(line)
    if missing(value):
        return ""
    text = p_value(value)
    return f", p {text}" if text.startswith("<") else f", p = {text}"


def distinguishable(line: pd.Series) -> bool:
    """Return whether a loss is worse than the best one by its interval and its p alike."""
    low, p = line.get("diff_ci_low"), p_of(line)
    return not missing(low) and low > 0 and (missing(p) or p < 0.05)


def p_of(line: pd.Series | dict[str, Any]) -> Any:
    """Return the paired p, corrected for the number of losses where the table has that."""
    return line.get("p_holm", line.get("p_paired"))
