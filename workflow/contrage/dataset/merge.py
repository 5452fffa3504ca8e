"""Cohorts merged into one: their tables of scans, and their arrays one after the other."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrage.bids import sidecar_of
from contrage.cohort.duplicates import REFUSE, digest_of, same_arrays, same_rows
from contrage.cohort.exclude import read_exclusions
from contrage.cohort.merge import COHORT, merge, renamed_in
from contrage.cohort.register import COLUMNS, write_choices, write_exclusions
from contrage.cohort.scans import Choice, Cohort, Exclusion, Scan
from contrage.dataset.concatenate import Part, concatenate, order_of
from contrage.dataset.features import describe
from contrage.dataset.sidecar import place_of, write_array_sidecar
from contrage.errors import BadScanError, TableError, few
from contrage.files import open_array, read_json, write_text
from contrage.modalities.pet import is_same_place
from contrage.settings.build import as_plain
from contrage.settings.steps.merge import MergeStep
from contrage.tables import read_tsv, write_tsv

log = logging.getLogger(__name__)


def merge_cohorts(
    settings: MergeStep,
    *,
    scans: list[Path],
    excluded: list[Path],
    choices: list[Path],
    notes: list[Path],
    arrays: list[Path],
    rows: list[Path],
    exclude: dict[str, Path],
    merged_scans: Path,
    merged_excluded: Path,
    merged_choices: Path,
    merged_notes: Path,
    array: Path,
    merged_rows: Path,
    features: list[Path] | None = None,
    columns: Path | None = None,
) -> None:
    """Write the tables and the array of a merged cohort out of those of its members.

    Parameters
    ----------
    settings : MergeStep
    scans, excluded, choices, notes : list of Path
        The members' tables; `excluded` with those whose array cannot be used.
    arrays, rows : list of Path
        The members' arrays, and which scan stands in which row.
    exclude : dict of str to Path
        Member → its reader's list of scans to leave out.
    merged_scans, merged_excluded, merged_choices, merged_notes : Path
        Outputs, as the step `cohort` writes them, with a column `cohort`.
    array : Path
        Output: all rows of the first member's array, then those of the next, to the byte; a
        member's features in the order of the first one's, where they have names. Of a few scans at
        a time in memory. The JSON beside it names the members' arrays with their SHA-256.
    merged_rows : Path
        Output: scan_id and row of each usable scan.
    features : list of Path, optional
        The members' tables of features, where they are tables.
    columns : Path, optional
        Output, likewise: feature, missing, constant.

    Raises
    ------
    SettingsError, TableError
        If people, shapes or features cannot be merged.
    BadScanError
        If two people of two cohorts have one array, as `duplicates` and `on_bad_scan` say.
    """
    members = {
        name: _cohort(*files)
        for name, *files in zip(settings.members, scans, excluded, choices, notes, strict=True)
    }
    by_reader = {name: read_exclusions(path, _all(members[name])) for name, path in exclude.items()}
    merged = merge(members, settings.columns, settings.same_ids, by_reader)
    named = [_names(*each) for each in zip(arrays, features or [None] * len(arrays), strict=True)]
    place = _one_place(settings.members, arrays)
    digests = concatenate(array, _parts(settings.members, arrays, named))
    placed = _placed(settings, members, rows, arrays)
    used = {scan.scan_id: placed[scan.scan_id] for scan in merged.scans if scan.scan_id in placed}
    bad = _judged(settings, array, _twins(array, used, digests, is_table=columns is not None))
    merged.excluded += [Exclusion(name, "check", reason) for name, reason in bad.items()]
    good = [(name, at.row) for name, at in used.items() if name not in bad]
    write_tsv(merged_rows, pd.DataFrame(good, columns=["scan_id", "row"]))
    made = {"function": "contrage.dataset.merge.merge_cohorts", "parameters": as_plain(settings)}
    regions = columns is None and all(named)
    sources = dict(zip(settings.members, arrays, strict=True))
    told = _told(members, settings, arrays, {name for name, _ in good})
    write_array_sidecar(
        array, sources, made, features=named[0] if regions else [], told=told, place=place
    )
    if columns is not None:
        write_tsv(columns, describe(named[0], np.asarray(open_array(array))))
    _write_people(merged, settings, merged_scans)
    write_exclusions(merged_excluded, merged.excluded)
    write_choices(merged_choices, merged.choices)
    write_text(merged_notes, "".join(f"{line}\n" for line in merged.notes))
    log.info("%d scans of %d cohorts, %d left out", len(good), len(members), len(merged.excluded))


@dataclass(frozen=True)
class _Stands:
    """Where a scan stands in the merged array, and from which member it is."""

    row: int
    cohort: str


def _cohort(scans: Path, excluded: Path, choices: Path, notes: Path) -> Cohort:
    """Return a member as its tables have it, cells as they stand there."""
    return Cohort(
        scans=[
            Scan(
                **{key: line[key] for key in COLUMNS if key != "scan_id"},
                columns={key: value for key, value in line.items() if key not in COLUMNS},
            )
            for line in _lines(scans)
        ],
        excluded=[
            Exclusion(line["scan_id"], line["stage"], line["reason"]) for line in _lines(excluded)
        ],
        notes=notes.read_text(encoding="utf-8").splitlines(),
        choices=[
            Choice(**{**line, "others": (line["others"] or "").split()}) for line in _lines(choices)
        ],
    )


def _lines(table: Path) -> list[dict[str, Any]]:
    """Return the lines of one of our tables, as text; None where there is nothing."""
    found = read_tsv(table, as_text=True).to_dict("records")
    return [{key: None if pd.isna(cell) else cell for key, cell in each.items()} for each in found]


def _all(cohort: Cohort) -> list[str]:
    return [each.scan_id for each in (*cohort.scans, *cohort.excluded)]


def _names(array: Path, table: Path | None) -> list[str]:
    """Return the features of a member by name; none where they have no names."""
    if table is not None:
        return read_tsv(table, as_text=True)["feature"].tolist()
    named = read_json(sidecar_of(array))["contrage"].get("features", [])
    return named if len(named) == open_array(array).shape[-1] else []


def _one_place(members: Sequence[str], arrays: Sequence[Path]) -> dict[str, Any] | None:
    """Return the place of all members' volumes; None where arrays have none.

    Raises
    ------
    TableError
        Volumes of two members lie elsewhere, or were divided by another region's mean.
    """
    places = [place_of(path) for path in arrays]
    for name, path, place in zip(members, arrays, places, strict=True):
        if place is not None and not is_same_place(place, places[0]):
            raise TableError(
                f"{path}: volumes of {name} lie elsewhere than those of {members[0]}, or have "
                "another reference region; register all to one template"
            )
    return places[0]


def _parts(
    members: Sequence[str], arrays: Sequence[Path], named: Sequence[Sequence[str]]
) -> list[Part]:
    """Return the arrays with the order of their features, by name; where none has any, as it is.

    Raises
    ------
    TableError
        If some have names and some have none, or the features differ.
    """
    if not any(named):
        return [Part(name, path) for name, path in zip(members, arrays, strict=True)]
    if bare := [each for each in zip(members, arrays, named, strict=True) if not each[2]]:
        name, path, _ = bare[0]
        known = next(of for of, own in zip(members, named, strict=True) if own)
        raise TableError(
            f"{path}: features of {name} have no names, those of {known} have: which is which "
            "cannot be told by their number; name them too (cohort.regions)"
        )
    return [
        Part(name, path, order_of(own, named[0], path, name, members[0]))
        for name, path, own in zip(members, arrays, named, strict=True)
    ]


def _placed(
    settings: MergeStep,
    members: dict[str, Cohort],
    rows: Sequence[Path],
    arrays: Sequence[Path],
) -> dict[str, _Stands]:
    """Return where each usable scan of the members stands in the merged array."""
    found, before = {}, 0
    renamed = renamed_in(members, settings.same_ids)
    for of, table, array in zip(renamed, rows, arrays, strict=True):
        lines = read_tsv(table)
        for name, row in zip(lines["scan_id"], lines["row"], strict=True):
            found[of.scan(name)] = _Stands(before + int(row), of.cohort)
        before += len(open_array(array))
    return found


def _told(
    members: dict[str, Cohort], settings: MergeStep, arrays: Sequence[Path], good: Container[str]
) -> dict[str, list[str]]:
    """Return what had to be done to the members' files so that they fit → the scans here."""
    found: dict[str, list[str]] = defaultdict(list)
    renamed = renamed_in(members, settings.same_ids)
    for of, array in zip(renamed, arrays, strict=True):
        sidecar = sidecar_of(array)
        own = read_json(sidecar)["contrage"].get("told", {}) if sidecar.is_file() else {}
        for what, scans in own.items():
            found[what] += [scan for name in scans if (scan := of.scan(name)) in good]
    return {what: scans for what, scans in found.items() if scans}


def _twins(
    array: Path, used: Mapping[str, _Stands], digests: Sequence[str], *, is_table: bool
) -> dict[str, str]:
    """Return the scans of which another person of another member has the same values.

    Those of one member have been judged with it.
    """
    names = list(used)
    if is_table:
        values = np.asarray(open_array(array))[[used[name].row for name in names]] + 0.0
        found = same_rows(names, values)
        digest = {name: digest_of(row) for name, row in zip(names, values, strict=True)}
    else:
        digest = {name: digests[used[name].row] for name in names}
        found = same_arrays(digest)
    cohorts: dict[str, set[str]] = defaultdict(set)
    for name in names:
        cohorts[digest[name]].add(used[name].cohort)
    return {name: reason for name, reason in found.items() if len(cohorts[digest[name]]) > 1}


def _judged(settings: MergeStep, array: Path, twins: dict[str, str]) -> dict[str, str]:
    """Return the scans that are bad since somebody of another member has the same, or refuse them.

    Raises
    ------
    BadScanError
        As `on_bad_scan` says; all are named.
    """
    for name, reason in twins.items():
        log.warning("%s %s", name, reason)
    if not twins or settings.duplicates != REFUSE:
        return {}
    if settings.on_bad_scan == "fail":
        first, *others = twins
        more = f" So have others: {few(others)}." if others else ""
        raise BadScanError(
            array,
            f"{first} {twins[first]}.{more} Or set, of the merged cohort, cohort.on_bad_scan to "
            "exclude, or cohort.duplicates to keep",
        )
    return twins


def _write_people(merged: Cohort, settings: MergeStep, path: Path) -> None:
    columns = [*COLUMNS, COHORT, *settings.columns]
    lines = [
        {**{key: getattr(scan, key) for key in COLUMNS}, **scan.columns} for scan in merged.scans
    ]
    write_tsv(path, pd.DataFrame(lines, columns=columns))
