"""The study in one paragraph, made from its tables and configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from contrage import modalities
from contrage.modalities import Modality
from contrage.report import chance
from contrage.report.digits import error_digits
from contrage.report.pretrained import Pretrained
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
from contrage.settings.steps.page import StartOfTrainings
from contrage.settings.typed import Settings
from contrage.target_words import TargetInWords

NOT_GIVEN = "(not given)"
ENCODERS = {
    "small": "a small {}D convolutional encoder",
    "resnet10": "a {}D ResNet-10",
    "resnet18": "a {}D ResNet-18",
    "resnet34": "a {}D ResNet-34",
    "resnet50": "a {}D ResNet-50",
    "densenet121": "a {}D DenseNet-121",
    "vit": "a {}D Vision Transformer",
    "sfcn": "a {}D Simple Fully Convolutional Network (SFCN)",
    "r2plus1d": "an R(2+1)D-18 for videos",
    "glt": "a global-local transformer",
    "glt-cover": "a global-local transformer whose windows cover the slice",
    "mlp": "a multilayer perceptron",
}


@dataclass(frozen=True)
class Study:
    """What the words are made of.

    Parameters
    ----------
    config : Settings
        The whole configuration.
    tables : dict of DataFrame
        mae (bacc of a binary target), norms, baselines, cohort, excluded, networks, epochs, and of
        a table of features its features.
    n_test : int
        Participants that a seed's models were tested on.
    broken : list of str
        Rows with a training loss that is not a finite number.
    start : StartOfTrainings, optional
        What trainings start from, where not from random weights.
    pretrained : Pretrained, optional
        What came of the pre-training, where they start from one.
    warnings : list of str
        About rows that are not what their names say (`contrage.learning.localised`).
    noticed : list of str
        What a reader of the cohort's tables should know (`contrage.cohort.register`).
    dominant : dict of str to float
        Scans that decide the normalisation, with their share (`contrage.report.dominant`).
    starts : dict of str to list of int
        Second stage → the epochs of the weights that it started from.
    """

    config: Settings
    tables: dict[str, pd.DataFrame]
    n_test: int
    broken: list[str]
    start: StartOfTrainings | None = None
    pretrained: Pretrained | None = None
    warnings: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    dominant: dict[str, float] = field(default_factory=dict)
    starts: dict[str, list[int]] = field(default_factory=dict)

    @property
    def target(self) -> TargetInWords:
        """What is predicted."""
        return self.config.target

    @property
    def digits(self) -> int:
        """Decimals of an error."""
        return error_digits(self.target)

    @property
    def is_phantom(self) -> bool:
        """Whether nobody was scanned."""
        return self.config.cohort.source == "phantom"

    @property
    def is_table(self) -> bool:
        """Whether learning is from a table of features, not from images."""
        return self.kind.comes_as == "table"

    @property
    def has_scans(self) -> bool:
        """Whether this workflow preprocessed scans: not of a table, nor of prepared arrays."""
        return modalities.load(self.image).comes_as == "scans"

    @property
    def maps(self) -> list[str]:
        """The maps that this workflow preprocessed."""
        asked = dict.fromkeys([self.image, *self.config.cohort.maps])
        return [name for name in asked if modalities.load(name).is_map] if self.has_scans else []

    @property
    def image(self) -> str:
        """What is learned from, as the configuration calls it."""
        return self.config.cohort.image

    @property
    def kind(self) -> Modality:
        """The words for it."""
        return modalities.load(self.image)

    @property
    def scheme(self) -> str:
        """How people were divided into training and test."""
        return self.config.dataset.split.scheme

    @property
    def main(self) -> pd.DataFrame:
        """The table that compares the losses, the best first."""
        return self.tables[self.target.measure]

    @property
    def n_losses(self) -> int:
        """How many losses the main table compares.

        A pre-trained row adds none, one of `rows` adds its loss where no other row has it.
        """
        shown, own = list(self.main.get("loss", [])), self.config.rows
        plain = [row for row in shown if row not in own]
        theirs = {own[row].get("stage", own[row])["loss"] for row in shown if row in own}
        more = len(theirs - set(plain))
        return len(plain) + more - (len(self.start.rows) if self.start else 0)

    @property
    def level(self) -> str:
        """The confidence of the intervals, as in "95 %"."""
        return f"{100 * self.config.statistics.confidence:g} %"


def paragraph(study: Study) -> str:
    """Return the study in one paragraph."""
    outcome = sides_outcome if study.target.is_binary else _outcome
    parts = [_who(study), _what(study), outcome(study)]
    return " ".join(part for part in parts if part)


def _who(study: Study) -> str:
    cohort, excluded = study.tables["cohort"], study.tables["excluded"]
    every = cohort.iloc[-1]
    sites = int((~cohort["site"].isin(["all", NOT_GIVEN])).sum()) if len(cohort) > 1 else 0
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
    if sites:
        text += f" from {spelled(sites)} {study.kind.group if sites == 1 else study.kind.groups}"
    text += f", {_range(study.target, every)}."
    if study.is_table:
        text += f" {features(study)}"
    cohort = study.config.cohort
    if told := modalities.prepares(study.image, (*cohort.members, cohort)[0]):
        text += f" {told}"
    if study.is_phantom:
        text += " They are digital phantoms: generated images with known ages, not people."
    if len(excluded):
        number_out = spelled(len(excluded)).capitalize()
        text += (
            f" {number_out} further {'scan was' if len(excluded) == 1 else 'scans were'} left out."
        )
    return text


def _range(target: TargetInWords, every: pd.Series) -> str:
    """Say from where to where the target goes, with its mean and SD; of sides who is on which."""
    if target.is_binary:
        first, second = f"{every.n_positive:.0f} with", f"{every.n_negative:.0f} with"
        return f"{first} {target.word} {target.positive} and {second} {target.negative}"
    least, most = (target.whole(every[f"{target.column}_{end}"]) for end in ("min", "max"))
    mean, sd = every[f"{target.column}_mean"], every[f"{target.column}_sd"]
    begin = "aged" if target.is_age else f"with {target.word} from"
    ends = target.told(f"{least} to {most}")
    return f"{begin} {ends} (mean {plus_minus(mean, sd, target.digits + 1)})"


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
    main = study.main
    if not len(main):
        return ""
    encoder = _network(study)
    grid = study.config.dataset.voxel_mm if study.kind.background else None
    losses = "one loss" if study.n_losses == 1 else f"each of {spelled(study.n_losses)} losses"
    text = f"{encoder[0].upper()}{encoder[1:]} learned from the {study.kind.many}"
    text += f" at {grid} mm" if grid else ""
    text += f" with {losses}, from {count(int(main.n_seeds.max()), 'seed')}"
    text += _epochs(study)
    probe = "logistic" if study.target.is_binary else "ridge"
    text += f"; a {probe} regression on its frozen features"
    if study.config.probe.alpha == "unseen":
        text += ", its penalty chosen on people from whom a second encoder had not learned,"
    text += f" then read off the {study.target.word} of "
    return f"{text}{_test(study)}."


def _epochs(study: Study) -> str:
    """Say for how many epochs was trained, and with an early stop the weights of which count."""
    asked, trained = study.config.training.epochs, study.tables.get("epochs")
    if study.config.training.early_stop is None:
        return f" and for {count(asked, 'epoch')}"
    if trained is None or not len(trained):
        return f" and for up to {count(asked, 'epoch')}"
    stopped = int((trained["run"] < asked).sum())
    low, high = trained["kept"].min(), trained["kept"].max()
    kept = f"{low:.0f}"
    if low < high:
        kept = f"median {trained['kept'].median():.0f}, range {low:.0f} to {high:.0f}"
    if not stopped:
        return f" and for {count(asked, 'epoch')} (kept: {kept})"
    some = "" if stopped == len(trained) else f" in {stopped} of {len(trained)} trainings"
    return f" and for up to {count(asked, 'epoch')}, stopped early{some} (kept: {kept})"


def _network(study: Study) -> str:
    """Say which encoder it was, how large, and what head it had."""
    name, networks = study.config.training.encoder, study.tables.get("networks")
    known = networks is not None and len(networks) > 0
    dimensions = len(networks["shape"].iloc[0]) if known else 3
    text = ENCODERS.get(name, f"the encoder {name}").format(dimensions)
    if not known:
        return text
    head = study.config.training.head
    sizes = "-".join(str(size) for size in (networks["layers"].iloc[0][0], *head))
    parameters = millions(networks["encoder_parameters"].iloc[0])
    return f"{text} ({parameters} parameters, {f'head {sizes}' if head else 'no head'})"


def _test(study: Study) -> str:
    people = count(study.n_test, "participant")
    if study.scheme == "kfold":
        folds = study.config.dataset.split.folds
        return f"{people}, each tested once in {folds}-fold cross-validation"
    if study.scheme == "leave-site-out":
        return f"{people}, each by a model that had seen no scan of the same {study.kind.group}"
    return f"{people} held out from training"


def _outcome(study: Study) -> str:
    mae = study.tables["mae"]
    if not len(mae):
        return ""
    best, target, digits = mae.iloc[0], study.target, study.digits
    error = number(best.mae_mean, digits)
    if best.n_seeds > 1:
        error = plus_minus(best.mae_mean, best.mae_sd, digits)
    bounds = f"{study.level} interval {interval(best.ci_low, best.ci_high, digits)}"
    if not missing(best.mae_baseline) and best.mae_mean >= best.mae_baseline:
        return (
            f"No loss was better than predicting the mean {target.word} of the training set, which "
            f"errs by {target.told(number(best.mae_baseline, digits))}: the lowest mean absolute "
            f"error, {target.told(error)} ({bounds}), was that of {loss_name(best.loss)}."
            f"{chance.told(study.tables['baselines'], target)}"
        )
    text = f"{loss_name(best.loss)} had the lowest mean absolute error, "
    text += f"{target.told(error)} ({bounds})"
    if not missing(best.mae_baseline):
        text += f"; predicting the mean {target.word} of the training set errs by "
        text += number(best.mae_baseline, digits)
    text += "."
    if len(mae) > 1:
        second = mae.iloc[1]
        verdict = "is clear of" if distinguishable(second) else "cannot be told apart from"
        text += f" It {verdict} the second, {loss_name(second.loss)}: the paired difference is "
        text += f"{target.told(number(second.diff_to_best, digits))} ({study.level} interval "
        text += f"{interval(second.diff_ci_low, second.diff_ci_high, digits)}{_p(second)})."
    return text + chance.told(study.tables["baselines"], target)


def sides_outcome(study: Study) -> str:
    """Say which loss tells the two sides apart best, and whether any does."""
    main, target = study.main, study.target
    if not len(main):
        return ""
    best = main.iloc[0]
    several = best.n_seeds > 1
    of = {name: (best[f"{name}_mean"], best[f"{name}_sd"]) for name in ("bacc", "auc")}
    said = {name: plus_minus(*of[name]) if several else number(of[name][0]) for name in of}
    bounds = f"{study.level} interval {interval(best.ci_low, best.ci_high)}"
    text = (
        f"{loss_name(best.loss)} had the highest balanced accuracy in telling {target.positive} "
        f"from {target.negative}, {said['bacc']} ({bounds}), with an area under the ROC curve of "
        f"{said['auc']}; saying the same of everyone has {number(best.bacc_baseline)}."
    )
    if missing(best.ci_low) or best.ci_low <= best.bacc_baseline:
        text += " So no loss is clearly better than that."
    return text


def _p(line: pd.Series) -> str:
    value = p_of(line)
    if missing(value):
        return ""
    text, name = p_value(value), "corrected p" if "p_holm" in line else "p"
    return f", {name} {text}" if text.startswith("<") else f", {name} = {text}"


def distinguishable(line: pd.Series) -> bool:
    """Return whether a loss is worse than the best one by its interval and its p alike."""
    low, p = line.get("diff_ci_low"), p_of(line)
    return not missing(low) and low > 0 and (missing(p) or p < 0.05)


def p_of(line: pd.Series | dict[str, Any]) -> Any:
    """Return the paired p, corrected for the number of losses where the table has that."""
    return line.get("p_holm", line.get("p_paired"))
