"""What the page says of errors by cohort, of the site in the embedding, and of probabilities."""

from __future__ import annotations

import pandas as pd

from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.elements.sections import Section, best_first, notes_of
from contrage.report.findings import Study
from contrage.report.style import loss_colours, loss_name
from contrage.report.text import interval, listed, missing, number, p_value, plus_minus


def _line(row: str, *cells: str, before: tuple[str, ...] = ()) -> Line:
    colour = "" if before else loss_colours([row])[row]
    return Line([*before, loss_name(row), *cells], colour)


def _whole(value: float) -> str:
    return number(value, 0)


def cohorts(study: Study, title: str) -> Section:
    """Say what each row reaches on the people of each cohort."""
    table = study.tables["cohorts"]
    binary, target = study.target.is_binary, study.target
    told = table[table["note"].isna()]
    if binary:
        head = ["balanced accuracy ± SD", f"{study.level} interval", "area under ROC"]
    else:
        head = [target.axis("MAE ± SD"), f"{study.level} interval", target.axis("GM"), "R²", "r"]
    lines = []
    for line in told.to_dict("records"):
        name = "bacc" if binary else "mae"
        digits = 2 if binary else study.digits
        cells = [plus_minus(line[f"{name}_mean"], line[f"{name}_sd"], digits)]
        cells.append(interval(line["ci_low"], line["ci_high"], digits))
        if binary:
            cells.append(number(line["auc_mean"]))
        else:
            cells += [number(line["gm"], digits), number(line["r2_mean"]), number(line["r_mean"])]
        before = (str(line["value"]), _whole(line["n_participants"]))
        lines.append(_line(line["row"], *cells, before=before))
    asked = (
        "Does it hold in each cohort? The test people of each apart, by the same models as above; "
        "n: people. R² is against the mean of the cohort's own test scans: against that of all "
        "training scans, to be old would explain the age of a cohort of old people."
    )
    if binary:
        asked = asked.partition(" R² is")[0]
    untested = table[table["note"].notna()]["value"].drop_duplicates()
    notes = [f"{value}: nobody of it was tested." for value in untested]
    page = PageTable(["cohort", "n", "loss", *head], lines, 1, "tables/cohorts.tsv")
    return Section("cohorts", title, asked, [], page, "", notes)


def embedded_site(study: Study, title: str) -> Section:
    """Say how well the site is told from each row's features."""
    table = best_first(study, study.tables["embedded_site"])
    told = table[table["bacc"].notna()]
    scored = bool(told["score"].notna().any())
    group = study.kind.group
    head = ["loss", "probe", f"balanced accuracy of the {group} ± SD", "by chance, 95 % below", "p"]
    head += ["external MAE", "score ± SD"] * scored
    lines = []
    for line in told.itertuples():
        cells = [line.probe, plus_minus(line.bacc, line.bacc_sd)]
        cells += [f"{number(line.null_mean)}, {number(line.null_high)}", p_value(line.p)]
        if scored:
            cells.append(number(line.mae_external, study.digits))
            cells.append(plus_minus(line.score, line.score_sd))
        lines.append(_line(line.row, *cells))
    first = told.iloc[0] if len(told) else None
    asked = (
        f"Does the encoder keep the {group}? It is predicted from the frozen features of test "
        f"people by a logistic regression that learned from the training scans; low is good, chance"
        f" is one over the {study.kind.groups}. {_of_probes(set(told['probe']))}By chance: "
        "predictions dealt to other people."
    )
    if scored:
        asked += " Score of the challenge: accuracy^0.3 · external MAE; low is good."
    found = []
    if first is not None:
        found.append(
            f"{_whole(first.n_participants)} test people, {_whole(first.n_sites)} "
            f"{study.kind.groups}: chance is {number(first.chance, 3)}."
        )
    apart = told[told["scale_decides"].astype(str).str.lower() == "true"]["row"].drop_duplicates()
    if len(apart):
        found.append(
            f"The two probes differ by more than .05 for {listed(list(map(loss_name, apart)))}: "
            "trust the invariant one."
        )
    page = PageTable(head, lines, 2, "tables/embedded_site.tsv")
    return Section("embedded_site", title, asked, found, page, "", _notes(table))


def _of_probes(asked: set[str]) -> str:
    """Say how the probes that were asked differ."""
    said = ""
    if "released" in asked:
        said += (
            "The probe of the OpenBHB challenge (released) depends on the scale of the features: "
            "small ones hide a site that they hold. "
        )
    if "invariant" in asked:
        said += "That on z-scores (invariant) does not depend on the scale of the features. "
    return said


def against_diagnosis(study: Study, title: str) -> Section:
    """Say whether trainings that predict age better tell the diagnosis better."""
    table = best_first(study, study.tables["against_diagnosis"])
    rows = table.drop_duplicates(["row", "cohort"])
    several = table["cohort"].nunique() > 1
    head = ["loss", *["cohort"] * several, "points", "trainings", "r"]
    head += [f"{study.level} interval", "as if independent"]
    head += ["accuracy per year of error", f"{study.level} interval"]
    lines = [
        _line(
            line.row,
            *[line.cohort] * several,
            *(_whole(line.n), _whole(line.n_clusters), number(line.r)),
            interval(line.r_low, line.r_high),
            interval(line.fisher_low, line.fisher_high),
            number(line.slope, 3),
            interval(line.slope_low, line.slope_high, 3),
        )
        for line in rows[rows["r"].notna()].itertuples()
    ]
    asked = (
        "Do trainings that predict age better tell the diagnosis better? A point is a training "
        "after a part of its epochs: its error of age on the fold's test controls, and the "
        "balanced accuracy with which a logistic regression on the frozen features tells patients "
        "from controls whom the encoder did not learn from. Points of one training are alike, so "
        "that the interval is a bootstrap over trainings, of five or more; the other is Fisher's, "
        "as if points were independent. Of few points r can be anything."
    )
    page = PageTable(head, lines, 1 + several, "tables/against_diagnosis.tsv")
    said = notes_of(table)
    return Section("against_diagnosis", title, asked, [], page, "against_diagnosis", said)


def calibration(study: Study, title: str) -> Section:
    """Say how far probabilities are from what is observed."""
    table = best_first(study, study.tables["calibration"])
    head = ["loss", "ECE ± SD", "by chance, 95 % below", "p", "ACE ± SD"]
    lines = [
        _line(
            line.row,
            plus_minus(line.ece, line.ece_sd, 3),
            f"{number(line.null_mean, 3)}, {number(line.null_high, 3)}",
            p_value(line.p),
            plus_minus(line.ace, line.ace_sd, 3),
        )
        for line in table.itertuples()
    ]
    first = table.iloc[0]
    asked = (
        f"Do probabilities mean what they say: of people given 0.7, are 7 in 10 "
        f"{study.target.positive}? The expected calibration error (ECE) is the mean distance in "
        "ten bins of probability, weighed by people; ACE weighs bins alike. It is above 0 by "
        "chance where nothing is wrong, the more the fewer people: compare it with that."
    )
    found = [f"{_whole(first.n_participants)} test people."]
    off = [loss_name(line.row) for line in table.itertuples() if line.p < 0.05]
    found[0] += (
        f" Further off than chance: {listed(off)}." if off else " None is further off than chance."
    )
    page = PageTable(head, lines, 1, "tables/calibration.tsv, tables/calibration_curve.tsv")
    return Section("calibration", title, asked, found, page, "calibration")


def sides_by_fold(study: Study, title: str) -> Section:
    """Say how well each fold's model tells the sides apart."""
    table = best_first(study, study.tables["sides_by_fold"])
    head = ["loss", "people", "n", "balanced accuracy ± SD", "area under ROC ± SD", "models"]
    lines = [
        _line(
            line.row,
            line.role,
            _whole(line.n_participants),
            plus_minus(line.bacc_mean, line.bacc_sd),
            plus_minus(line.auc_mean, line.auc_sd),
            _whole(line.n_fits),
        )
        for line in table[table["bacc_mean"].notna()].itertuples()
    ]
    asked = (
        "Does it hold with every fold's model? Mean and SD over folds, by person at a probability "
        "of 0.5; test people by the model that did not learn from them, external ones by all. "
        "Where the accuracy is 0.5 and the area is not, the threshold is at fault."
    )
    page = PageTable(head, lines, 2, "tables/sides_by_fold.tsv")
    return Section("sides_by_fold", title, asked, [], page, "", _notes(table))


def _notes(table: pd.DataFrame) -> list[str]:
    """Return why numbers are not there, each with the rows that it is said of."""
    found: dict[str, list[str]] = {}
    for line in table.itertuples():
        if not missing(line.note) and loss_name(line.row) not in found.setdefault(line.note, []):
            found[line.note].append(loss_name(line.row))
    return [f"{listed(names)}: {note}." for note, names in found.items()]
