"""The page of a study: one HTML file that holds everything and needs nothing else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from contrage.files import atomic
from contrage.layout import Results
from contrage.report.page_figures import pictures
from contrage.report.render import HERE as REPORT
from contrage.report.render import render
from contrage.settings.steps.study import ClaimAsked, StudyOverlay, StudyPageStep
from contrage.study.claims import NO, YES
from contrage.study.tables import CLAIMS
from contrage.study.wide import widened
from contrage.study.words import label
from contrage.tables import read_tsv

logger = logging.getLogger(__name__)

TEMPLATE = Path(__file__).parent / "study.html"


def page(settings: StudyPageStep, *, tables: list[Path], figures: Path, output: Path) -> None:
    """Write the page of a study.

    Parameters
    ----------
    settings : StudyPageStep
    tables : list of Path
        What study-tables wrote.
    figures : Path
        The folder that study-figures wrote.
    output : Path
        The HTML file.
    """
    found = {path.stem: read_tsv(path) for path in tables}
    claims = {name: settings.claims[name] for name in settings.expected}
    style = [REPORT / "style.css", TEMPLATE.with_name("study.css")]
    content = {
        "title": settings.title or settings.study,
        "study": settings.study,
        "description": settings.description,
        "style": "\n".join(each.read_text(encoding="utf-8") for each in style),
        "away": away(settings.overlays),
        "differs": settings.differs,
        "claims": told(claims, found[CLAIMS]),
        "summary": summary(claims, found[CLAIMS]),
        "shown": shown_of(settings, found),
        "figures": pictures(Path(figures)),
        "overlays": [linked(each, settings.labels) for each in settings.overlays],
    }
    html = render(TEMPLATE, content)
    with atomic(output) as temporary:
        temporary.write_text(html, encoding="utf-8")
    logger.info("wrote %s, %.1f MB", output, len(html) / 1e6)


def away(overlays: tuple[StudyOverlay, ...]) -> list[str]:
    """Name the overlays whose cells are empty."""
    return [each.name for each in overlays if not each.is_here]


def shown_of(settings: StudyPageStep, found: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return what the page shows one after the other: tables, curves, figures."""
    every = {**settings.tables, **settings.curves, **settings.figures}
    return [
        {
            "name": name,
            "title": asked.title or name,
            "asked": asked.asked,
            "note": asked.note,
            "table": widened(asked, found[name], settings.labels)
            if name in settings.tables
            else None,
            "file": f"tables/{name}.tsv" if name in found else "",
        }
        for name, asked in ((name, every[name]) for name in settings.shown)
    ]


def told(claims: Mapping[str, ClaimAsked], found: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each expectation with what was found, in words."""
    result = []
    for name, claim in claims.items():
        lines = found[found["claim"] == name]
        known = lines.dropna(subset=["holds"])
        held = int((known["holds"] == YES).sum())
        parts = [
            {"line": _text(line.line), "found": line.found, "fails": line.holds == NO}
            for line in known.itertuples()
        ]
        result.append({"asked": claim.asked, "lines": parts, **_verdict(held, len(known))})
    return result


def _text(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell)


def _verdict(held: int, known: int) -> dict[str, str]:
    """Say of how many lines that have numbers an expectation holds."""
    if not known:
        return {"kind": "open", "verdict": "no numbers in this run"}
    if held == known:
        return {"kind": "holds", "verdict": "yes" if known == 1 else f"yes, all {known}"}
    if held == 0:
        return {"kind": "fails", "verdict": "no" if known == 1 else f"no, none of {known}"}
    return {"kind": "mixed", "verdict": f"{held} of {known}"}


def summary(claims: Mapping[str, ClaimAsked], found: pd.DataFrame) -> str:
    """Say how many expectations were met."""
    if not claims:
        return ""
    kinds = [each["kind"] for each in told(claims, found)]
    words = {
        "holds": "met by every line",
        "mixed": "by some",
        "fails": "by none",
        "open": "not looked at in this run",
    }
    said = [f"{kinds.count(kind)} {told_}" for kind, told_ in words.items() if kind in kinds]
    return f"Of {len(kinds)} expectations: {', '.join(said)}."


def linked(overlay: StudyOverlay, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return an experiment with the address of its own report, seen from the study's page."""
    name = Path(str(Results.of(overlay.experiment))).name
    return {
        "name": overlay.name,
        "cohort": ", ".join(label(each, labels) for each in overlay.members),
        "report": f"../{name}/{Results.page}" if overlay.is_here else "",
    }
