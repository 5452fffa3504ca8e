"""What the page says of the brain-age gap: by group, as a test of patients, and over the years."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.statistics.gap import ALL, CONTROL
from contrage.report.elements.html_tables import PageTable
from contrage.report.elements.sections import (
    Section,
    best_first,
    bounded,
    head_of,
    lines_of,
    name_of,
    notes_of,
)
from contrage.report.findings import Study
from contrage.report.text import listed, number, p_value

NAMES = {"cole": "Cole's gap", "residual": "residual gap", "raw": "raw gap"}


def gap(study: Study, title: str) -> Section:
    """Say by how much the groups look older than their age."""
    table = best_first(study, study.tables["gap"])
    kind = study.tables["gap"]["kind"].iloc[0]
    main = table[(table["kind"] == kind) & (table["n"] > 0)]
    head = head_of(main, "group", "n", "gap [years]", "SD", "difference to controls")
    head.append("of the same age and sex")
    lines = lines_of(
        main[main["mean"].notna()],
        lambda line: [
            line["group"],
            str(int(line.n)),
            bounded(line["mean"], line.ci_low, line.ci_high),
            number(line.sd, 1),
            bounded(line.difference, line.difference_low, line.difference_high),
            bounded(line.matched, line.matched_low, line.matched_high),
        ],
    )
    asked = (
        "Do people of a group look older than they are? The gap is predicted minus true age at "
        "each person's first scan, by a model that did not learn from them. Predictions lean "
        "towards the mean age, so that a line through controls of other folds of the same cohort "
        "takes the age out: by Cole's method the distance from the line is divided by its slope, "
        "a residual is not. A corrected gap holds the true age; nowhere is an error made of it."
    )
    found = [_gaps_in_words(study, *pair) for pair in main.groupby(["row", "cohort"], sort=False)]
    return Section(
        "gap",
        title,
        asked,
        [*filter(None, found), *_noise(study)],
        PageTable(head, lines, 2 + (main["cohort"].nunique() > 1), "tables/gap.tsv"),
        "gap_by_group",
        notes_of(table[table["kind"] == kind]),
    )


def _gaps_in_words(study: Study, of: tuple[str, str], lines: pd.DataFrame) -> str:
    """Say what the best loss finds in a cohort."""
    row, cohort = of
    told = lines[lines["difference"].notna()]
    if row != study.main["loss"].iloc[0] or not len(told):
        return ""
    control = lines.iloc[0]
    each = [
        f"{line.group} (n = {int(line.n)}) "
        f"{bounded(line.difference, line.difference_low, line.difference_high)}"
        for line in told.itertuples()
    ]
    return (
        f"{name_of(row, cohort)}, {NAMES[control.kind]}: in years beyond {control.group} "
        f"(n = {int(control.n)}), with {study.level} intervals, {listed(each)}."
    )


def _noise(study: Study) -> list[str]:
    """Say what the gaps of the training mean come to, which know nothing but the age."""
    table = study.tables["roc"] if "roc" in study.tables else pd.DataFrame()
    control = table[table["row"] == CONTROL] if len(table) else table
    told = "Control of noise: the training mean knows nothing of anyone's brain, so that its gap is"
    told += " the age and no more. Cole's method refuses it where the line is flat"
    if not len(control):
        return [f"{told}."]
    areas = [
        f"{bounded(line.auc, line.ci_low, line.ci_high, 2)}"
        f"{'' if line.cohort == ALL else f' in {line.cohort}'}"
        for line in control[control["score"] == "raw"].itertuples()
    ]
    return [f"{told}; its raw gap tells the sides with an area of {listed(areas)}."]


def roc(study: Study, title: str) -> Section:
    """Say how well the gap tells patients from controls."""
    table = best_first(study, study.tables["roc"])
    kind = study.tables["roc"]["score"].iloc[0]
    main, ages = (table[table["score"] == score] for score in (kind, "age"))
    age = ages.set_index(["row", "cohort"])
    raw = table[table["score"] == "raw"].set_index(["row", "cohort"])["auc"]
    side = main.iloc[0]
    head = head_of(main, "n", f"area, {NAMES[kind]}", "age alone", "p", "raw gap", "p")

    def cells(line: pd.Series) -> list[str]:
        where = (line.row, line.cohort)
        return [
            f"{int(line.n_positive)} : {int(line.n_negative)}",
            bounded(line.auc, line.ci_low, line.ci_high, 2),
            *(_of_age(age.loc[where]), p_value(line.p_age)),
            *(number(raw[where]), p_value(line.p_raw)),
        ]

    lines = lines_of(main[main["auc"].notna()], cells)
    asked = (
        f"Does the gap tell {side.positive} from {side.negative}? The area under the ROC curve is "
        "how often the gap of a patient is above that of a control (0.5: chance), by the first "
        "scan of each person. p: DeLong's test against what age alone, and the raw gap, reach on "
        "the same people: a gap that beats neither says nothing. Age takes the older for "
        "patients, or the younger where that tells more: its area is never below 0.5."
    )
    return Section(
        "roc",
        title,
        asked,
        _areas_in_words(study, main),
        PageTable(head, lines, 1 + (main["cohort"].nunique() > 1), "tables/roc.tsv"),
        "roc",
        notes_of(main),
    )


def _of_age(line: pd.Series) -> str:
    """Return the area of age, and that the younger are taken for patients where they are."""
    return f"{number(line.auc)}{', younger' if line.direction == 'lower' else ''}"


def _areas_in_words(study: Study, main: pd.DataFrame) -> list[str]:
    best = main[(main["row"] == study.main["loss"].iloc[0]) & main["auc"].notna()]
    table = study.tables["roc"]
    ages = table[table["score"] == "age"].set_index(["row", "cohort"])
    said = []
    for line in best.itertuples():
        beats = line.minus_age > 0 and line.p_age < 0.05
        than = "more than age alone" if beats else "not clearly more than age alone"
        area = bounded(line.auc, line.ci_low, line.ci_high, 2)
        age = ages.loc[(line.row, line.cohort)]
        side = "younger" if age.direction == "lower" else "older"
        said.append(
            f"{name_of(line.row, line.cohort)}: an area of {area} with {int(line.n_positive)} "
            f"{line.positive} and {int(line.n_negative)} {line.negative}, {than}, "
            f"which takes the {side} for {line.positive} "
            f"({number(line.minus_age)} apart, p {_p(line.p_age)})."
        )
    return said


def _p(value: float) -> str:
    told = p_value(value)
    return told if told.startswith("<") else f"= {told}"


def slopes(study: Study, title: str) -> Section:
    """Say how the gap of each group changes over the years."""
    every = study.tables["slopes"]
    table, kind = best_first(study, every), every["kind"].iloc[0]
    main = table[(table["kind"] == kind) & table["slope"].notna()]
    raw = table[table["kind"] == "raw"].set_index(["row", "cohort", "group"])["slope"]
    head = head_of(main, "group", "n", "scans", "slope [years per year]", "difference to controls")
    head.append("raw gap")
    lines = lines_of(
        main,
        lambda line: [
            line["group"],
            str(int(line.n)),
            str(int(line.n_scans)),
            bounded(line.slope, line.ci_low, line.ci_high, 2),
            bounded(line.difference, line.difference_low, line.difference_high, 2),
            number(raw[line.row, line.cohort, line["group"]]),
        ],
    )
    asked = (
        "Does the gap grow? The slope of a person's gap over the years between scans, of people "
        "with scans half a year apart or more; of a group it is the mean weighted by how long each "
        "was followed, with a bootstrap interval over people. The slope of the raw gap is too "
        "small: it is the true one times the slope of the line of controls, less what that leans."
    )
    return Section(
        "slopes",
        title,
        asked,
        _slopes_in_words(study, main),
        PageTable(head, lines, 2 + (main["cohort"].nunique() > 1), "tables/slopes.tsv"),
        "slopes",
        notes_of(table[table["kind"] == kind]),
    )


def _slopes_in_words(study: Study, main: pd.DataFrame) -> list[str]:
    best = main[main["row"] == study.main["loss"].iloc[0]]
    said = []
    for (row, cohort), lines in best.groupby(["row", "cohort"], sort=False):
        each = [
            f"{line.group} (n = {int(line.n)}) {bounded(line.slope, line.ci_low, line.ci_high, 2)}"
            for line in lines.itertuples()
        ]
        said.append(f"{name_of(row, cohort)}: in years of gap per year, {listed(each)}.")
    return said
