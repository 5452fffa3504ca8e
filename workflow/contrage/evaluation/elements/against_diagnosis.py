"""Whether trainings that predict age better tell the diagnosis better, on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from contrage.dataset.roles import REPORTED, UNSCORED
from contrage.evaluation import logistic, ridge
from contrage.evaluation import predictions as table
from contrage.evaluation.alpha import Features
from contrage.evaluation.elements._gaps import COHORT, groups_of, who
from contrage.evaluation.elements._groups import control_of
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import Fold
from contrage.evaluation.statistics.against_diagnosis import FEWEST, Association, association
from contrage.evaluation.statistics.people import first_scans
from contrage.evaluation.statistics.sides import area, balanced_accuracy
from contrage.layout import Results, wildcards
from contrage.learning.folds import Scans, read_scans
from contrage.settings.blocks.evaluations import AgainstDiagnosisSettings
from contrage.settings.blocks.probe import ProbeSettings
from contrage.settings.blocks.statistics import StatisticsSettings
from contrage.settings.build import build

TITLE = "Error of age against accuracy of the diagnosis"
NEEDS = ("snapshots", "splits", "scans")
SETTINGS = ("evaluations.against_diagnosis", "evaluations.groups", "probe", "statistics")
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
POINTS = ("row", "cohort", "seed", "fold", "epoch", "mae", "bacc", "auc")
POINTS += ("n_controls", "n_patients")
IN_FILE = (*POINTS, *(each.name for each in fields(Association)), "note")
FOLDS = 5


def evaluate(given: Given) -> pd.DataFrame:
    """Return what each checkpoint of each row reaches, and how both go together in the row.

    Age is read off by ridge regression that learned from the training scans, and its error is that
    of the fold's test controls. The diagnosis is read off by logistic regression among people whom
    the encoder did not learn from, the fold's test controls and the patients dealt to it, in five
    folds of people, by the first scan of each; each cohort has points of its own. An encoder knows
    those whom it learned from by heart: to tell patients from them would tell who was learned from.

    Returns
    -------
    DataFrame
        With columns row, cohort ("all" where there is one), seed, fold, epoch (whose weights they
        are: each once), mae, bacc (at .5), auc, n_controls, n_patients; of the row in the cohort,
        the same in each of its lines, those of
        `contrage.evaluation.statistics.against_diagnosis.Association` between mae and bacc (n
        points, n_clusters trainings, r …); note (why there is no accuracy, or no interval, and how
        many checkpoints an early stop left out).
    """
    assert given.scans is not None
    asked = build(AgainstDiagnosisSettings, given.told["evaluations.against_diagnosis"])
    probe = build(ProbeSettings, given.told["probe"])
    groups = groups_of(given)
    people = who(given, groups).set_index("scan_id")
    everyone = read_scans(given.scans, given.target)
    drawn = build(StatisticsSettings, given.told["statistics"])
    splits = {
        int(wildcards(Results.split, file)["seed"]): {
            part.number: part for part in table.folds(file, everyone)
        }
        for file in given.splits
    }
    again: Counter[str] = Counter()
    lines = []
    for row, seed, fold, epoch, features in _checkpoints(given, again):
        part = splits[seed][fold]
        age = ridge.fit(
            features.of(part.train),
            part.train.targets,
            part.train.participants,
            probe.alphas,
            probe.folds,
        )
        for cohort, own in people.groupby(COHORT):
            controls = _of(part, REPORTED, own["group"], (control_of(groups),))
            patients = _of(part, UNSCORED, own["group"], asked.positive)
            if controls is None and patients is None:
                continue
            first = (
                _of(part, REPORTED, own["group"], (control_of(groups),), first=True),
                _of(part, UNSCORED, own["group"], asked.positive, first=True),
            )
            head = {"row": row, COHORT: cohort, "seed": seed, "fold": fold, "epoch": epoch}
            error = _error(age, controls, features)
            found = _accuracy(*first, features, probe)
            lines.append({**head, "mae": error, **found})
    points = pd.DataFrame(lines, columns=[*POINTS, "note"])
    parts = [
        _told(part, again[str(row)], drawn)
        for (row, _), part in points.groupby(["row", COHORT], sort=False)
    ]
    return pd.concat(parts, ignore_index=True)[list(IN_FILE)] if parts else points


def _told(part: pd.DataFrame, again: int, drawn: StatisticsSettings) -> pd.DataFrame:
    """Return a row's points in a cohort, with how error and accuracy go together in them.

    `again` is how many checkpoints of the row are left out.
    """
    known = part[part["mae"].notna() & part["bacc"].notna()]
    numbers: dict[str, Any] = dict.fromkeys(each.name for each in fields(Association)) | {"n": 0}
    said = []
    if len(known):
        clusters = list(zip(known["seed"], known["fold"], strict=True))
        numbers = vars(association(known["mae"], known["bacc"], clusters, drawn))
        if numbers["n_clusters"] < FEWEST:
            few = f"{numbers['n_clusters']} of the {FEWEST} trainings that a bootstrap needs"
            said.append(f"no interval over trainings: {few}")
    if again:
        said.append(f"{again} checkpoints after an early stop are another one again, and left out")
    notes = ["; ".join([*([note] if note else []), *said]) or None for note in part["note"]]
    return part.assign(**numbers, note=notes)


def _checkpoints(
    given: Given, again: Counter[str]
) -> Iterator[tuple[str, int, int, int, Features]]:
    """Yield row, seed, fold, epoch and features of what a training came to, each state once.

    After an early stop the weights that were kept stand under every epoch that never was; `again`
    counts by row those that are left out.
    """
    for row in given.rows:
        seen = set()
        for file in given.snapshots.get(row, []):
            told, features = wildcards(Results.snapshot, file), Features(file)
            seed, fold = int(told["seed"]), int(told["fold"])
            epoch = int(features.arrays.get("epoch", told["epoch"]))
            if (seed, fold, epoch) in seen:
                again[row] += 1
                continue
            seen.add((seed, fold, epoch))
            yield row, seed, fold, epoch, features


def _of(
    part: Fold, role: str, group: pd.Series, names: tuple[str, ...], first: bool = False
) -> Scans | None:
    """Return the scans of a role in some groups, or the first scans; None where nobody has it."""
    if role not in part.parts:
        return None
    scans = part.parts[role]
    if first:
        scans = scans.take(first_scans(scans.participants, scans.targets))
    mine = group.reindex(list(scans.ids)).isin(names).to_numpy()
    return scans.take(np.flatnonzero(mine)) if mine.any() else None


def _error(age: ridge.Ridge, controls: Scans | None, features: Features) -> float:
    if controls is None:
        return float("nan")
    return float(np.abs(age.predict(features.of(controls)) - controls.targets).mean())


def _accuracy(
    controls: Scans | None, patients: Scans | None, features: Features, probe: ProbeSettings
) -> dict[str, Any]:
    """Return how well patients are told from controls in cross-validation, a scan a person."""
    from sklearn.model_selection import StratifiedKFold

    counts = [0 if each is None else len(each.ids) for each in (controls, patients)]
    found: dict[str, Any] = {"n_controls": counts[0], "n_patients": counts[1], "note": None}
    if controls is None or patients is None or min(counts) < FOLDS:
        return found | {"note": f"fewer than {FOLDS} controls or patients in the fold"}
    values = np.concatenate([features.of(controls), features.of(patients)])
    sides = np.repeat([0, 1], counts)
    people = np.array([*controls.participants, *patients.participants])
    scores = np.empty(len(sides))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(values, sides):
        chosen = probe.alphas, probe.folds
        fitted = logistic.fit(values[train], sides[train], people[train].tolist(), *chosen)
        scores[test] = fitted.predict(values[test])
    likely = expit(scores)
    return found | {"bacc": balanced_accuracy(sides, likely), "auc": area(sides, likely)}
