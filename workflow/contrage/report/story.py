"""The study in words, and what a reader must know before the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from contrage.report.style import loss_name
from contrage.report.text import (
    count,
    interval,
    listed,
    missing,
    number,
    p_value,
    plus_minus,
    spelled,
)

FEW = 30  # test participants below which an interval is wide whatever the method
NEARLY = 0.8  # part of the best loss's gain over the mean that counts as "nearly as well"
ENCODERS = {"small": "a small 3D convolutional encoder", "resnet18": "a 3D ResNet-18"}


@dataclass(frozen=True)
class Note:
    """A box above the results: "warning" or "info", a heading, a sentence or two."""

    level: str
    title: str
    text: str


@dataclass(frozen=True)
class Study:
    """What the words are made of.

    Parameters
    ----------
    config : dict
        The whole configuration.
    tables : dict of DataFrame
        mae, norms, baselines, cohort, excluded.
    n_test : int
        Participants that a seed's models were tested on.
    broken : list of str
        Rows with a training loss that is not a finite number.
    """

    config: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    n_test: int
    broken: list[str]

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
        text += f"{count(int(every.n_male), 'man', 'men')})"
    text += f" from {spelled(sites)} studies" if sites else ""
    text += f", aged {every.age_min:.0f} to {every.age_max:.0f} years "
    text += f"(mean {plus_minus(every.age_mean, every.age_sd, 1)})."
    if study.is_phantom:
        text += " They are digital phantoms: generated images with known ages, not people."
    if len(excluded):
        text += f" {count(len(excluded), 'further scan was', 'further scans were')} left out."
    return text


def _what(study: Study) -> str:
    mae = study.tables["mae"]
    if not len(mae):
        return ""
    encoder = study.get("training", "encoder", default="")
    encoder = ENCODERS.get(encoder, f"the encoder {encoder}".strip())
    image = {"stiffness": "stiffness maps", "T1w": "T1-weighted images"}
    images = image.get(study.get("cohort", "image", default="stiffness"), "images")
    grid = study.get("dataset", "voxel_mm")
    epochs = study.get("training", "epochs")
    losses = "one loss" if len(mae) == 1 else f"each of {spelled(len(mae))} losses"
    text = f"{encoder[0].upper()}{encoder[1:]} learned from the {images}"
    text += f" at {grid} mm" if grid else ""
    text += f" with {losses}, from {count(int(mae.n_seeds.max()), 'seed')}"
    text += f" and for {epochs} epochs" if epochs else ""
    text += "; a ridge regression on its frozen features then read off the age of "
    return f"{text}{_test(study)}."


def _test(study: Study) -> str:
    people = count(study.n_test, "participant")
    scheme = study.get("dataset", "split", "scheme")
    if scheme == "kfold":
        folds = study.get("dataset", "split", "folds")
        return f"{people}, each tested once in {folds}-fold cross-validation"
    if scheme == "leave-site-out":
        return f"{people}, each by a model that had seen no scan of the same study"
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
    value = line.get("p_paired")
    if missing(value):
        return ""
    text = p_value(value)
    return f", p {text}" if text.startswith("<") else f", p = {text}"


def distinguishable(line: pd.Series) -> bool:
    """Return whether the interval of a loss's difference to the best one leaves out zero."""
    low = line.get("diff_ci_low")
    return not missing(low) and low > 0


def notes(study: Study) -> list[Note]:
    """Return the boxes that stand above the results, in the order of their weight."""
    makers = (_phantom, _broken, _no_better, _few, _ties, _coverage, _simple, _seeds, _protocol)
    return [note for maker in makers for note in maker(study)]


def _phantom(study: Study) -> list[Note]:
    if not study.is_phantom:
        return []
    text = (
        "Every scan was generated by this workflow from a template, with built-in ageing. The "
        "numbers show that the workflow runs from end to end; they are no evidence on which loss "
        "suits real brains, and cannot be compared with published errors."
    )
    return [Note("info", "This cohort is a digital phantom", text)]


def _broken(study: Study) -> list[Note]:
    if not study.broken:
        return []
    names = listed([loss_name(row) for row in study.broken])
    text = f"The training loss of {names} was not a finite number at some epoch. Distrust its rows."
    return [Note("warning", "A training went astray", text)]


def _no_better(study: Study) -> list[Note]:
    mae = study.tables["mae"]
    worse = mae[mae["mae_mean"] >= mae["mae_baseline"]]
    unsure = mae[(mae["mae_mean"] < mae["mae_baseline"]) & (mae["ci_high"] >= mae["mae_baseline"])]
    found = []
    if len(worse):
        names = listed([loss_name(row) for row in worse["loss"]])
        text = f"{names}: no better than giving everyone the mean age of the training set."
        found.append(Note("warning", "Worse than predicting the mean", text))
    if len(unsure):
        names = listed([loss_name(row) for row in unsure["loss"]])
        text = f"{names}: the interval reaches the error of predicting the mean."
        found.append(Note("warning", "Perhaps no better than predicting the mean", text))
    return found


def _few(study: Study) -> list[Note]:
    if study.n_test >= FEW or not len(study.tables["mae"]):
        return []
    text = (
        f"{count(study.n_test, 'participant')} in the test set: one person more or less in it can "
        "change the order of the losses. Read the intervals, not the ranks; cross-validation "
        "(dataset.split.scheme: kfold) would test every participant."
    )
    return [Note("warning", "The test set is small", text)]


def _ties(study: Study) -> list[Note]:
    mae = study.tables["mae"]
    tied = [line.loss for _, line in mae.iloc[1:].iterrows() if not distinguishable(line)]
    if not tied:
        return []
    best = mae.iloc[0]
    overlap = mae.iloc[1:]
    overlap = int((overlap["ci_low"] <= best.ci_high).sum())
    others = "the other" if len(mae) == 2 else f"{spelled(overlap)} of {len(mae) - 1} other losses"
    text = (
        f"The paired difference to {loss_name(best.loss)} may be zero for "
        f"{listed([loss_name(row) for row in tied])}; the {study.level} intervals of "
        f"{others} overlap with that of the best."
    )
    return [Note("warning", "The best loss is not clearly the best", text)]


def _gain(study: Study, word: str) -> tuple[float, float, float] | None:
    """Return errors of the best loss, of the mean, and of the baseline with `word` in its name."""
    mae, baselines = study.tables["mae"], study.tables["baselines"]
    if not len(mae) or not len(baselines):
        return None
    chosen = baselines[baselines["baseline"].str.contains(word)]["mae_mean"]
    best, mean = mae["mae_mean"].iloc[0], mae["mae_baseline"].iloc[0]
    return (best, mean, chosen.min()) if len(chosen) else None


def _coverage(study: Study) -> list[Note]:
    errors = _gain(study, "coverage")
    if errors is None:
        return []
    best, mean, coverage = errors
    if mean <= best or (mean - coverage) / (mean - best) < NEARLY:
        return []
    text = (
        f"A ridge regression that sees only which voxels were covered errs by {number(coverage)} "
        f"years, the best loss by {number(best)}. The field of view may carry the prediction, not "
        "the tissue: compare a run with dataset.field_of_view: common."
    )
    return [Note("warning", "Coverage alone predicts age nearly as well", text)]


def _simple(study: Study) -> list[Note]:
    errors = _gain(study, "block")
    if errors is None or errors[2] > errors[0]:
        return []
    text = (
        f"Ridge regression on block means errs by {number(errors[2])} years, the best loss by "
        f"{number(errors[0])}: nothing was gained by the contrastive encoders here."
    )
    return [Note("warning", "A simple baseline does as well", text)]


def _seeds(study: Study) -> list[Note]:
    mae = study.tables["mae"]
    if not len(mae) or mae["n_seeds"].max() > 1:
        return []
    text = "Every loss was trained once, so the spread between trainings (SD) is unknown."
    return [Note("info", "One seed only", text)]


def _protocol(study: Study) -> list[Note]:
    found = []
    if study.get("dataset", "normalisation") == "cohort":
        text = (
            "Images were normalised with the mean and SD of all scans, test scans included, as in "
            "the paper. This leaks a little of the test set into training."
        )
        found.append(Note("info", "Normalised over the whole cohort", text))
    if study.get("preprocessing", "bias_correction", "target") in ("map", "both"):
        text = "N4 was applied to the stiffness maps. It changes their values and contrast."
        found.append(Note("warning", "The maps were bias-corrected", text))
    return found
