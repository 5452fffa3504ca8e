"""What the page is told: the model in numbers and words, and how each scan stands."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from contrage import modalities
from contrage.bundle.explain import why_none
from contrage.bundle.facts import BundleFacts, IntervalFacts
from contrage.bundle.opened import Bundle
from contrage.bundle.prediction import MAP
from contrage.bundle.subjects import OR
from contrage.bundle.tables import NOTICE
from contrage.evaluation.statistics.conformal import SITE
from contrage.serve.bounds import Bounds
from contrage.serve.desk import DONE, REFUSED, Desk, Ticket
from contrage.settings.steps.model import ImagingOfModel
from contrage.target_words import TargetInWords

IMAGES = (".nii", ".nii.gz")
TABLES = (".tsv", ".csv", ".txt", ".xlsx")
TITLES = {
    "mask": "brain mask",
    "magnitude": "magnitude image",
    "check": "Check the file",
    "strip": "Find the brain",
    "correct": "Correct the bias field",
    "register": "Register to the template",
    "quality": "Measure the quality",
    "predict": "Predict",
    "explain": "See where it looks",
}
"""Of the images and of the stages."""


def model_told(
    bundle: Bundle, bounds: Bounds, stages: tuple[str, ...], interval: str | None = None
) -> dict[str, Any]:
    """Return what the page says of the model, before any scan.

    Parameters
    ----------
    bundle : Bundle
    bounds : Bounds
    stages : tuple of str
        The steps that a scan takes.
    interval : str, optional
        For whom intervals are, in place of the bundle's own.
    """
    facts = bundle.facts
    learned, tested = facts.learned, facts.tested
    return {
        "experiment": facts.experiment,
        "row": facts.row,
        "networks": len(facts.members),
        "target": _target(facts.target),
        "learned": {
            "people": learned.people,
            "low": learned.low,
            "high": learned.high,
            "bins": [[each.low, each.high, each.people] for each in learned.bins],
        },
        "tested": {"people": tested.people, "measure": tested.measure, "value": tested.value},
        "interval": _held(facts.interval, interval or facts.interval.whom),
        **_taken(facts),
        "looks": _looks(facts),
        "stages": [[name, TITLES[name]] for name in stages],
        "bounds": asdict(bounds),
        "notice": NOTICE,
        "card": bundle.card,
    }


def _held(of: IntervalFacts, whom: str) -> str:
    """Return how many people the interval holds that predictions carry; nothing if few to say."""
    share = of.site_coverage if whom == SITE else of.coverage
    if share is None:
        return ""
    level, held = f"{of.level * 100:.0f} %", f"{share * 100:.1f} %"
    if whom == SITE:
        return (
            f"Its {level} interval for people of new sites held {held} of people of sites that it "
            "was not made of."
        )
    if len(of.sites) > 1:
        return (
            f"Its {level} interval holds so many of people of the same sites by construction; of "
            f"people of sites that it was not made of it held {held}."
        )
    return f"Its {level} interval holds {held} of them by construction."


def _looks(facts: BundleFacts) -> dict[str, Any]:
    """Return what is said of where the model looks: why it is not, or with whom scans compare."""
    people = facts.looks.people if facts.looks is not None else 0
    mean = f"the mean of {people} people whom the model learned from"
    if not people:  # features, whose mean is a z-score of 0
        mean = "the mean of the scans that each of its networks learned from"
    unit = "log odds" if facts.target.is_binary else facts.target.unit
    return {"why": why_none(facts), "mean": mean, "unit": unit}


def _target(target: TargetInWords) -> dict[str, Any]:
    """Return the target's words, and how many decimals a prediction is shown with."""
    return {
        "word": target.word,
        "title": target.title,
        "unit": target.unit,
        "isAge": target.is_age,
        "isBinary": target.is_binary,
        "positive": target.positive,
        "negative": target.negative,
        "digits": target.digits + 1,
    }


def _taken(facts: BundleFacts) -> dict[str, Any]:
    """Return what the page asks for: files of which kinds, and their names' endings."""
    seen = facts.seen
    said = {"one": seen.one, "many": seen.many, "images": [], "volume": None}
    if seen.table is not None:
        return {**said, "what": "table", "endings": TABLES, "features": len(facts.features)}
    if seen.arrays is not None:
        endings = tuple(seen.arrays.kind.ending.split(OR))
        return {**said, "what": "array", "endings": endings, "volume": seen.arrays.divided_by}
    images = [list(each) for each in _images(seen.imaging)]
    return {**said, "what": "scan", "endings": IMAGES, "images": images}


def _images(imaging: ImagingOfModel) -> Iterator[tuple[str, str, str]]:
    """Yield name, title and suffix in BIDS of the images that a model takes of a scan."""
    for name in imaging.takes:
        if name == "mask":
            yield name, TITLES[name], "desc-brain_mask"
            continue
        kind = modalities.load(imaging.anatomical if name == "anatomical" else name)
        is_map = name == imaging.map
        yield name, TITLES.get(name, f"{kind.title} map" if is_map else kind.title), kind.suffix


def ticket_told(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    """Return how a scan stands."""
    began = ticket.began
    running = None if began is None else time.monotonic() - began
    said = {
        "number": ticket.number,
        "name": ticket.subject.name,
        "files": [file.name for file in ticket.dropped.files],
        "state": ticket.state,
        "stage": ticket.stage,
        "ahead": desk.ahead(ticket) if ticket.state == "waiting" else 0,
        "seconds": running if ticket.seconds is None else ticket.seconds,
        "refused": ticket.refused,
        "prediction": None,
        "views": [],
    }
    if ticket.prediction is not None:
        is_done = ticket.state in (DONE, REFUSED)
        views = list(_views(desk.bundle.facts, ticket)) if is_done else []
        told = finite(asdict(replace(ticket.prediction, files={})))
        said |= {"prediction": told, "views": views}
    return said


def finite(content: Any) -> Any:
    """Return what is told without numbers that JSON cannot write: None stands in their place."""
    if isinstance(content, dict):
        return {name: finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def _views(facts: BundleFacts, ticket: Ticket) -> Iterator[dict[str, Any]]:
    """Yield the images that can be looked at, and what of a mask is drawn on them."""
    files = files_of(facts, ticket)
    of = facts.seen.imaging
    for image, outline, title in (
        ("preprocessed", "outline", "As the model sees it"),
        ("raw", "raw-outline", "As it came"),
    ):
        if image in files:
            kind = modalities.load(of.map or of.anatomical)
            is_own = image == "raw" and of.anatomical is not None
            colours = "gray" if is_own else kind.picture.colours
            highest = None if is_own else kind.picture.highest
            yield {
                "name": image,
                "title": title,
                "file": f"scans/{ticket.number}/images/{image}{_ending(files[image])}",
                "outline": f"scans/{ticket.number}/images/{outline}.nii.gz"
                if outline in files
                else None,
                "colours": colours,
                "highest": highest,
                "label": "" if is_own else kind.picture.label,
            }
    for look in ticket.prediction.looks if ticket.prediction is not None else ():
        if f"{MAP}{look.method}" in files:
            yield _look_view(ticket, look.method, files["under"])
    if "picture" in files:
        yield {"name": "picture", "file": f"scans/{ticket.number}/images/picture.png"}


def _look_view(ticket: Ticket, method: str, under: Path) -> dict[str, Any]:
    """Return the view of a map over the image that it is of, in grey."""
    home = f"scans/{ticket.number}/images"
    return {
        "name": f"{MAP}{method}",
        "title": f"Where it looks: {method.replace('_', ' ')}",
        "file": f"{home}/under{_ending(under)}",
        "outline": None,
        "map": f"{home}/{MAP}{method}.nii.gz",
        "colours": "gray",
        "highest": None,
        "label": "",
    }


def files_of(facts: BundleFacts, ticket: Ticket) -> dict[str, Path]:
    """Return the files of a scan that the page may ask for, by the names that it asks with.

    "outline" and "raw-outline" are the masks of which outlines are made, "under" lies under the
    maps of where the model looks.
    """
    found = ticket.prediction
    imaging = facts.seen.imaging
    if found is None or imaging is None:
        return {}
    raw = "anatomical" if imaging.anatomical is not None else imaging.map
    named = {
        "preprocessed": found.files.get("preprocessed"),
        "outline": found.files.get("mask"),
        "raw": ticket.subject.images.get(raw),
        "raw-outline": found.files.get("brain_mask"),
        "picture": found.files.get("picture"),
        "under": found.files.get("anatomical", found.files.get("preprocessed")),
    }
    named |= {name: path for name, path in found.files.items() if name.startswith(MAP)}
    there = {name: path for name, path in named.items() if path is not None and path.is_file()}
    if "raw-outline" not in there:
        there.pop("raw", None)  # nothing is drawn on what was not read
    return there


def _ending(path: Path) -> str:
    """Return the ending by which the page knows how to read an image."""
    with path.open("rb") as file:
        return ".nii.gz" if file.read(2) == b"\x1f\x8b" else ".nii"
