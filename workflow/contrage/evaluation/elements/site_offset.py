"""What each site adds to predictions: of sites that were learned from, and of those left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from contrage.dataset.roles import APART
from contrage.evaluation.given import Given
from contrage.evaluation.held_out import RESIDUAL, held_out
from contrage.evaluation.predictions import PREDICTED, TRUE
from contrage.evaluation.statistics.site_offset import at_same_target, shrunken
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv

TITLE = "What sites add"
NEEDS = ("predictions", "scans", "number")
SETTINGS = ("evaluations.site_offset", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
OFFSET, SAME_TARGET, ERROR = "offset", "offset_at_same_target", "error"
LEARNED, LEFT_OUT = "learned", "left-out"
ALL, NEW = "all", "new"
IN_FILE = ("row", "sites_were", "measure", "part", "site", "people", "sites")
IN_FILE += ("value", "shrunk", "low", "high", "between", "n_seeds", "note")
TOO_FEW = "fewer than two sites, or no site with two people"


def evaluate(given: Given) -> pd.DataFrame:
    """Measure the mean error of each site, drawn towards the others as far as chance explains it.

    Returns
    -------
    DataFrame
        With columns row; sites_were (learned: the models had learned from other people of the site;
        left-out); measure (offset, predicted minus true; offset_at_same_target, the same without
        what follows from the sites' targets; error, absolute); part (site, all, or new: where a
        further site is expected); site; people, sites; value (the plain mean), shrunk, low and high
        (its interval), between (the SD between sites), n_seeds, note.
    """
    assert given.scans is not None
    scans, drawn = read_tsv(given.scans), build(StatisticsSettings, given.told["statistics"])
    lines: list[dict[str, Any]] = []
    for row in given.rows:
        frames = given.frames(row)
        parts = [held_out(frames, scans), held_out(frames, scans, APART)]
        people = pd.concat([part for part in parts if len(part)])
        people = people[people["site"].notna()]
        for were, seen in ((LEARNED, True), (LEFT_OUT, False)):
            own = people[people["seen"].astype(bool) == seen]
            told = {"row": row, "sites_were": were, "n_seeds": len(frames)}
            if len(own):
                lines += [told | line for line in _lines(own, drawn.confidence)]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _lines(people: pd.DataFrame, confidence: float) -> Iterator[dict[str, Any]]:
    signed = (people[PREDICTED] - people[TRUE]).to_numpy()
    measures = {
        OFFSET: signed,
        SAME_TARGET: at_same_target(signed, people[TRUE], people["site"]),
        ERROR: people[RESIDUAL].to_numpy(),
    }
    sites = people["site"].nunique()
    for measure, values in measures.items():
        found = shrunken(values, people["site"], confidence)
        whole = {"measure": measure, "part": ALL, "people": len(people), "sites": sites}
        if found is None:
            yield whole | {"value": float(values.mean()), "note": TOO_FEW}
            continue
        yield whole | {
            "value": float(values.mean()),
            "shrunk": found.mean,
            "between": found.between,
        }
        ends = {"low": found.new_low, "high": found.new_high}
        yield {"measure": measure, "part": NEW, "sites": sites, "shrunk": found.mean, **ends}
        for name, site in found.sites.iterrows():
            yield {"measure": measure, "part": "site", "site": name, "sites": 1, **site.to_dict()}
