"""`contrage verify`: whether a report is of the files beside it."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.verify.finding import BAD, SKIPPED, LookedAt, as_table

if TYPE_CHECKING:
    from contrage.verify.opened import Provenance

PARTS = ("raw", "files", "code", "tables", "page")
HOLDS, DOES_NOT = 0, 1


def verify_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options of `contrage verify`."""
    parser.description = (
        "Prove that a report is of the files beside it: raw files, code, tables and page are "
        "compared with what was written down, or computed again. The exit status is 0 where all "
        "is the same, else 1."
    )
    parser.add_argument("experiment", type=Path, help="its folder, results/<experiment>")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="what to look at; by default all"
    )
    parser.add_argument(
        "--retrain", nargs="+", default=[], metavar="ROW", help="train the first seed and fold anew"
    )


def verify(given: argparse.Namespace) -> int:
    """Look at all parts of an experiment, print a table, and return the exit status."""
    from contrage.verify.opened import open_provenance

    of = open_provenance(given.experiment)
    with tempfile.TemporaryDirectory(prefix="contrage-verify-") as away, contextlib.chdir(of.root):
        findings = list(_findings(of, given, Path(away)))
    print(as_table(findings))
    bad = sum(each.result in BAD for each in findings)
    asked = sum(each.result != SKIPPED for each in findings)
    told = f"{bad} of {asked} do not hold" if bad else f"all {asked} hold"
    print(f"{given.experiment}, report of {of.content['written']}: {told}")
    return DOES_NOT if bad else HOLDS


def _findings(of: Provenance, given: argparse.Namespace, folder: Path) -> Iterator[LookedAt]:
    from contrage.layout import Results
    from contrage.verify.again import tables
    from contrage.verify.code import code
    from contrage.verify.page import page
    from contrage.verify.raw import compared, raw_files
    from contrage.verify.retrain import retrain

    if "raw" in given.parts:
        yield from raw_files(of.recorded)
    if "files" in given.parts:
        told = {Path(path): digest for path, digest in of.content["files"].items()}
        yield compared("files", "predictions, splits and tables", told)
    if "code" in given.parts:
        yield from code(of.recorded)
    if "tables" in given.parts:
        written = Path(Results.of(of.content["experiment"]).table("x")).parent
        yield from tables(of.recorded, folder, written)
    if "page" in given.parts:
        yield page(of, folder)
    for row in given.retrain:
        yield retrain(of, row, folder / row)
