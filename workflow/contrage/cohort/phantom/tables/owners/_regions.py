"""The table of regions that brainprep makes of CAT12's results."""

from __future__ import annotations

import re
from pathlib import Path

from contrage.cohort.phantom.tables import recipe
from contrage.cohort.phantom.tables.features import SHARES, PlantedTable
from contrage.tables import write_rows

FILE = "neuromorphometrics_cat12_vbm_roi.tsv"


def columns() -> list[str]:
    """Return the names of the features as they stand there: both tissues of each region in turn."""
    names = recipe.names()
    grey, fluid = names[: recipe.REGIONS], names[recipe.REGIONS :]
    return [name for pair in zip(grey, fluid, strict=True) for name in pair]


def write(planted: PlantedTable, folder: Path) -> None:
    """Write the features of all scans, by BIDS label of the person, session and run."""
    names = recipe.names()
    head = ["participant_id", "session", "run", "tiv", *SHARES]
    rows = (
        {
            "participant_id": label(person.participant_id),
            "session": scan.session,
            "run": scan.run,
            "tiv": f"{volume:.2f}",
            **{name: f"{share * volume:.2f}" for name, share in SHARES.items()},
            **dict(zip(names, map("{:.4f}".format, values.tolist()), strict=True)),
        }
        for person, scan, volume, values in planted.rows()
    )
    write_rows(folder / FILE, head + columns(), rows)


def label(participant_id: str) -> str:
    """Return an owner's id as BIDS has it: without what a label cannot hold."""
    return "sub-" + re.sub(r"[^A-Za-z0-9]", "", participant_id)
