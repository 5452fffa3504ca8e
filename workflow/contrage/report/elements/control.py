"""What the field of view gives away, and when to worry: sentences made from the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from contrage.report.findings import Study
from contrage.report.style import loss_name
from contrage.report.text import interval, listed, missing, number, p_value, percent

NEARLY = 0.8  # part of the best loss's gain over the mean that counts as "nearly as well"


@dataclass(frozen=True)
class Verdict:
    """What a control says.

    Parameters
    ----------
    kind : str
        target-nearly, target-partly, target-no; site-target, site-only, site-no, site-unknown.
    worry : bool
        Whether a reader should worry.
    title, text : str
        A heading and the sentences.
    """

    kind: str
    worry: bool
    title: str
    text: str


def verdicts(study: Study) -> list[Verdict]:
    """Return what the controls say of the target and of site, as far as they were made."""
    return [found for found in (target_verdict(study), site_verdict(study)) if found is not None]


def baseline(study: Study, name: str) -> pd.Series | None:
    """Return a baseline's line of the table."""
    table = study.tables["baselines"]
    lines = table[table["baseline"] == name] if len(table) else table
    return lines.iloc[0] if len(lines) else None


def target_verdict(study: Study) -> Verdict | None:
    """Say whether coverage alone predicts the target, and how near it comes to the best loss.

    It is clear of the mean where its whole interval is below the error of predicting the mean.
    """
    mae, coverage = study.tables["mae"], baseline(study, "ridge-coverage")
    if coverage is None or not len(mae):
        return None
    best, mean = mae["mae_mean"].iloc[0], mae["mae_baseline"].iloc[0]
    digits = study.digits
    share = (mean - coverage.mae_mean) / (mean - best) if mean > best else 0.0
    word, error = study.target.word, study.target.told(number(coverage.mae_mean, study.digits))
    if share >= NEARLY:
        text = (
            f"A ridge regression that sees only which voxels were covered errs by {error}, "
            f"the best loss by {number(best, digits)}. Worry: the field of view may carry the "
            f"prediction, not the tissue.{_compare(study)}"
        )
        title = f"Coverage alone predicts {word} nearly as well"
        return Verdict("target-nearly", True, title, text)
    bounds = interval(coverage.get("ci_low"), coverage.get("ci_high"), digits)
    compared = f"errs by {error} ({study.level} interval {bounds}), predicting the mean by "
    compared += number(mean, digits)
    if not missing(coverage.get("ci_high")) and coverage.ci_high < mean:
        gain = f", {percent(share, 0)} of the best loss's gain" if share > 0 else ""
        text = (
            f"A ridge regression that sees only which voxels were covered {compared}: the field of "
            f"view tells something of {word}{gain}. Worry about differences between losses that "
            f"are smaller than that.{_compare(study)}"
        )
        return Verdict("target-partly", True, f"Coverage alone tells something of {word}", text)
    text = (
        f"A ridge regression that sees only which voxels were covered {compared}: coverage alone "
        f"does not clearly predict {word} here. Worry where its interval is below the error of "
        f"predicting the mean, or where it reaches {percent(NEARLY, 0)} of the best loss's gain."
    )
    return Verdict("target-no", False, f"Coverage alone does not clearly predict {word}", text)


def site_verdict(study: Study) -> Verdict | None:
    """Say whether the site can be read off the masks, and whether that could tell the target."""
    table = study.tables.get("site")
    if table is None or not len(table):
        return None
    word, note = study.kind.group, table["note"].iloc[0]
    if not missing(note):
        why = note.replace("sites", study.kind.groups).replace("site", word)
        text = f"Whether the field of view gives the {word} away cannot be said: {why}."
        return Verdict("site-unknown", False, f"No control of the {word}", text)
    mask = line(table, "mask", used_field(study))
    seen = "the outline of the images"
    if used_field(study) == "common":
        seen += ", cut to the field of view common to all training scans,"
    found = f"From {seen} alone the {word} is predicted with {accuracy(mask)}"
    found += _of_how_many(study, mask)
    if not over_chance(mask):
        text = f"{found}: not clearly above chance.{_others(study, table)}"
        return Verdict("site-no", False, f"The field of view does not give the {word} away", text)
    differ, told = sites_differ(study)
    text = f"{found}: clearly above chance.{_others(study, table)} {told}"
    if differ:
        text += (
            f" Worry: an encoder that recognises the {word} can predict {study.target.word} by it."
            f"{_compare(study, 'dataset.split.scheme: leave-site-out')}"
        )
        return Verdict("site-target", True, f"The field of view gives the {word} away", text)
    title = f"The field of view gives the {word} away, not the {study.target.word}"
    return Verdict("site-only", False, title, text)


def _of_how_many(study: Study, found: pd.Series) -> str:
    """Say how many sites the control knows, where some have too few participants for it."""
    if missing(out := found.get("sites_left_out")):
        return ""
    word, used = study.kind.groups, int(found.n_sites)
    sites = study.tables["scans"]["site"].nunique()
    return f" ({used} of {sites} {word}; without {out})"


def _compare(study: Study, *more: str) -> str:
    """Advise runs to compare with: the common field of view, where it is not used already."""
    own = used_field(study) == "own"
    others = [*(["dataset.field_of_view: common"] if own else []), *more]
    if not others:
        return ""
    runs = "a run" if len(others) == 1 else "runs"
    return f" Compare {runs} with {listed(others)}."


def used_field(study: Study) -> str:
    """Return the field of view that the losses learned from."""
    return study.config.dataset.field_of_view


def line(table: pd.DataFrame, seen: str, field: str) -> pd.Series:
    """Return what was found from the mask or the image, in its own or the common field of view."""
    return table[(table["seen"] == seen) & (table["field_of_view"] == field)].iloc[0]


def over_chance(found: pd.Series | dict[str, Any]) -> bool:
    """Return whether the interval is above chance and exchanging sites hardly ever does as well."""
    return found["ci_low"] > found["chance"] and found["p_permutation"] < 0.05


def accuracy(found: pd.Series) -> str:
    """Return a balanced accuracy with interval, chance and p."""
    p = p_value(found.p_permutation)
    return (
        f"a balanced accuracy of {number(found.balanced_accuracy)} "
        f"({interval(found.ci_low, found.ci_high)}; chance {number(found.chance)}, "
        f"p {p if p.startswith('<') else f'= {p}'})"
    )


def sites_differ(study: Study) -> tuple[bool, str]:
    """Return whether knowing the site predicts better than the mean does, and that in words."""
    known, mae, word = baseline(study, "site-mean"), study.tables["mae"], study.kind.group
    target, digits = study.target, study.digits
    if study.scheme == "leave-site-out":
        return False, (
            f"No model has seen a scan of the {word} that it is tested on (leave-site-out), so "
            f"that this is no shortcut to {target.word} here."
        )
    if known is None or not len(mae) or missing(known.get("ci_high")):
        return True, f"Whether {study.kind.groups} differ in {target.word} was not measured."
    mean = mae["mae_baseline"].iloc[0]
    differ = bool(known.ci_high < mean)
    text = (
        f"Giving everyone the mean {target.word} of their {word} errs by "
        f"{target.told(number(known.mae_mean, digits))} "
        f"({interval(known.ci_low, known.ci_high, digits)}), the mean of all by "
        f"{number(mean, digits)}: "
        f"{study.kind.groups} {'differ' if differ else 'do not clearly differ'} in "
        f"{target.word}."
    )
    if not differ:
        text += f" So it is no shortcut to {target.word} here; it would be where they differ."
    return differ, text


def _others(study: Study, table: pd.DataFrame) -> str:
    """Say what the other field of view and the image itself give away."""
    own, other = ("own", "common") if used_field(study) == "own" else ("common", "own")
    masks, image = line(table, "mask", other), line(table, "image", own)
    return (
        f" With dataset.field_of_view: {other} it is {number(masks.balanced_accuracy)}; from the "
        f"images themselves {number(image.balanced_accuracy)}."
    )


def best_loss(study: Study) -> str:
    """Return the name of the loss with the lowest error."""
    return loss_name(study.tables["mae"]["loss"].iloc[0])
