"""What the page says of where rows look."""

from __future__ import annotations

import pandas as pd

from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.elements.sections import Section, best_first, bounded
from contrage.report.findings import Study
from contrage.report.style import MOST_REGIONS, SALIENCY_NAMES, loss_colours, loss_name
from contrage.report.text import count, listed, missing, number, percent

NONE = "no interval is above 0, so that no region can be named."


def saliency(study: Study, title: str) -> Section:
    """Say where the differences between predictions come from."""
    table = best_first(study, study.tables["saliency"])
    told = table[table["region"].notna() & (table["rank"] <= MOST_REGIONS)]
    planted = bool(told["planted"].notna().any())
    colours = loss_colours(table["row"].unique())
    head = ["loss", "method", "region", f"explains ({study.level} interval)", "share"]
    head += [study.target.axis("one value adds"), "size", *["softens a year"] * planted]
    lines = []
    for line in told.to_dict("records"):
        cells = [_name(line), SALIENCY_NAMES[line["method"]], str(line["region"])]
        cells.append(bounded(line["explained"], line["ci_low"], line["ci_high"], 2))
        cells += [percent(line["share"]), f"{line['signed']:.1e}".replace("-", "\u2212")]
        cells += [percent(line["size"]), *[percent(line["planted"], 2)] * planted]
        lines.append(Line(cells, colours[line["row"]]))
    page = PageTable(head, lines, 3, "tables/saliency.tsv, tables/saliency_people.tsv")
    name = "saliency" if len(told) else ""
    return Section("saliency", title, _asked(study), _found(told), page, name, _notes(study, table))


def _name(line: dict) -> str:
    return loss_name(str(line["row"]))


def _asked(study: Study) -> str:
    return (
        "Where do the differences between predictions come from? Each test person's "
        f"{study.kind.one} is compared with the mean of the training people's, by the models that "
        "did not learn from that person: integrated gradients follow the prediction on the "
        "straight way from one to the other, occlusion replaces one region at a time by its mean. "
        "A region explains 1 where all differences between predictions come from it, 0 where none "
        "does, less where it works against the others; what integrated gradients give all regions "
        "is 1 together. Share: of what regions add, whatever its sign, of which larger regions "
        f"have more. This is about what these models use: it says neither that {study.target.word} "
        "changes a region, nor the other way round."
    )


def _found(told: pd.DataFrame) -> list[str]:
    """Say which regions explain most, by row and method."""
    found = []
    for (row, method), own in told.groupby(["row", "method"], sort=False):
        first = own.sort_values("rank").head(3)
        each = zip(first["region"], first["explained"], strict=True)
        regions = listed([f"{region} ({number(value)})" for region, value in each])
        people = count(int(own["n_scans"].iloc[0]), "test person", "test people")
        above = int((own["ci_low"] > 0).sum())
        sure = f"{above} of {len(own)} have an interval above 0." if above else NONE
        name = f"{loss_name(str(row))}, {SALIENCY_NAMES[str(method)]}, {people}"
        found.append(f"{name}: most is explained by {regions}; {sure}")
    return found


def _notes(study: Study, table: pd.DataFrame) -> list[str]:
    """Say which methods are not shown and why, and how far others depend on what was learned."""
    notes = []
    for line in table[table["note"].notna()].drop_duplicates(["row", "method"]).to_dict("records"):
        hidden = " is not shown" if missing(line["region"]) else ""
        notes.append(f"{_name(line)}, {SALIENCY_NAMES[line['method']]}{hidden}: {line['note']}.")
    sanity = study.tables.get("saliency_sanity")
    if sanity is None:
        return notes
    last = sanity.sort_values("layers").drop_duplicates(["row", "method"], keep="last")
    passed = [
        f"{_name(line)}, {SALIENCY_NAMES[line['method']]}: {number(line['correlation'])} "
        f"({number(line['between'])})"
        for line in last.to_dict("records")
        if str(line["passed"]).lower() == "true"
    ]
    if passed:
        notes.append(
            "Rank correlation of what places add with the same network's of random weights, and in "
            "brackets with other trainings' of the row, of which the square had to be more than "
            f"twice as large: {'; '.join(passed)} (tables/saliency_sanity.tsv)."
        )
    return notes
