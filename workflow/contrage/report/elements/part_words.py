"""What the page says of errors on parts of the test people, and of the paired t-test."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.elements.sections import Section, best_first
from contrage.report.findings import Study
from contrage.report.style import baseline_name, loss_colours, loss_name
from contrage.report.text import MISSING, interval, listed, number, p_value, plus_minus

ALL, FEW, NONE, ABSENT, LEARNED = "all", "few", "none", "missing", "learned"
ORACLE = "oracle"


def shots(study: Study, title: str) -> Section:
    """Say what each row reaches where training people are many, medium, few or none."""
    table = best_first(study, study.tables["shots"])
    asked, target = study.config.evaluations.shots, study.target
    assert asked is not None
    heads = {
        ALL: "all",
        "many": f"many (over {asked.many})",
        "medium": f"medium ({asked.few} to {asked.many})",
        FEW: f"few (under {asked.few})",
        NONE: "of few: none",
    }
    told = (
        "Does it hold where training people are few? Test scans by how many training scans of "
        f"their fold have {target.word} in the same bin ({target.bin:g} wide). Those of bins "
        "without any count among the few, and stand by themselves as well."
    )
    found = _best_of(table, "shots", (ALL, FEW), study)
    return _section(study, "shots", title, told, table, heads, found)


def missing_range(study: Study, title: str) -> Section:
    """Say what each row reaches where a range of the target is missing in training."""
    table = best_first(study, study.tables["missing_range"])
    gaps = study.config.dataset.missing_targets
    ranges = [f"{low:g} to {high:g}" for low, high in gaps]
    heads = {ALL: "all", ABSENT: "missing in training", LEARNED: "learned from"}
    heads |= {name: name for name in ranges if len(ranges) > 1}
    told = (
        f"What is lost where nobody was learned from? No training scan has {study.target.word} in "
        f"{listed([study.target.told(name) for name in ranges])} (the second number not included); "
        "test scans there are of targets that the model has never seen."
    )
    found = _best_of(table, "part", (ALL, ABSENT), study)
    return _section(study, "missing_range", title, told, table, heads, found, "part")


def _best_of(table: pd.DataFrame, column: str, parts: tuple[str, str], study: Study) -> list[str]:
    """Say which row errs least in two parts."""
    said = []
    for part in parts:
        own = table[(table[column] == part) & table["note"].isna()]
        if len(own):
            best = own.loc[own["mae_mean"].idxmin()]
            error = study.target.told(number(best["mae_mean"], study.digits))
            said.append(f"{part}: {error} ({loss_name(best['row'])})")
    return [f"Lowest error of {', of '.join(said)}."] if len(said) > 1 else []


def _section(
    study: Study,
    name: str,
    title: str,
    asked: str,
    table: pd.DataFrame,
    heads: Mapping[str, str],
    found: list[str],
    column: str = "shots",
) -> Section:
    """Return a line per row, a column per part with its people, MAE ± SD in the cells."""
    told = table[table["note"].isna()]
    people = told.drop_duplicates(column).set_index(column)["n_participants"]
    there = {part: head for part, head in heads.items() if part in people}
    cells = told.set_index(["row", column])
    colours = loss_colours(told["row"].unique())
    lines = [
        Line([loss_name(row), *[_error(cells.loc[(row, part)], study) for part in there]], colour)
        for row, colour in ((row, colours[row]) for row in told["row"].unique())
    ]
    means = told.drop_duplicates(column).set_index(column)["mae_baseline"]
    plain = [number(means[part], study.digits) for part in there]
    lines.append(Line([baseline_name("mean"), *plain], "", "baseline"))
    head = ["loss", *(f"{said}, n = {int(people[part])}" for part, said in there.items())]
    page = PageTable(head, lines, 1, f"tables/{name}.tsv")
    asked += (
        f" {study.target.axis('MAE ± SD over seeds')}; n: test people. Compare a part with the "
        "last line: some are easier to guess."
    )
    nobody = [f"{said}: nobody was tested." for part, said in heads.items() if part not in there]
    return Section(name, title, asked, found, page, "", nobody)


def _error(line: pd.Series, study: Study) -> str:
    return plus_minus(line["mae_mean"], line["mae_sd"], study.digits)


def paired_t(study: Study, title: str) -> Section:
    """Show the paired t-test beside the statistics that claims are made of."""
    table = best_first(study, study.tables["paired_t"])
    target = study.target
    head = ["loss", target.axis("difference to best"), f"{study.level} interval"]
    head += ["p (permutation)", "p (Holm)", "t", "p (paired t)"]
    colours = loss_colours(table["row"])
    lines = [
        Line(
            [
                loss_name(line.row),
                number(line.diff_to_best, study.digits),
                interval(line.diff_ci_low, line.diff_ci_high, study.digits),
                *(p_value(line.p_paired), p_value(line.p_holm)),
                *(number(line.t), p_value(line.p_t)),
            ],
            colours[line.row],
        )
        for line in table.itertuples()
    ]
    asked = (
        "The paired t-test that some papers star their tables by: of people's errors against those "
        "of the best loss, not corrected for the number of losses, which p (Holm) is. It takes "
        "errors for normal; claims on this page are made of the permutation test."
    )
    found = [f"{int(table['n_participants'].iloc[0])} test people."]
    return Section(
        "paired_t", title, asked, found, PageTable(head, lines, 1, "tables/paired_t.tsv"), ""
    )


def oracle(study: Study, title: str) -> Section:
    """Say whether a row is better than whoever knows everybody's brain age."""
    table = study.tables["oracle"]
    told = table[table["note"].isna()]
    several, colours = table["cohort"].nunique() > 1, loss_colours(told["row"])
    head = ["loss", *["cohort", "n"] * several, study.target.axis("MAE"), "above the oracle ± SE"]
    lines = [
        Line(
            [
                "The oracle" if line.row == ORACLE else loss_name(line.row),
                *[line.cohort, number(line.n_participants, 0)] * several,
                number(line.mae, study.digits),
                MISSING if line.row == ORACLE else f"{number(line.difference)} ± {number(line.se)}",
            ],
            "" if line.row == ORACLE else colours[line.row],
            "baseline" if line.row == ORACLE else "",
        )
        for line in told.itertuples()
    ]
    below = told[told["is_below"].astype(str).str.lower() == "true"]
    found = [
        f"{loss_name(line.row)} ({line.cohort}) is below the oracle by more than its standard "
        "error: something leaks."
        for line in below.itertuples()
    ]
    if not len(below):
        nobody = "Nobody who was tested stands in the truth: nothing was compared."
        none = "No loss is below the oracle by more than its standard error."
        found = [none if len(told) else nobody]
    asked = (
        "Is anything too good to be true? These people are generated, and their brains look older "
        "or younger than they are by a draw of their own; the oracle knows the brain age that was "
        "planted, and errs by that draw alone. Whoever errs less has seen the test."
    )
    notes = [f"{line.cohort}: {line.note}." for line in table[table["note"].notna()].itertuples()]
    page = PageTable(head, lines, 1 + several, "tables/oracle.tsv")
    return Section("oracle", title, asked, found, page, "", list(dict.fromkeys(notes)))
