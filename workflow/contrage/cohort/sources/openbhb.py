"""OpenBHB as its owners hand it out, or as its challenge packs it (Dufumier et al., 2022).

participants.tsv and an array per person (`train/derivatives/sub-X/ses-1/sub-X_…_T1w.npy`), or the
challenge's tables and arrays of all people. The official split is the column `split`; the site is
`siteXacq`, of scanner and protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.cohort.array_files import find_all, why_none
from contrage.cohort.owners import openbhb_challenge as challenge
from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.visits import HC
from contrage.cohort.scans import (
    Cohort,
    Exclusion,
    Scan,
    age_limits,
    participant_label,
    usable_rows,
)
from contrage.cohort.stored import Stored, StoredArrays, where_arrays
from contrage.errors import BadScanError, SettingsError, TableError, few
from contrage.participants.described import sex_of
from contrage.participants.match import OTHERWISE, match, told_otherwise
from contrage.settings.steps.cohort import CohortStep, WhereArrays
from contrage.tables import Table, is_missing, read_table

if TYPE_CHECKING:
    import numpy as np

COMES_AS = "arrays"
ARRAYS = ("regions", "features_scale")
SETTINGS = ("path", "on_bad_scan", "image", "ending", "openbhb", *ARRAYS)
TABLE, KEY = "participants.tsv", "cohort.path"
SITE, SPLIT, CONTROL = "siteXacq", "split", "control"
TRAIN, EXTERNAL = "train", "external_test"
NEEDED = ("participant_id", "age", "sex", SITE, SPLIT)
OWN = ("diagnosis", "group", "date")


def read(settings: CohortStep) -> Cohort:
    """Read who is there, and find each person's array.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `openbhb`, `regions`, `features_scale`, `image`,
        `ending`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If a table or a column is not there, there are other people than in the release, a site of
        the external test is learned from; with `on_bad_scan` fail if an age cannot be used or a
        person has no array.
    SettingsError
        If there is nothing that features could be divided by.
    """
    folder = Path(settings.path)
    if (folder / TABLE).is_file():
        return _handed_out(settings, folder)
    if challenge.is_packed(folder):
        return _packed(settings, folder)
    raise TableError(
        f"{folder}: neither {TABLE} (beside the arrays) nor train.tsv (as the challenge packs "
        f"them) is there ({KEY})"
    )


def _handed_out(settings: CohortStep, folder: Path) -> Cohort:
    table, files = read_table(folder / TABLE), find_all(folder, settings.ending)
    names = {name: table.column(name, KEY) for name in NEEDED}
    _check_people(table.path, len(table.rows), settings.openbhb.people)
    told = ("participant_id", SPLIT, SITE)
    _check_sites(table.path, [[cells[names[name]] for name in told] for cells in table.rows])
    kept = KeptColumns(settings, OWN, (table,))
    rows = _rows(table, names, kept, settings.openbhb.group)
    labels = [row["participant_id"] for row in rows]
    meant = match(labels, [name.removeprefix("sub-") for name in files], table.path)
    rows = [{**row, "participant_id": meant.get(row["participant_id"], row["participant_id"])}
            for row in rows]  # fmt: skip
    good, excluded = _usable(rows, table.path, settings)
    reasons = {row["scan_id"]: why_none(row["scan_id"], files, settings.ending) for row in good}
    stored, note = _files(where_arrays(settings), table, files), told_otherwise(meant, table.path)
    notes = [f"{OTHERWISE}: {note}"] if note else []
    return _cohort(settings, good, excluded, reasons, stored, [str(table.path)], notes)


def _rows(
    table: Table, names: Mapping[str, str], kept: KeptColumns, group: str
) -> list[dict[str, Any]]:
    """Return a row per person as `usable_rows` takes it, ids as the table has them."""
    diagnosis, rows = table.find("diagnosis"), []
    for line, cells in zip(table.numbers, table.rows, strict=True):
        told = {name: cells[column] for name, column in names.items()}
        person = participant_label(told["participant_id"], table.path, line=line)
        own = _own(None if diagnosis is None else cells[diagnosis], group)
        row = {"participant_id": person.removeprefix("sub-"), "age": told["age"], "line": line}
        row |= {"sex": sex_of(_told(told["sex"]), {}, "sex"), "site": _told(told[SITE])}
        rows.append({**row, "columns": kept.of(own, (cells,))})
    return rows


def _packed(settings: CohortStep, folder: Path) -> Cohort:
    tables = challenge.tables(folder)
    people = challenge.people(tables)
    _check_people(folder, len(people), settings.openbhb.people)
    told = [(each.participant_id, each.part, each.site or "") for each in people]
    _check_sites(folder, told)
    _check_scale(settings.features_scale, settings.image, packed=True)
    folds = challenge.parts_of_folds(folder, people)
    kept = KeptColumns(settings, (*OWN, SPLIT, *folds), ())
    rows = [
        {
            "participant_id": each.participant_id,
            "age": each.age,
            "sex": None,
            "site": None if each.part == EXTERNAL else each.site,
            "columns": kept.of(
                _own(None, settings.openbhb.group)
                | {SPLIT: each.part}
                | {fold: of.get(each.participant_id) for fold, of in folds.items()}
            ),
        }
        for each in people
    ]
    good, excluded = _usable(rows, folder, settings)
    stored = challenge.stored(folder, people, settings.image)
    read_from = [str(table.path) for table in tables.values()]
    read_from += [str(folder / challenge.FOLDS)] if folds else []
    notes = ["people are read as the challenge packs them; the external test has no site"]
    return _cohort(settings, good, excluded, {}, stored, read_from, notes)


def _usable(
    rows: list[dict[str, Any]], path: Path, settings: CohortStep
) -> tuple[list[dict[str, Any]], list[Exclusion]]:
    return usable_rows(
        rows,
        path,
        settings.on_bad_scan,
        needs_age=not settings.target,
        limits=age_limits(settings),
    )


def _cohort(
    settings: CohortStep,
    rows: list[dict[str, Any]],
    excluded: list[Exclusion],
    reasons: Mapping[str, str | None],
    stored: Mapping[str, Stored],
    tables: list[str],
    notes: list[str],
) -> Cohort:
    scans, missing = [], []
    for row in rows:
        if reason := reasons.get(row["scan_id"]):
            missing.append(Exclusion(row["scan_id"], "import", reason))
            continue
        scans.append(
            Scan(
                participant_id=row["participant_id"],
                age=row["age"],
                sex=row["sex"],
                site=row["site"],
                images={settings.image: str(stored[row["scan_id"]].path)},
                columns=row["columns"],
            )
        )
    if missing and settings.on_bad_scan == "fail":
        named = few([f"{each.scan_id}: {each.reason}" for each in missing], "; ")
        raise TableError(
            f"{settings.path}: {named}. Fetch the arrays, or set cohort.on_bad_scan to exclude"
        )
    return Cohort(scans, excluded + missing, tables, notes)


def _own(diagnosis: str | None, group: str) -> dict[str, str | None]:
    """Return what is so of everybody: controls, scanned once on a day that is not told."""
    found = HC if is_missing(diagnosis) or diagnosis == CONTROL else diagnosis
    return {"diagnosis": found, "group": group if found == HC else None, "date": None}


def _told(cell: str) -> str | None:
    return None if is_missing(cell) else cell


def _check_people(path: Path, found: int, expected: int | None) -> None:
    if expected is not None and found != expected:
        raise TableError(
            f"{path}: {found:,} people are there, not {expected:,} as in the release "
            "(cohort.openbhb.people); fetch the table again, or set it to null for a selection"
        )


def _check_sites(path: Path, people: Sequence[Sequence[str]]) -> None:
    """Refuse people of the external test whose site is learned from, by id, part and site."""
    learned = {site for _, part, site in people if part == TRAIN and not is_missing(site)}
    wrong = [f"{person} ({site})" for person, part, site in people
             if part == EXTERNAL and site in learned]  # fmt: skip
    if wrong:
        raise TableError(
            f"{path}: people of {EXTERNAL} are from sites of {TRAIN} ({SITE}): {few(wrong)}; the "
            "release has none such, fetch the table again"
        )


def _check_scale(scale: str, image: str, packed: bool = False) -> None:
    if scale == "tiv" and (packed or image != "vbm_roi"):
        what = "the challenge packs no intracranial volume" if packed else f"{image} has no volumes"
        raise SettingsError(
            f"cohort.features_scale: tiv is for the regional volumes of cohort.image: vbm_roi, and "
            f"{what}; set it to none"
        )


def find(where: WhereArrays) -> StoredArrays:
    """Return where the prepared arrays lie, for the step `arrays`."""
    folder = Path(where.path)
    names = challenge.features(folder, where.image)
    if (folder / TABLE).is_file():
        table, files = read_table(folder / TABLE), find_all(folder, where.ending)
        return StoredArrays(_files(where, table, files), names)
    people = challenge.people(challenge.tables(folder))
    return StoredArrays(challenge.stored(folder, people, where.image), names)


def _files(where: WhereArrays, table: Table, files: Mapping[str, list[Path]]) -> dict[str, Stored]:
    """Return each person's array, divided by the volume in participants.tsv where that is asked."""
    _check_scale(where.features_scale, where.image)
    if where.features_scale != "tiv":
        return {person: Stored(paths[0]) for person, paths in files.items()}
    person, tiv = (
        table.column("participant_id", KEY),
        table.column(where.regions.tiv, "cohort.regions.tiv"),
    )
    labels = {cells[person].removeprefix("sub-"): cells[tiv] for cells in table.rows}
    meant = match(labels, [name.removeprefix("sub-") for name in files], table.path)
    volumes = {f"sub-{meant.get(label, label)}": cell for label, cell in labels.items()}
    return {
        person: Stored(paths[0], _divided(paths[0], volumes.get(person, "")))
        for person, paths in files.items()
    }


def _divided(path: Path, cell: str) -> Callable[[], np.ndarray]:
    def read() -> np.ndarray:
        import numpy as np

        try:
            volume, values = float(cell), np.load(path, allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise BadScanError(
                path, f"cannot be divided by the volume {cell!r} ({error})"
            ) from None
        return values / volume

    return read
