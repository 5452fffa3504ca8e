"""Predictions of new scans as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contrage
from contrage.bundle.facts import BundleFacts
from contrage.evaluation.predictions import PROBABILITY
from contrage.tables import write_rows
from contrage.target_words import TargetInWords

if TYPE_CHECKING:
    from contrage.bundle.predict import Prediction

NOTICE = "Research use only: no number of this model is a diagnosis."


def columns(target: TargetInWords) -> list[str]:
    """Return the columns of a table of predictions."""
    predicted = PROBABILITY if target.is_binary else target.predicted
    own = [] if target.is_binary else ["low", "high", "interval"]
    gaps = ["gap", "corrected_gap"] if target.is_age else []
    return ["scan", predicted, *own, "spread", target.column, *gaps, "flags", "refused"]


def write_table(path: Path, target: TargetInWords, found: Iterable[Prediction]) -> None:
    """Write predictions as TSV: a line a scan, empty cells where there is no number.

    Columns are scan; predicted_<target> (of a binary one probability), low and high (its interval),
    interval (for whom that is: people, or site), spread (SD over members); <target>, where it was
    told; of age gap and corrected_gap; flags and refused, sentences.
    """
    write_lines(path, target, [_plain(each) for each in found])


def write_lines(path: Path, target: TargetInWords, found: Iterable[Mapping[str, Any]]) -> None:
    """Write predictions, as JSON has them, as such a table."""
    write_rows(path, columns(target), (_line(each, target) for each in found))


def _line(found: Mapping[str, Any], target: TargetInWords) -> dict[str, Any]:
    predicted = PROBABILITY if target.is_binary else target.predicted
    same = ("low", "high", "spread", "gap", "corrected_gap")
    numbers = {name: found[name] for name in same}
    numbers |= {predicted: found["predicted"], target.column: found["known"]}
    line = {
        name: None if value is None else round(value, target.decimals)
        for name, value in numbers.items()
    }
    told = {"interval": found["interval"]}
    told |= {"flags": "; ".join(found["flags"]) or None, "refused": found["refused"]}
    known = {**line, "scan": found["name"], **told}
    return {name: known[name] for name in columns(target)}


def as_json(facts: BundleFacts, found: Sequence[Prediction]) -> dict[str, Any]:
    """Return predictions as JSON has them, with what was measured of each scan."""
    model = {"experiment": facts.experiment, "row": facts.row, "version": facts.version}
    target = {"column": facts.target.column, "unit": facts.target.unit, "kind": facts.target.kind}
    return {
        "notice": NOTICE,
        "contrage": contrage.__version__,
        "model": model,
        "target": target,
        "predictions": [_plain(each) for each in found],
    }


def _plain(found: Prediction) -> dict[str, Any]:
    told = asdict(found)
    del told["files"]
    return {**told, "flags": list(found.flags), "looks": list(told["looks"])}
