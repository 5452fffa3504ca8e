"""How much of the site an embedding gives away, and the score of the OpenBHB challenge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.dataset.roles import APART, REPORTED
from contrage.errors import TableError
from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import Features
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.site_probe import (
    KINDS,
    Kind,
    SiteRecovery,
    challenge_score,
    predict_sites,
    scale_decides,
    site_recovery,
)
from contrage.learning.folds import Scans, read_scans
from contrage.settings.blocks.evaluations import EmbeddedSiteSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Site in the embedding"
NEEDS = ("predictions", "features", "splits", "scans")
SETTINGS = ("evaluations.embedded_site", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
IN_FILE = ("row", "probe", "bacc", "bacc_sd", "chance", "null_mean", "null_high", "p")
IN_FILE += ("scale_decides", "mae_internal", "mae_external", "score", "score_sd", "n_sites")
IN_FILE += ("n_participants", "n_seeds", "note")
NOBODY = f"nobody has the role {APART}: there is no score"


def evaluate(given: Given) -> pd.DataFrame:
    """Predict the site of test people from each row's features, learned on the training scans.

    Returns
    -------
    DataFrame
        With columns row, probe (released, that of the challenge's kit; invariant, whose answer no
        scale of the features changes), bacc (mean over seeds of the mean recall over sites, all
        folds together), bacc_sd, chance (one over the sites), null_mean and null_high (mean and
        95th percentile where predictions are dealt to other people), p (the largest of the seeds),
        scale_decides (whether the probes differ by more than .05, where both are asked),
        mae_internal and mae_external (of people of roles test and external), score
        (`challenge_score`) and score_sd, n_sites, n_participants (with a site that is in training),
        n_seeds, note.
    """
    assert given.scans is not None
    drawn = build(StatisticsSettings, given.told["statistics"])
    probes = build(EmbeddedSiteSettings, given.told["evaluations.embedded_site"]).probes
    everyone = read_scans(given.scans, given.target)
    lines = []
    for row in given.rows:
        errors = [_errors(frame) for frame in given.frames(row)]
        per_seed = len(given.features[row]) // len(given.splits)
        try:
            found = {
                kind: [
                    _recovered(kind, everyone, split, files, drawn)
                    for split, files in zip(
                        given.splits, _dealt(given.features[row], per_seed), strict=True
                    )
                ]
                for kind in probes
            }
        except TableError as error:
            lines += [{"row": row, "probe": kind, "note": str(error)} for kind in probes]
            continue
        decides = {"scale_decides": _decides(found)}
        lines += [
            {"row": row, "probe": kind, **decides, **_line(found[kind], errors)} for kind in probes
        ]
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _decides(found: dict[Kind, list[tuple[SiteRecovery, int, int]]]) -> str | None:
    """Return whether the scale of the features decides what is found; None with one probe."""
    if len(found) < len(KINDS):
        return None
    means = [np.mean([one.balanced_accuracy for one, *_ in found[kind]]) for kind in KINDS]
    return "true" if scale_decides(*map(float, means)) else "false"


def _dealt(files: Sequence[Path], each: int) -> list[Sequence[Path]]:
    return [files[start : start + each] for start in range(0, len(files), each)]


def _recovered(
    kind: Kind, everyone: Scans, split: Path, files: Sequence[Path], drawn: StatisticsSettings
) -> tuple[SiteRecovery, int, int]:
    """Return what a seed's folds recover together; sites, and people with one, of the test.

    Learned are the sites at which somebody is tested in some fold, as the challenge does it: with
    other cohorts in the training, theirs are none to choose from.
    """
    parts = list(table.folds(split, everyone))
    tested = {site for part in parts for site in part.test.sites}
    true, said, people, sites = [], [], [], 0
    for part, file in zip(parts, files, strict=True):
        train = _placed(part.train, tested)
        test = _placed(part.test, set(train.sites))
        sites = max(sites, len(set(train.sites)))
        if len(test.ids):
            features = Features(file)
            learned = features.of(train), train.sites, train.participants
            said += list(predict_sites(kind, *learned, features.of(test)))
            true, people = [*true, *test.sites], [*people, *test.participants]
    return site_recovery(true, said, people, sites, drawn), sites, len(set(people))


def _placed(scans: Scans, sites: set[str | None] | None = None) -> Scans:
    """Return the scans whose site is known, and one of some sites."""
    known = [site is not None and (sites is None or site in sites) for site in scans.sites]
    return scans.take(np.flatnonzero(known))


def _errors(frame: pd.DataFrame) -> dict[str, float]:
    """Return the mean absolute error of people of both roles; NaN of nobody."""
    off = (frame[table.PREDICTED] - frame[table.TRUE]).abs()
    return {role: off[frame["split"] == role].mean() for role in (REPORTED, APART)}


def _line(
    seeds: Sequence[tuple[SiteRecovery, int, int]], errors: Sequence[dict[str, float]]
) -> dict[str, Any]:
    found = pd.DataFrame([vars(one) for one, *_ in seeds])
    outside = [each[APART] for each in errors]
    scores = pd.Series(
        [
            challenge_score(accuracy, error)
            for accuracy, error in zip(found["balanced_accuracy"], outside, strict=True)
        ]
    )
    return {
        "bacc": found["balanced_accuracy"].mean(),
        "bacc_sd": found["balanced_accuracy"].std(ddof=1),
        **found[["chance", "null_mean", "null_high"]].mean().to_dict(),
        "p": found["p"].max(),
        "mae_internal": np.mean([each[REPORTED] for each in errors]),
        "mae_external": np.mean(outside),
        "score": scores.mean(),
        "score_sd": scores.std(ddof=1),
        "n_sites": max(sites for _, sites, _ in seeds),
        "n_participants": min(people for *_, people in seeds),
        "n_seeds": len(found),
        "note": NOBODY if np.isnan(outside).all() else None,
    }
