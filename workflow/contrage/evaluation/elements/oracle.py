"""The errors of whoever knows everybody's brain age: where a row errs less, something leaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.dataset.roles import REPORTED
from contrage.evaluation.given import Given
from contrage.evaluation.statistics.gap import ALL
from contrage.tables import read_tsv

TITLE = "The oracle"
NEEDS = ("predictions", "scans", "truth")
SETTINGS = ("evaluations.oracle",)
COLUMNS = {}  # the page has its table, see contrage.report.elements.told
ROUNDING = 1e-6
"""Part of an error that decimals of tables come to."""
ORACLE, COHORT, BRAIN_AGE = "oracle", "cohort", "brain_age"
IN_FILE = ("cohort", "row", "mae", "oracle", "difference", "se", "is_below", "n_participants")
IN_FILE += ("n_seeds", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Compare each row with the brain age that a phantom plants in everyone, on its test people.

    Returns
    -------
    DataFrame
        With columns cohort ("all", then each of a merged one), row (the oracle first), mae (mean
        over people of the error of each, over scans and seeds), oracle (that of the planted brain
        age on the same scans), difference (mae − oracle), se (of it, over people), is_below
        (whether the row errs less than the oracle by more than that), n_participants, n_seeds,
        note.
    """
    assert given.scans is not None
    scans = _planted(given.scans, given.truth)
    lines = []
    for cohort, part in _parts(scans):
        people = {row: _by_person(given, row, part) for row in given.rows}
        seeds = {row: len(given.predictions[row]) for row in given.rows}
        own = [_line(cohort, row, people[row], seeds[row]) for row in given.rows]
        if own and own[0]["note"] is None:
            first = {**own[0], "row": ORACLE, "mae": own[0]["oracle"], "n_seeds": 0}
            lines.append(first | {"difference": 0.0, "se": 0.0, "is_below": "false"})
        lines += own
    return pd.DataFrame(lines, columns=list(IN_FILE))


def _planted(scans: Path, files: list[Path]) -> pd.DataFrame:
    """Return the scans with the brain age that stands in the truth, missing where none does.

    Ids are the owner's there: 002_S_0001 is sub-002S0001 here, after its cohort in a merged one.
    Owners who scan everybody once have no sessions.
    """
    known: dict[tuple[str, str | None], float] = {}
    for file in files:
        for line in read_tsv(file, as_text=True).itertuples():
            label = "".join(each for each in line.participant_id if each.isalnum())
            known[label, line.session] = float(line.brain_age)
            known.setdefault((label, None), float(line.brain_age))
    table = read_tsv(scans, as_text=True)
    cohorts = table[COHORT] if COHORT in table else pd.Series("", table.index)
    sessions = table["session"] if "session" in table else pd.Series(None, table.index, object)
    found = []
    for person, cohort, session in zip(table["participant_id"], cohorts, sessions, strict=True):
        label = person.removeprefix("sub-").removeprefix(f"{cohort}-" if cohort else "")
        found.append(known.get((label, session if isinstance(session, str) else None), np.nan))
    return table[["scan_id"]].assign(cohort=cohorts, brain_age=found)


def _parts(scans: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield all scans, then those of each cohort of a merged one."""
    yield ALL, scans
    if scans[COHORT].nunique() > 1:
        yield from ((str(name), part) for name, part in scans.groupby(COHORT))


def _by_person(given: Given, row: str, scans: pd.DataFrame) -> pd.DataFrame:
    """Return the mean errors of each test person: of the row, of the oracle."""
    planted = scans.set_index("scan_id")[BRAIN_AGE]
    tests = pd.concat([frame[frame["split"] == REPORTED] for frame in given.frames(row)])
    tests = tests.assign(planted=tests["scan_id"].map(planted)).dropna(subset="planted")
    errors = {
        "own": (tests["predicted"] - tests["target"]).abs(),
        ORACLE: (tests["planted"] - tests["target"]).abs(),
    }
    return pd.DataFrame(errors).groupby(tests["participant_id"]).mean()


def _line(cohort: str, row: str, people: pd.DataFrame, seeds: int) -> dict[str, Any]:
    head = {"cohort": cohort, "row": row, "n_participants": len(people), "n_seeds": seeds}
    if not len(people):
        return head | {"note": "nobody who was tested stands in the truth"}
    difference = people["own"] - people[ORACLE]
    mean, error = difference.mean(), difference.std(ddof=1) / np.sqrt(len(people))
    far = max(error, ROUNDING * people[ORACLE].mean())
    return head | {
        "mae": people["own"].mean(),
        "oracle": people[ORACLE].mean(),
        "difference": mean,
        "se": error,
        "is_below": "true" if mean < -far else "false",
        "note": None,
    }
