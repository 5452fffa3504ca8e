"""What the page says of what sites add to predictions, and of taking sites out."""

from __future__ import annotations

import pandas as pd

from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.elements.sections import Section, best_first
from contrage.report.findings import Study
from contrage.report.style import baseline_name, loss_colours, loss_name
from contrage.report.text import MISSING, count, interval, number

WERE = {"learned": "learned from", "left-out": "left out"}
SAME_TARGET, ERROR = "offset_at_same_target", "error"
NONE, COMBAT = "none", "combat"
TABLE = "ridge-features"


def site_offset(study: Study, title: str) -> Section:
    """Say how far apart sites are, and which is farthest."""
    table = best_first(study, study.tables["site_offset"])
    group, groups, word = study.kind.group, study.kind.groups, study.target.word
    asked = (
        f"Does a prediction depend on where the scan was made? The offset of a {group} is the mean "
        f"of predicted minus true {word} of its test people, as if all {groups} had the same "
        f"{word}. A mean of few people is drawn towards that of all {groups}, as far as chance "
        f"explains it (a random-effects model, Paule and Mandel); the SD between {groups} is what "
        f"chance does not explain. Where a {group} was learned from, the models knew other people "
        "of it."
    )
    kinds = [were for were in WERE if were in set(table["sites_were"])]
    head = ["loss", *(part for were in kinds for part in _heads(study, were))]
    rows = list(dict.fromkeys(table["row"]))
    colours = loss_colours(rows)
    lines = [
        Line(
            [loss_name(row), *(cell for were in kinds for cell in _cells(study, table, row, were))],
            colours[row],
        )
        for row in rows
    ]
    found = [text for were in kinds if (text := _farthest(study, table, rows[0], were))]
    notes = [f"{note[:1].upper()}{note[1:]}." for note in table["note"].dropna().unique()]
    page = PageTable(head, lines, 1, "tables/site_offset.tsv")
    return Section("site_offset", title, asked, found, page, "", notes)


def _heads(study: Study, were: str) -> list[str]:
    told = f"{study.kind.groups} {WERE[were]}"
    return [
        f"{told}: n",
        study.target.axis(f"{told}: SD of offsets"),
        study.target.axis(f"{told}: error of the worst"),
    ]


def _pick(table: pd.DataFrame, row: str, were: str, measure: str, part: str) -> pd.DataFrame:
    wanted = {"row": row, "sites_were": were, "measure": measure, "part": part}
    return table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]


def _cells(study: Study, table: pd.DataFrame, row: str, were: str) -> list[str]:
    whole = _pick(table, row, were, SAME_TARGET, "all")
    worst = _pick(table, row, were, ERROR, "site")["shrunk"]
    if not len(whole):
        return [MISSING] * 3
    return [
        str(int(whole["sites"].iloc[0])),
        number(whole["between"].iloc[0], study.digits),
        number(worst.max(), study.digits) if len(worst) else MISSING,
    ]


def _farthest(study: Study, table: pd.DataFrame, row: str, were: str) -> str:
    """Say of the best row which site is farthest off, and where a further one is expected."""
    sites = _pick(table, row, were, SAME_TARGET, "site")
    if not len(sites):
        return ""
    off = sites.loc[sites["shrunk"].abs().idxmax()]
    new = _pick(table, row, were, SAME_TARGET, "new").iloc[0]
    group, digits = study.kind.group, study.digits
    ends = interval(off["low"], off["high"], digits)
    return (
        f"{loss_name(row)}, {study.kind.groups} {WERE[were]}: the offset of {off['site']} is "
        f"farthest from zero, {study.target.told(number(off['shrunk'], digits))} ({ends}; "
        f"{count(int(off['people']), 'person', 'people')}, {number(off['value'], digits)} before "
        f"shrinkage). That of a further {group} like these is expected within "
        f"{interval(new['low'], new['high'], digits)}."
    )


def harmonised(study: Study, title: str) -> Section:
    """Say what taking sites out of the features changes."""
    table = best_first(study, study.tables["harmonised"])
    groups, word = study.kind.groups, study.target.word
    asked = (
        f"Does it help to take {groups} out of the features? ComBat was fitted on training rows "
        "alone, and the probe on what it leaves, beside the same probe on the same features as "
        f"they are; both are tested on the same people. ComBat is told no {word}, which nobody "
        f"knows of a new person: where {groups} differ in {word}, it takes away what belongs to "
        f"{word} as well. Of {groups} without training scans it knows nothing, and nobody of them "
        "is in this table."
    )
    told = table[table["note"].isna()]
    rows = list(dict.fromkeys(told["row"]))
    head = [
        "loss",
        *(
            study.target.axis(f"{m}, {c}")
            for m in ("MAE", f"SD between {groups}")
            for c in ("as they are", "ComBat")
        ),
    ]
    head += [study.target.axis("difference of MAE"), "test scans in neither"]
    colours = loss_colours([row for row in rows if row != TABLE])
    lines = [_harmonised_line(study, told[told["row"] == row], colours) for row in rows]
    notes = [
        f"{_name(line.row)}: {line.note}." for line in table[table["note"].notna()].itertuples()
    ]
    page = PageTable(head, lines, 1, "tables/harmonised.tsv")
    return Section("harmonised", title, asked, _clear(study, told), page, "", notes)


def _name(row: str) -> str:
    return baseline_name(row) if row == TABLE else loss_name(row)


def _harmonised_line(study: Study, own: pd.DataFrame, colours: dict[str, str]) -> Line:
    by, digits = own.set_index("correction"), study.digits
    row, after = own["row"].iloc[0], own.set_index("correction").loc[COMBAT]
    cells = [number(by.loc[c, m], digits) for m in ("mae_mean", "between") for c in (NONE, COMBAT)]
    ends = interval(after["difference_low"], after["difference_high"], digits)
    cells += [f"{number(after['difference'], digits)} ({ends})", str(int(after["n_left_out"]))]
    kind = "baseline" if row == TABLE else ""
    return Line([_name(row), *cells], colours.get(row, ""), kind)


def _clear(study: Study, told: pd.DataFrame) -> list[str]:
    """Say for which rows the interval of the difference is clear of zero."""
    after = told[told["correction"] == COMBAT].dropna(subset="difference")
    said = []
    for line in after.itertuples():
        if line.difference_low > 0 or line.difference_high < 0:
            way = "worse" if line.difference > 0 else "better"
            by = study.target.told(number(abs(line.difference), study.digits))
            said.append(f"{_name(line.row)} is {way} by {by} after ComBat.")
    if len(after) and not said:
        said = ["No row's error is clear of the same without ComBat."]
    return said
