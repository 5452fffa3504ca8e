"""Sessions that an owner lists, joined with the arrays that were made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contrage.cohort.match import OTHERWISE, match, told_otherwise
from contrage.cohort.owners.labels import bare_label, label_of
from contrage.cohort.owners.prepared import Prepared, PreparedScan, session_name
from contrage.cohort.scans import Choice, Cohort, Exclusion, Scan, age_limits, usable_rows
from contrage.cohort.unusable import why_unusable
from contrage.errors import TableError, few
from contrage.scan_ids import scan_id
from contrage.settings.steps.cohort import CohortStep


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


def joined(
    settings: CohortStep, sessions: Sequence[Session], found: Prepared, listed: Path, ending: str
) -> Cohort:
    """Return the cohort of those sessions of which there is an array, and why the others have none.

    Parameters
    ----------
    settings : CohortStep
    sessions : sequence of Session
    found : Prepared
    listed : Path
        The list of sessions, named in messages.
    ending : str
        Of the arrays' files.

    Raises
    ------
    TableError
        With `on_bad_scan` fail if a line cannot be used or has no array; if two lines are one
        scan, or ids and arrays cannot be matched.
    """
    places = _places(sessions, found, listed)
    apart = [(each, scan) for each, scan in places.pairs if each.apart]
    rows = [_row(each, scan) for each, scan in places.pairs if not each.apart]
    bad, limits = settings.on_bad_scan, age_limits(settings)
    good, excluded = usable_rows(
        rows, listed, bad, needs_age=not settings.target, limits=limits
    )
    excluded += [Exclusion(_name(each, scan), "table", each.apart) for each, scan in apart]
    scans, missing, choices = [], [], []
    for row in good:
        session: Session = row["of"]
        stored: PreparedScan | None = row["stored"]
        reason = _without(row["scan_id"], stored, ending)
        if reason or stored is None:
            missing.append(Exclusion(row["scan_id"], "import", reason))
            continue
        scans.append(_scan(row, session, stored, settings.image))
        if session.others:
            names = list(session.others)
            choices.append(Choice(row["scan_id"], settings.image, session.taken, names))
    if missing and bad == "fail":
        named = few([f"{each.scan_id}: {each.reason}" for each in missing], "; ")
        raise TableError(
            f"{settings.path}: {named}. Add them, or set cohort.on_bad_scan to exclude"
        )
    notes = [*places.notes, *_unlisted(found, [scan for _, scan in places.pairs], listed)]
    return Cohort(scans, excluded + missing, found.tables, notes + _counted(apart), choices)


@dataclass(frozen=True)
class _Places:
    """Each session with its array, None where there is none, and what a reader should know."""

    pairs: list[tuple[Session, PreparedScan | None]]
    notes: list[str]


def _places(sessions: Sequence[Session], found: Prepared, listed: Path) -> _Places:
    labels = {bare_label(scan.label): scan.label for scan in found.scans}
    if len(labels) < len({scan.label for scan in found.scans}):
        both = sorted({scan.label for scan in found.scans} - set(labels.values()))
        raise TableError(
            f"{listed}: arrays of {few(both)} are there under another name as well; keep one"
        )
    told = [label_of(each.person) for each in sessions]
    persons: dict[str, str] = {}
    for label, each in zip(told, sessions, strict=True):
        if persons.setdefault(label, each.person) != each.person:
            raise TableError(
                f"{listed}: {persons[label]} and {each.person} differ by signs alone, and would "
                "be one person; write them alike"
            )
    meant = match(told, labels, listed)
    days = Counter(dict.fromkeys((label, each.session) for label, each in zip(told, sessions)))
    single = Counter(label for label, _ in days)
    runs: dict[tuple[str, str | None], dict[int, PreparedScan]] = {}
    for scan in found.scans:
        runs.setdefault((scan.label, scan.session), {})[scan.run] = scan
    pairs: list[tuple[Session, PreparedScan | None]] = []
    for label, each in zip(told, sessions, strict=True):
        own = labels.get(meant.get(label, ""), "")
        there = runs.get((own, each.session)) or (runs.get((own, None)) if single[label] == 1 else None)
        chosen = _chosen(each, there or {})
        pairs.append((chosen, (there or {}).get(chosen.run)))
    note = told_otherwise(meant, listed)
    return _Places(pairs, [f"{OTHERWISE}: {note}"] if note else [])


def _chosen(session: Session, runs: dict[int, PreparedScan]) -> Session:
    """Return a session with its run, the lowest that is there where the list says none."""
    if session.run is not None:
        return session
    lowest, *others = sorted(runs) or [1]
    names = tuple(f"run-{run}" for run in others)
    return replace(session, run=lowest, taken=f"run-{lowest}", others=names)


def _row(session: Session, scan: PreparedScan | None) -> dict[str, Any]:
    """Return a line as `usable_rows` takes it."""
    label = scan.label if scan else label_of(session.person)
    name = scan.name if scan else session_name(session.session, session.run)
    told = {"participant_id": label, "session": name, "age": session.age, "line": session.line}
    return {**told, "reason": session.reason, "of": session, "stored": scan}


def _name(session: Session, scan: PreparedScan | None) -> str:
    row = _row(session, scan)
    return scan_id(f"sub-{row['participant_id']}", row["session"])


def _without(name: str, stored: PreparedScan | None, ending: str) -> str:
    """Return why a scan has no array, empty where it has one."""
    if stored is None:
        return f"no array {name}_{ending}, and no row in a table of regions"
    path = stored.stored.path
    unusable = why_unusable(path)
    return f"{path.name} {unusable}" if unusable else ""


def _scan(row: dict[str, Any], session: Session, stored: PreparedScan, image: str) -> Scan:
    return Scan(
        participant_id=row["participant_id"],
        age=row["age"],
        session=row["session"],
        sex=session.sex,
        site=session.site,
        images={image: str(stored.stored.path)},
        columns=session.columns,
    )


def _unlisted(
    found: Prepared, used: Sequence[PreparedScan | None], listed: Path
) -> list[str]:
    """Return a line on arrays that no session asks for."""
    asked = {(scan.label, scan.session) for scan in used if scan}
    names = [scan.scan_id for scan in found.scans if (scan.label, scan.session) not in asked]
    return [f"arrays of no session in {listed.name}: {few(names)}"] if names else []


def _counted(apart: Sequence[tuple[Session, PreparedScan | None]]) -> list[str]:
    """Return a line on sessions that have no part."""
    if not apart:
        return []
    named = [f"{_name(each, scan)}: {each.apart}" for each, scan in apart]
    return [f"sessions that have no part ({len(apart)}): {few(named, '; ', most=3)}"]
