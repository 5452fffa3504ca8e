"""The quality page: one HTML file that works without network, and a TSV of the same for scripts."""

from __future__ import annotations

import base64
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from contrage import modalities
from contrage.cohort.exclude import read_exclusions
from contrage.files import atomic, read_json
from contrage.layout import Derivatives, preproc, quality_file
from contrage.report.ids import Hider, known_ids, without_files
from contrage.report.maps import template_file
from contrage.report.quality.numbers import Called, called, left_out, numbers_table
from contrage.report.quality.pairs import pairs
from contrage.report.quality.pictures import embedded
from contrage.report.quality.plots import distributions
from contrage.report.quality.rows import FAILED, STATUSES, metric, metric_names, scan_rows
from contrage.report.render import render
from contrage.report.style import NO_SITE
from contrage.report.text import MISSING, missing, number, without_folders
from contrage.report.viewer import colours_of, scripts
from contrage.settings.steps.report import QualityPageStep
from contrage.tables import read_tsv, write_tsv

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
MOST_EMBEDDED = 25_000_000
"""Bytes of pictures up to which the page holds them itself; above, it shows the files beside it."""


def quality_page(
    settings: QualityPageStep,
    *,
    scans: Path,
    excluded: Path,
    derivatives: Path,
    exclude: Path | None = None,
    same_person: Path | None = None,
    compared: Path | None = None,
    page: Path,
    table: Path,
    numbers: Path,
) -> None:
    """Write the quality page of a cohort and its table.

    Parameters
    ----------
    settings : QualityPageStep
    scans, excluded : Path
        The cohort's table, and what was left out before any image was read.
    derivatives : Path
        The folder with records and pictures of all scans; the page is written into it.
    exclude : Path, optional
        The reader's list of scans to leave out.
    same_person, compared : Path, optional
        Pairs of scans that may be one person under two ids, and by which limit.
    page, table, numbers : Path
        Outputs: HTML, TSV with a row per scan, and TSV with what the page's numbers of scans mean,
        which has no line where it names them.
    """
    cohort, before = read_tsv(scans), read_tsv(excluded)
    reader = read_exclusions(exclude, [*cohort["scan_id"], *before["scan_id"].dropna()])
    rows = scan_rows(cohort, derivatives, reader)
    write_tsv(table, rows)
    names = called(rows, settings.show_ids)
    others = {scan: why for scan, why in reader.items() if scan not in names.names}
    write_tsv(numbers, numbers_table(rows, others))
    found = context(settings, rows, before, names, derivatives)
    found["others"] = {} if names.is_numbered else others
    if same_person and compared:
        found["pairs"] = pairs(read_tsv(same_person), read_json(compared), derivatives, names)
    html = render(HERE / "page.html", found)
    with atomic(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    logger.info("wrote %s, %d scans, %.1f MB", page, len(rows), len(html) / 1e6)


def context(
    settings: QualityPageStep,
    rows: pd.DataFrame,
    before: pd.DataFrame,
    of: Called,
    derivatives: Path,
) -> dict[str, Any]:
    """Return all that the template prints of scans and their measures."""
    names, shows = metric_names(rows), scripts()
    files = [quality_file(scan).replace(".json", ".png") for scan in rows["scan_id"]]
    pictures = embedded([derivatives / file for file in files], MOST_EMBEDDED)
    shown = lines(rows, names, files, pictures, of)
    if of.is_numbered:
        hide, words = Hider(known_ids(rows, before)), ("reason", "excluded")
        shown = [line | {key: hide(without_files(line[key])) for key in words} for line in shown]
    return {
        "cohort": settings.cohort,
        "style": (HERE.parent / "style.css").read_text(encoding="utf-8")
        + shows["style"]
        + (HERE / "page.css").read_text(encoding="utf-8"),
        "script": "\n".join([shows["script"], *map(_own, ("images.js", "page.js"))]),
        "niivue": shows["niivue"],
        "images": images_of(settings),
        "counts": {status: int((rows["status"] == status).sum()) for status in STATUSES},
        "n": len(rows),
        "sites": rows["site"].nunique(),
        "metrics": [(name, metric(name)) for name in names],
        "lines": shown,
        "stamp": of.stamp,
        "is_embedded": pictures is not None,
        "plots": distributions(rows, names, settings.limits, of.names),
        "before": without_folders(left_out(before, rows, of).fillna(MISSING).to_dict("records")),
        "exclude": settings.exclude,
    }


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def images_of(settings: QualityPageStep) -> dict[str, Any]:
    """Return where images of a scan lie beside the page, how they are drawn, and the template."""
    shown = []
    for name in settings.images:
        kind = modalities.load(name)
        shown.append(
            {
                "name": name,
                "title": kind.title or name,
                "pattern": preproc(name, settings.grid_mm),
                "label": kind.picture.label,
                "high": kind.picture.highest,
                "colours": colours_of(kind.picture.colours),
            }
        )
    data = base64.b64encode(template_file(settings.template)).decode("ascii")
    files = {"mask": preproc("mask", settings.grid_mm), "picture": Derivatives.picture}
    return {"images": shown, "template": data} | files


def lines(
    rows: pd.DataFrame,
    names: list[str],
    files: list[str],
    pictures: list[str] | None,
    of: Called,
) -> list[dict[str, Any]]:
    """Return the rows of the page: what stands in the cells and what they are sorted by."""
    found, beside = [], [None if of.is_numbered else file for file in files]
    for place, row in enumerate(rows.to_dict("records")):
        name = of.names[row["scan_id"]]
        # The card of a scan that failed says why, in the words of its files.
        is_card = of.is_numbered and row["status"] == FAILED
        found.append(
            {
                "scan": None if of.is_numbered else row["scan_id"],
                "called": name,
                "row": name.replace(" ", "-"),
                "site": NO_SITE if missing(row["site"]) else row["site"],
                "age": "" if missing(row["age"]) else f"{row['age']:.0f}",
                "status": row["status"],
                "reason": "" if missing(row["reason"]) else without_folders(row["reason"]),
                "excluded": "" if missing(row["excluded"]) else row["excluded"],
                "is_excluded": not missing(row["excluded"]),
                "cells": [(cell(row[name], name), key(row[name])) for name in names],
                "picture": None if is_card else pictures[place] if pictures else beside[place],
            }
        )
    return found


def cell(value: Any, name: str) -> str:
    """Return a metric as the page prints it."""
    if isinstance(value, bool) and not missing(value):
        return "yes" if value else "no"
    return "" if missing(value) else number(value, metric(name).digits)


def key(value: Any) -> str:
    """Return what a metric is sorted by; nothing where it is missing."""
    return "" if missing(value) else repr(float(value))
