"""Several cohorts as one, before any array is read: whose scans there are, and who is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contrage.cohort.exclude import STAGE, reason_told
from contrage.cohort.same_people import Renamed, rename, told_joined
from contrage.cohort.scans import Cohort, Exclusion, Scan
from contrage.errors import SettingsError, few

COHORT = "cohort"
"""The column that says from which cohort a scan of a merged one is."""


def merge(
    members: Mapping[str, Cohort],
    columns: Sequence[str],
    same_ids: str,
    by_reader: Mapping[str, Mapping[str, str]],
) -> Cohort:
    """Return the people of several cohorts as one cohort.

    Parameters
    ----------
    members : mapping
        Name → cohort, in the order in which they are merged.
    columns : sequence of str
        What to keep beside age, sex and site, without `cohort`, which is always kept; missing of
        the scans of a member that does not have it.
    same_ids : str
        As for `contrage.cohort.same_people.rename`.
    by_reader : mapping
        Name → scan_id → reason of the scans that a member's reader leaves out (`cohort.exclude`).

    Returns
    -------
    Cohort
        Ids and sites begin with the name of their cohort; ids of sessions do where a person has
        an id of an earlier cohort.

    Raises
    ------
    SettingsError
        As `rename` does, or if two scans would have one id.
    """
    renamed = renamed_in(members, same_ids)
    merged = Cohort([], notes=told_joined(renamed))
    for of in renamed:
        _add(merged, members[of.cohort], of, columns, by_reader.get(of.cohort, {}))
    check_scans([scan.scan_id for scan in merged.scans])
    merged.tables[:] = dict.fromkeys(merged.tables)
    merged.notes.extend(_of_two_sexes(merged.scans))
    merged.scans.sort(key=lambda scan: scan.scan_id)
    return merged


def renamed_in(members: Mapping[str, Cohort], same_ids: str) -> list[Renamed]:
    """Return what ids and labels of each member are in the merged cohort."""
    people = {
        name: dict.fromkeys(scan.participant_id for scan in own.scans)
        for name, own in members.items()
    }
    return rename(people, same_ids)


def _add(
    merged: Cohort,
    own: Cohort,
    of: Renamed,
    columns: Sequence[str],
    by_reader: Mapping[str, str],
) -> None:
    """Put a member's people and what is told of them into the merged cohort."""
    for scan in own.scans:
        if scan.scan_id in by_reader:
            reason = reason_told(by_reader[scan.scan_id])
            merged.excluded.append(Exclusion(of.scan(scan.scan_id), STAGE, reason))
        else:
            merged.scans.append(_renamed(scan, of, columns))
    merged.excluded += [replace(each, scan_id=of.scan(each.scan_id)) for each in own.excluded]
    merged.choices += [replace(each, scan_id=of.scan(each.scan_id)) for each in own.choices]
    merged.notes += [f"{of.cohort}: {note}" for note in own.notes]
    merged.tables += own.tables


def _renamed(scan: Scan, of: Renamed, columns: Sequence[str]) -> Scan:
    return replace(
        scan,
        participant_id=of.person(scan.participant_id),
        session=of.session(scan.participant_id, scan.session),
        site=of.site(scan.site),
        columns={COHORT: of.cohort, **{name: scan.columns.get(name) for name in columns}},
    )


def check_scans(ids: Sequence[str]) -> None:
    """Raise `SettingsError` if two scans of a merged cohort would have one id."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise SettingsError(
                f"cohort: two scans would be {name}; give one of the cohorts another name"
            )
        seen.add(name)


def _of_two_sexes(scans: Sequence[Scan]) -> list[str]:
    """Return a line on people with one id whose cohorts disagree about their sex."""
    told: dict[str, dict[str, None]] = defaultdict(dict)
    for scan in scans:
        if scan.sex:
            told[scan.participant_id][scan.sex] = None
    both = [name for name, sexes in told.items() if len(sexes) > 1]
    return [f"tables disagree about the sex of {few(both)}: is it one person?"] if both else []
