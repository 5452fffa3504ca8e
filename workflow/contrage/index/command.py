"""`contrage index`: the page over all experiments and studies of a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from contrage.errors import SettingsError
from contrage.layout import INDEX

DONE = 0


def index_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options of `contrage index`."""
    parser.description = "Write index.html over all experiments and studies of a results folder."
    parser.add_argument(
        "results", type=Path, nargs="?", default=Path("results"), help="the folder; else results"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing")


def index(given: argparse.Namespace) -> int:
    """Write the page, and return the exit status.

    Raises
    ------
    SettingsError
        There is no such folder.
    """
    from contrage.index.page import write_index

    if not given.results.is_dir():
        raise SettingsError(f"{given.results}: no such folder; give one in which a run wrote")
    page = given.results / INDEX
    count = write_index(given.results, page)
    if not given.quiet:
        print(f"{page}: {count} experiments and studies")
    return DONE
