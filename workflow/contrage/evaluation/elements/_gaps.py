"""The gaps of every row, as the evaluations of groups read them.

Nothing here, or of what uses it, is an error of a prediction: a corrected gap has the truth in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from contrage.dataset.roles import APART, LEARNED_FROM, REPORTED, UNSCORED
from contrage.errors import TableError, few
from contrage.evaluation.elements._groups import control_of
from contrage.evaluation.given import Given
from contrage.evaluation.predictions import read
from contrage.evaluation.statistics.gap import ALL, CONTROL
from contrage.evaluation.statistics.gap.correct import KINDS, gaps
from contrage.evaluation.statistics.people import first_scans
from contrage.evaluation.statistics.tested import by_baseline
from contrage.settings.blocks.evaluations import GroupsSettings
from contrage.settings.build import build
from contrage.tables import read_tsv

COHORT = "cohort"
NO_COHORT = "(not given)"
NO_GROUP = ""


@dataclass(frozen=True)
class GapsOfCohort:
    """The gaps that a row finds in a cohort.

    Attributes
    ----------
    row, cohort : str
    scans : DataFrame
        seed (its place), scan_id, participant_id, group (of the scan; "" of none that is asked
        for), sex, split, fold, target (the age), raw,
        cole, residual: a line for each scan and seed. A kind that is refused is NaN everywhere.
    lines : DataFrame
        seed, fold, intercept, slope, n_controls.
    refused : dict of str to str
        Kind → why it is not there, in any seed.
    external : frozenset of str
        Groups of which somebody is external, and has no part.
    notes : tuple of str
        What else a reader must know.
    """

    row: str
    cohort: str
    scans: pd.DataFrame
    lines: pd.DataFrame
    refused: dict[str, str]
    external: frozenset[str]
    notes: tuple[str, ...]

    @property
    def averaged(self) -> pd.DataFrame:
        """The same with a line for each scan: the mean over seeds of each kind."""
        told = ["participant_id", "group", "sex", "target"]
        named = dict.fromkeys(told, "first") | dict.fromkeys(KINDS, "mean")
        return self.scans.groupby("scan_id", as_index=False, sort=True).agg(named)

    def without(self, group: str, said: str) -> list[str]:
        """Return what is said of a group with nobody, which is no news of an external one."""
        return [] if group in self.external else [said]

    def note(self, kind: str, *more: str) -> str | None:
        """Return all that is to be said of a kind, as one text."""
        said = [*more, *self.notes, *([self.refused[kind]] if kind in self.refused else [])]
        return "; ".join(said) or None


def groups_of(given: Given) -> GroupsSettings:
    """Return who are controls and patients."""
    return build(GroupsSettings, given.told["evaluations.groups"])


def kinds(correction: str) -> list[str]:
    """Return the kinds of gap, that which figures show before the others."""
    return sorted(("cole", "residual", "raw"), key=lambda kind: kind != correction)


def gaps_of_rows(given: Given, groups: GroupsSettings) -> Iterator[GapsOfCohort]:
    """Yield the gaps of every row in every cohort, those of the baseline `mean` last.

    Of the cohorts with people of the groups, all scans that are tested or predicted alone. A
    control is corrected by test scans of other folds' controls of the same cohort.

    Raises
    ------
    TableError
        If the table of scans lacks a column.
    """
    people = who(given, groups)
    frames = {row: given.frames(row) for row in given.rows}
    plain = [read(file, given.target) for file in given.baselines]
    frames |= {row: of for row, of in by_baseline(plain).items() if row == CONTROL}
    for row, seeds in frames.items():
        told = [frame.merge(people, on="scan_id") for frame in seeds]
        every = pd.concat(told)
        for cohort in sorted({*every.loc[every["group"] != NO_GROUP, COHORT]}):
            yield _of_cohort(
                row, cohort, [frame[frame[COHORT] == cohort] for frame in told], groups
            )


def who(given: Given, groups: GroupsSettings) -> pd.DataFrame:
    """Return scan_id, group ("" of none that is asked for), cohort and sex of all scans.

    All, because whose first scan is of none of the groups is in none of them.
    """
    assert given.scans is not None
    scans = read_tsv(given.scans, as_text=True)
    column = groups.cohort_column or (COHORT if COHORT in scans else None)
    for key, name in (("column", groups.column), ("cohort_column", column)):
        if name is not None and name not in scans:
            raise TableError(
                f"evaluations.groups.{key}: {given.scans} has no column {name!r}; there are "
                f"{few(list(scans), most=12)}"
            )
    named = dict.fromkeys(groups.controls, control_of(groups)) | {n: n for n in groups.patients}
    found = pd.DataFrame({"scan_id": scans["scan_id"], "group": scans[groups.column].map(named)})
    found["group"] = found["group"].fillna(NO_GROUP)
    found[COHORT] = scans[column].fillna(NO_COHORT) if column else ALL
    found["sex"] = scans.get("sex")
    return found


def _of_cohort(
    row: str, cohort: str, seeds: Sequence[pd.DataFrame], groups: GroupsSettings
) -> GapsOfCohort:
    scans, lines, refused = [], [], {}
    for seed, frame in enumerate(seeds):
        part = frame[frame["split"].isin([REPORTED, UNSCORED])]
        is_control = (part["group"] == control_of(groups)) & (part["split"] == REPORTED)
        found = gaps(part, is_control)
        scans.append(part.join(found.scans).assign(seed=seed))
        lines.append(found.lines.assign(seed=seed))
        refused = found.refused | refused
    every = pd.concat(scans, ignore_index=True)
    every[list(refused)] = float("nan")
    kept = ["seed", "scan_id", "participant_id", "group", "sex", "split", "fold", "target", *KINDS]
    told = pd.concat(seeds)
    external = frozenset(told.loc[told["split"] == APART, "group"]) - {NO_GROUP}
    notes = _notes(told, every, external, groups)
    return GapsOfCohort(row, cohort, every[kept], pd.concat(lines), refused, external, notes)


def _notes(
    frame: pd.DataFrame, used: pd.DataFrame, external: frozenset[str], groups: GroupsSettings
) -> tuple[str, ...]:
    """Say what is amiss with the people of a cohort."""
    found = []
    learned = frame[(frame["split"] == LEARNED_FROM) & frame["group"].isin(groups.patients)]
    if len(learned):
        found.append(
            f"{learned['participant_id'].nunique()} patients were learned from, which makes their "
            f"gaps small: set dataset.learn_from to {{{groups.column}: {list(groups.controls)}}}"
        )
    if control_of(groups) in external:
        found.append("controls of this cohort are external and have no part here")
    elif not (used["group"] == control_of(groups)).any():
        found.append(f"no control ({', '.join(groups.controls)}) was tested")
    return tuple(found)


def by_first(scans: pd.DataFrame) -> pd.DataFrame:
    """Return scans with the group of each person's first one."""
    group = first_of_each(scans).set_index("participant_id")["group"]
    return scans.assign(group=scans["participant_id"].map(group))


def first_of_each(scans: pd.DataFrame) -> pd.DataFrame:
    """Return the first scan of each person; its group is the person's.

    Choose groups after that: whoever comes into a group later is not of it.
    """
    return scans.iloc[first_scans(scans["participant_id"], scans["target"])]
