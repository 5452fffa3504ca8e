"""The index: one HTML file that needs nothing else."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from contrage.files import write_text
from contrage.index.found import InIndex, entries
from contrage.index.paired import LEVEL, Difference, differences
from contrage.index.settings import lines, people_of
from contrage.report.digits import error_digits
from contrage.report.render import HERE as REPORT
from contrage.report.render import render
from contrage.report.text import interval, number

log = logging.getLogger(__name__)

HERE = Path(__file__).parent


def write_index(results: Path, output: Path) -> int:
    """Write the page over a folder of results, and return how many lines it has.

    Parameters
    ----------
    results : Path
        Its folders are experiments and studies, and others, which are passed over.
    output : Path
        The HTML file, in that folder.
    """
    found = entries(results)
    write_text(output, render(HERE / "index.html", context(found)))
    log.info("wrote %s, %d lines", output, len(found))
    return len(found)


def context(found: Sequence[InIndex]) -> dict[str, Any]:
    """Return all that the template prints. No id of a person is in it."""
    experiments = [each for each in found if each.meant is not None]
    return {
        "style": (REPORT / "style.css").read_text(encoding="utf-8")
        + (HERE / "index.css").read_text(encoding="utf-8"),
        "script": (HERE / "index.js").read_text(encoding="utf-8"),
        "lines": [line(each) for each in found],
        "names": [each.name for each in experiments],
        "level": f"{LEVEL:.0%}",
        "compared": {
            "names": [each.name for each in experiments],
            "configs": [lines(each.meant or {}, people_of(each.folder)) for each in experiments],
            "pairs": {
                f"{a}-{b}": [told(each, experiments[a]) for each in of_pair]
                for (a, b), of_pair in differences(experiments).items()
            },
        },
    }


def line(of: InIndex) -> dict[str, Any]:
    """Return a line of the page: what stands in the cells, and what they are sorted by."""
    best: Mapping[str, Any] = of.table.iloc[0] if len(of.table) else {}
    measure, digits = of.measure, _digits(of)
    names = (f"{measure}_mean", f"{measure}_baseline", "n_participants")
    value, baseline, people = (best.get(name) for name in names)
    cohort = of.cohort
    return {
        "name": of.name,
        "address": f"{quote(of.name)}/{of.page.name}",
        "kind": "study" if of.is_study else "experiment",
        "date": of.written.strftime("%Y-%m-%d %H:%M"),
        "cohort": cohort,
        "n": "" if people is None else str(int(people)),
        "row": str(best.get("loss", "")),
        "measure": {"mae": "MAE", "bacc": "balanced accuracy"}.get(measure, ""),
        "unit": _unit(of),
        "value": "" if value is None else number(value, digits),
        "interval": ""
        if value is None
        else interval(best.get("ci_low"), best.get("ci_high"), digits),
        "baseline": "" if baseline is None else number(baseline, digits),
        "sorted_by": {
            "value": "" if value is None else repr(float(value)),
            "baseline": "" if baseline is None else repr(float(baseline)),
        },
    }


def told(each: Difference, of: InIndex) -> dict[str, str]:
    """Return a paired difference as the page prints it."""
    digits = _digits(of)
    return {
        "rows": each.row if each.row == each.other_row else f"{each.row}, {each.other_row}",
        "people": str(each.people),
        "error": number(each.error, digits),
        "other": number(each.other_error, digits),
        "difference": number(each.difference, digits),
        "interval": interval(each.low, each.high, digits),
        "unit": _unit(of),
    }


def _unit(of: InIndex) -> str:
    """Return what stands after a number; of a share of sides that it is one."""
    if of.measure == "bacc":
        return "of sides"
    return of.target.unit if of.target and of.measure else ""


def _digits(of: InIndex) -> int:
    return 3 if of.measure == "bacc" else error_digits(of.target) if of.target else 2
