"""Sessions that an owner lists, joined with the arrays that were made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contrage.cohort.owners.labels import bare_label, label_of
from contrage.cohort.owners.prepared import PreparedScan, PreparedScans, prepared, session_name
from contrage.cohort.scans import Choice, Cohort, Exclusion, Scan, age_limits, usable_rows
from contrage.cohort.stored import where_arrays
from contrage.cohort.unusable import why_unusable
from contrage.errors import TableError, few
from contrage.participants.match import OTHERWISE, match, told_otherwise
from contrage.scan_ids import scan_id
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import Table


@dataclass(frozen=True)
class Session:
    """A scan as an owner's tables tell it.

    Attributes
    ----------
    person : str
        The owner's id.
    session : str
        Without ses-.
    age : float or str or None
        In years.
    sex, site : str or None
    columns : dict of str to str or None
        What is kept beside these.
    line : int
        Where it stands in the list of sessions.
    run : int or None
        Of the session; None for the lowest of which there is an array.
    taken : str
        The image that was chosen; empty where there was no choice.
    others : tuple of str
        The images that it was chosen among.
    reason : str
        Why the line cannot be used; empty where it can.
    apart : str
        Why it has no part although the line can be used, which makes no line a bad one.
    """

    person: str
    session: str
    age: float | str | None
    sex: str | None
    site: str | None
    columns: dict[str, str | None]
    line: int
    run: int | None = 1
    taken: str = ""
    others: tuple[str, ...] = ()
    reason: str = ""
    apart: str = ""


@dataclass(frozen=True)
class _Pair:
    """A session, and the array that was made of it; None where there is none."""

    session: Session
    stored: PreparedScan | None

    @property
    def row(self) -> dict[str, Any]:
        """The line as `usable_rows` takes it; ids are those that the arrays have."""
        session, stored = self.session, self.stored
        label = stored.label if stored else label_of(session.person)
        name = stored.name if stored else session_name(session.session, session.run or 1)
        told = {"participant_id": label, "session": name, "age": session.age, "pair": self}
        return {**told, "line": session.line, "reason": session.reason}

    @property
    def scan_id(self) -> str:
        """Return "sub-X_ses-Y"."""
        return scan_id(f"sub-{self.row['participant_id']}", self.row["session"])


def joined(
    settings: CohortStep,
    sessions: Sequence[Session],
    listed: Path,
    tables: Sequence[Table],
    notes: Sequence[str],
) -> Cohort:
    """Return the cohort of those sessions of which there is an array, and why the others have none.

    Parameters
    ----------
    settings : CohortStep
    sessions : sequence of Session
    listed : Path
        The list of sessions, named in messages.
    tables : sequence of Table
        All that was read.
    notes : sequence of str

    Raises
    ------
    TableError
        With `on_bad_scan` fail if a line cannot be used or has no array; if two lines are one
        scan, or ids and arrays cannot be matched.
    SettingsError
        If there is nothing that features could be divided by.
    """
    found = prepared(where_arrays(settings))
    pairs, matched = _pairs(sessions, found, listed)
    rows = [pair.row for pair in pairs if not pair.session.apart]
    good, excluded = usable_rows(
        rows,
        listed,
        settings.on_bad_scan,
        needs_age=not settings.target,
        limits=age_limits(settings),
    )
    apart = [pair for pair in pairs if pair.session.apart]
    excluded += [Exclusion(pair.scan_id, "table", pair.session.apart) for pair in apart]
    reasons = {row["scan_id"]: _without(row["pair"], settings.ending) for row in good}
    missing = [Exclusion(name, "import", reason) for name, reason in reasons.items() if reason]
    if missing and settings.on_bad_scan == "fail":
        named = few([f"{each.scan_id}: {each.reason}" for each in missing], "; ")
        raise TableError(
            f"{settings.path}: {named}. Add them, or set cohort.on_bad_scan to exclude"
        )
    kept = [row for row in good if not reasons[row["scan_id"]]]
    return Cohort(
        scans=[_scan(row, settings.image) for row in kept],
        excluded=excluded + missing,
        tables=[*(str(table.path) for table in tables), *found.tables],
        notes=[*notes, *matched, *_unlisted(found, pairs, listed), *_counted(apart)],
        choices=[_choice(row, settings.image) for row in kept if row["pair"].session.others],
    )


def _pairs(
    sessions: Sequence[Session], found: PreparedScans, listed: Path
) -> tuple[list[_Pair], list[str]]:
    """Return each session with its array, and a line on labels that are written otherwise."""
    labels, told = _labels(found, listed), _told(sessions, listed)
    meant = match(told, labels, listed)
    days = dict.fromkeys((label, each.session) for label, each in zip(told, sessions, strict=True))
    scanned = Counter(label for label, _ in days)
    runs: dict[tuple[str, str | None], dict[int, PreparedScan]] = {}
    for scan in found.scans:
        runs.setdefault((scan.label, scan.session), {})[scan.run] = scan
    pairs = []
    for label, each in zip(told, sessions, strict=True):
        own = labels.get(meant.get(label, ""), "")
        there = runs.get((own, each.session), {})
        if not there and scanned[label] == 1:
            there = runs.get((own, None), {})
        session = _chosen(each, there)
        pairs.append(_Pair(session, there.get(session.run or 1)))
    note = told_otherwise(meant, listed)
    return pairs, [f"{OTHERWISE}: {note}"] if note else []


def _labels(found: PreparedScans, listed: Path) -> dict[str, str]:
    """Return the labels of arrays without the study's name → as they are."""
    there = {scan.label for scan in found.scans}
    labels = {bare_label(label): label for label in sorted(there)}
    if len(labels) < len(there):
        raise TableError(
            f"{listed}: arrays of {few(sorted(there - set(labels.values())))} are there under "
            "another name as well; keep one"
        )
    return labels


def _told(sessions: Sequence[Session], listed: Path) -> list[str]:
    """Return the labels of a list's people."""
    labels, persons = [], dict[str, str]()
    for each in sessions:
        label = label_of(each.person)
        if persons.setdefault(label, each.person) != each.person:
            raise TableError(
                f"{listed}: {persons[label]} and {each.person} differ by signs alone, and would "
                "be one person; write them alike"
            )
        labels.append(label)
    return labels


def _chosen(session: Session, runs: dict[int, PreparedScan]) -> Session:
    """Return a session with its run, the lowest that is there where the list says none."""
    if session.run is not None:
        return session
    lowest, *others = sorted(runs) or [1]
    names = tuple(f"run-{run}" for run in others)
    return replace(session, run=lowest, taken=f"run-{lowest}", others=names)


def _without(pair: _Pair, ending: str) -> str:
    """Return why a scan has no array, empty where it has one."""
    if pair.stored is None:
        return f"no array {pair.scan_id}_{ending}, and no row in a table of regions"
    path = pair.stored.stored.path
    unusable = why_unusable(path)
    return f"{path.name} {unusable}" if unusable else ""


def _scan(row: dict[str, Any], image: str) -> Scan:
    session: Session = row["pair"].session
    return Scan(
        participant_id=row["participant_id"],
        age=row["age"],
        session=row["session"],
        sex=session.sex,
        site=session.site,
        images={image: str(row["pair"].stored.stored.path)},
        columns=session.columns,
    )


def _choice(row: dict[str, Any], image: str) -> Choice:
    session: Session = row["pair"].session
    return Choice(row["scan_id"], image, session.taken, list(session.others))


def _unlisted(found: PreparedScans, pairs: Sequence[_Pair], listed: Path) -> list[str]:
    """Return a line on arrays that no session asks for; of further runs another one was chosen."""
    asked = {(pair.stored.label, pair.stored.session) for pair in pairs if pair.stored}
    names = [scan.scan_id for scan in found.scans if (scan.label, scan.session) not in asked]
    return [f"arrays of no session in {listed.name}: {few(names)}"] if names else []


def _counted(apart: Sequence[_Pair]) -> list[str]:
    """Return a line on sessions that have no part."""
    named = [f"{pair.scan_id}: {pair.session.apart}" for pair in apart]
    if not named:
        return []
    return [f"sessions that have no part ({len(named)}): {few(named, '; ', most=3)}"]
