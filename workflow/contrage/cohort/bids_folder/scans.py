"""From a participant's or session's row to a scan: its images, or why it is left out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from contrage import modalities
from contrage.cohort.bids_folder.images import ANY, FOLDERS, FoundImages, find_images
from contrage.cohort.scans import FILES, Choice, Cohort, Exclusion, Scan
from contrage.errors import TableError, few
from contrage.participants.tables import Tables, filled, nearer, of_image
from contrage.scan_ids import scan_id
from contrage.settings.steps.cohort import CohortStep

FOREIGN = (".mgz", ".mgh", ".img", ".img.gz", ".mnc", ".nrrd", ".nhdr", ".dcm", ".mat", ".npy")
"""Endings of images that are none of NIfTI."""
FREQUENCY = re.compile(r"\d+([p.]\d+)?hz", re.IGNORECASE)


def images_of_row(
    tables: Tables, row: dict[str, Any], settings: CohortStep
) -> tuple[dict[str, Any], FoundImages]:
    """Find the images of a row, and what a table of scans says of the one that is learned.

    Parameters
    ----------
    tables : Tables
    row : dict
        participant_id, session, `names` (in its folder, where that was listed already) and what
        the tables said so far.
    settings : CohortStep

    Returns
    -------
    (dict, FoundImages)
        The row, with an age in any case.
    """
    person, session = row["participant_id"], row.get("session")
    home = f"{tables.folder}/{person}" + (f"/ses-{session}" if session else "")
    own = {"sub": person.removeprefix("sub-"), **({"ses": session} if session else {})}
    names, closed = row.get("names"), row.get("closed")
    if names is None:
        try:
            names = os.listdir(home)
        except OSError as error:
            names, closed = [], f"ses-{session}/ may not be read ({error.strerror})"
    images = find_images(home, names, own, settings)
    if closed:
        images.problems = dict.fromkeys(FOLDERS, closed)
    kind = leading(settings)
    said: dict[str, Any] = {}
    columns: dict[str, str | None] = {}
    if kind in images.taken:
        address = f"{FOLDERS[kind]}/{images.taken[kind].file}"
        for table in _tables_of_scans(row, home, names):
            told = of_image(tables, table, address)
            columns = nearer(columns, told["columns"], filled(columns))
            said |= told
    said["columns"] = nearer(row.get("columns", {}), columns, row.get("own", ()))
    lacks = said.pop("lacks", None)
    if "age" in said:
        row = {key: value for key, value in row.items() if key != "reason"} | {"own_age": True}
    elif lacks and not row.get("own_age") and "reason" not in row:
        row = {**row, **({"age": None} if tables.target else {"reason": lacks})}
    return {"age": None, **row, **said}, images


def _tables_of_scans(row: dict[str, Any], home: str, names: list[str]) -> list[Path]:
    """Return the tables of scans that are there: the participant's, then the session's."""
    person, session = row["participant_id"], row.get("session")
    table = f"{scan_id(person, session)}_scans.tsv"
    above = [Path(row["above"])] if row.get("above") else []
    return [*above, *([Path(home, table)] if table in names else [])]


def leading(settings: CohortStep) -> str:
    """Return the kind of image that is learned from."""
    is_map = modalities.load(settings.image).is_map
    return settings.image if is_map else settings.anatomical


def scan_of(row: dict[str, Any]) -> str:
    """Return the scan_id of a row."""
    return scan_id(row["participant_id"], row.get("session"))


def leave_out_without_images(
    cohort: Cohort, row: dict[str, Any], images: FoundImages, settings: CohortStep
) -> bool:
    """Return whether a scan's images are there; else note it among those that are left out.

    Asked before its age is judged: who was not scanned need not have one.
    """
    needed = needed_kinds(settings)
    asked = dict.fromkeys([*needed, *settings.maps])
    problems = [images.problems[kind] for kind in asked if kind in images.problems]
    missing = [kind for kind in needed if kind not in images.taken]
    if problems:
        reason = "; ".join(dict.fromkeys(problems))
        cohort.excluded.append(Exclusion(scan_of(row), FILES, reason))
    elif missing:
        reason = f"no {' and no '.join(needed[kind] for kind in missing)}"
        strangers = dict.fromkeys(name for kind in missing for name in images.strangers(kind))
        reason += f" (there: {few(list(strangers), most=3)})" if strangers else ""
        foreign = dict.fromkeys(name for kind in missing for name in _foreign(kind, images))
        reason += f" (convert {few(list(foreign), most=3)} to .nii.gz)" if foreign else ""
        cohort.excluded.append(Exclusion(scan_of(row), "import", reason))
    return not problems and not missing


def _foreign(kind: str, images: FoundImages) -> list[str]:
    """Return the files that are named as an image of a kind and have another format's ending."""
    return [
        name
        for name in images.lists[FOLDERS[kind]]
        if name.lower().endswith(FOREIGN) and f"_{kind}." in name
    ]


def add_scan(
    cohort: Cohort, row: dict[str, Any], images: FoundImages, settings: CohortStep
) -> None:
    """Put a scan into the cohort, and note which of its images were chosen among several."""
    cohort.choices += [
        Choice(row["scan_id"], kind, images.taken[kind].file, images.others[kind])
        for kind in needed_kinds(settings)
        if images.others.get(kind)
    ]
    cohort.scans.append(_scan(row, images, settings))


def _scan(row: dict[str, Any], images: FoundImages, settings: CohortStep) -> Scan:
    return Scan(
        participant_id=row["participant_id"],
        age=row["age"],
        session=row.get("session"),
        sex=row.get("sex"),
        site=row.get("site"),
        images={kind: path for kind in FOLDERS if (path := images.path(kind))},
        columns={name: row["columns"].get(name) for name in settings.columns},
    )


def needed_kinds(settings: CohortStep) -> dict[str, str]:
    """Return the kinds of images that this run needs of every scan, in words."""
    needed, learned = {}, settings.image
    kind = modalities.load(learned)
    if kind.is_map:
        words = kind.title.replace(" ", "-")
        needed[learned] = f"{words} map ({kind.folder}/…_{kind.suffix}.nii.gz)"
    if settings.needs_anatomical or not kind.is_map:
        why = " (for skull_strip or bias_correction; brain-only maps: set both to none)"
        words = f"{settings.anatomical} image"
        needed[settings.anatomical] = words + why * kind.is_map
    if settings.needs_mask:
        needed["mask"] = "brain mask (anat/…_desc-brain_mask.nii.gz)"
    if settings.needs_magnitude:
        needed["magnitude"] = "magnitude image (mre/…_magnitude.nii.gz)"
    return needed


def check_alike(cohort: Cohort, images: dict[str, FoundImages], settings: CohortStep) -> None:
    """Refuse maps of several frequencies in one cohort; note where images differ otherwise.

    Raises
    ------
    TableError
        Stiffness depends on the frequency: the counts of each are named.
    """
    used = dict.fromkeys([*needed_kinds(settings), *settings.maps])
    for kind in [kind for kind in used if kind != "mask"]:
        there = ((scan.scan_id, images[scan.scan_id].taken.get(kind)) for scan in cohort.scans)
        taken = {scan: image.entities for scan, image in there if image is not None}
        _compare(cohort, kind, taken, settings.entities)


def _compare(
    cohort: Cohort, kind: str, taken: dict[str, dict[str, str]], entities: dict[str, Any]
) -> None:
    asked = {**entities, **entities.get(kind, {})}
    for key in dict.fromkeys(key for found in taken.values() for key in found):
        labels = dict.fromkeys(found.get(key) for found in taken.values())
        is_free = key in asked and asked[key] == ANY
        if key in ("sub", "ses", "run") or is_free or len(labels) < 2:
            continue
        counts = ", ".join(_count(taken, key, label) for label in labels)
        several = [label for label in labels if label and _is_frequency(key, label)]
        numbers = [label for label in labels if label and label.isdigit() and len(label) > 1]
        if kind != "T1w" and len(numbers) > 1:  # acq-30 and acq-50
            several = several or numbers
        if several:
            raise TableError(
                f"cohort.entities: {kind} images of several frequencies are there, on which "
                f"stiffness depends: {counts}. Choose one, {{{kind}: {{{key}: {several[0]}}}}}, or "
                f"say {{{kind}: {{{key}: any}}}} where they are comparable"
            )
        cohort.notes.append(f"{kind} images differ in {key}: {counts}")


def _is_frequency(key: str, label: str) -> bool:
    """Whether a label is that of a frequency: 50Hz, mre50Hz, freq-50."""
    return key in ("freq", "hz") or FREQUENCY.search(label) is not None


def _count(taken: dict[str, dict[str, str]], key: str, label: str | None) -> str:
    scans = [scan for scan, found in taken.items() if found.get(key) == label]
    return f"{len(scans)} {f'{key}-{label}' if label else f'without {key}'} ({few(scans, most=2)})"
