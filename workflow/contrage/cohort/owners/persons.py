"""People whom an owner's table lists, each with a file of his or her own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.cohort.owners.labels import label_of
from contrage.cohort.scans import Cohort, Exclusion, Scan, age_limits, usable_rows
from contrage.cohort.stored import Stored, StoredArrays
from contrage.cohort.unusable import why_unusable
from contrage.errors import SettingsError, TableError, few
from contrage.settings.steps.cohort import CohortStep


@dataclass(frozen=True)
class Listed:
    """A line of an owner's table.

    Attributes
    ----------
    label : str
        The id as a BIDS label, without sub-.
    columns : dict of str to str or None
        What is kept beside age, sex and site.
    line : int
        Where it stands.
    age : float or None
        In years.
    sex, site : str or None
    reason : str
        Why the line cannot be used; empty where it can.
    apart : str
        Why it has no part although it can be used, which makes no line a bad one.
    """

    label: str
    columns: dict[str, str | None]
    line: int
    age: float | None = None
    sex: str | None = None
    site: str | None = None
    reason: str = ""
    apart: str = ""


def files_by_label(folder: Path, endings: Iterable[str]) -> dict[str, list[Path]]:
    """Return label → files, anywhere below a folder.

    A file's name begins with the id, perhaps after sub-, and goes on with an underscore or ends
    there: 1377.png, sub-B10081264_pet.nii.gz, HCA6002236_V1_MR.npy.
    """
    wanted = tuple(endings)
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        name = path.name.lower()
        ending = next((each for each in wanted if name.endswith(each)), None)
        if ending is not None and not name.startswith("."):
            label = label_of(path.name[: -len(ending)].partition("_")[0])
            found.setdefault(label, []).append(path)
    return found


def stored(files: dict[str, list[Path]]) -> StoredArrays:
    """Return where each person's file lies, for the step `arrays`."""
    return StoredArrays({f"sub-{label}": Stored(paths[0]) for label, paths in files.items()}, [])


def check_target(settings: CohortStep, owner: str, column: str, unit: str) -> None:
    """Raise `SettingsError` where age is to be predicted, and the owner tells none."""
    if settings.target is None:
        raise SettingsError(
            f"target.column: {owner} tells no ages; set target to {{column: {column}, unit: "
            f"{unit}, range: [least, most]}}"
        )


def cohort_of(
    settings: CohortStep,
    people: Sequence[Listed],
    files: dict[str, list[Path]],
    told: Path,
    tables: Sequence[Path],
    notes: Sequence[str],
) -> Cohort:
    """Return the cohort of those people who have one file each, and why the others have none.

    Parameters
    ----------
    settings : CohortStep
    people : sequence of Listed
    files : dict of str to list of Path
        By label.
    told : Path
        The table, or the folder of several, named in messages.
    tables : sequence of Path
        All that was read.
    notes : sequence of str

    Raises
    ------
    TableError
        If a person stands there twice; with `on_bad_scan` fail if a line cannot be used or has no
        file.
    """
    rows = [_row(each) for each in people if not each.apart]
    good, excluded = usable_rows(
        rows,
        told,
        settings.on_bad_scan,
        needs_age=not settings.target,
        limits=age_limits(settings),
    )
    apart = [each for each in people if each.apart]
    excluded += [Exclusion(f"sub-{each.label}", "table", each.apart) for each in apart]
    reasons = {row["scan_id"]: _without(row["person"].label, files) for row in good}
    missing = [Exclusion(name, "import", reason) for name, reason in reasons.items() if reason]
    if missing and settings.on_bad_scan == "fail":
        named = few([f"{each.scan_id}: {each.reason}" for each in missing], "; ")
        raise TableError(
            f"{settings.path}: {named}. Add them, or set cohort.on_bad_scan to exclude"
        )
    kept = [row for row in good if not reasons[row["scan_id"]]]
    return Cohort(
        scans=[_scan(row, files, settings.image) for row in kept],
        excluded=excluded + missing,
        tables=[str(path) for path in tables],
        notes=[*notes, *_unlisted(people, files, told)],
    )


def _row(person: Listed) -> dict[str, Any]:
    """Return a line as `usable_rows` takes it."""
    told = {"participant_id": person.label, "age": person.age, "line": person.line}
    return {**told, "reason": person.reason, "person": person}


def _without(label: str, files: dict[str, list[Path]]) -> str:
    """Return why a person's file cannot be used, empty where it can."""
    paths = files.get(label, [])
    if not paths:
        return f"no file of {label}"
    if len(paths) > 1:
        return f"{len(paths)} files ({few(list(map(str, paths)))}); leave one in the folder"
    reason = why_unusable(paths[0])
    return f"{paths[0].name} {reason}" if reason else ""


def _scan(row: dict[str, Any], files: dict[str, list[Path]], image: str) -> Scan:
    person: Listed = row["person"]
    return Scan(
        participant_id=row["participant_id"],
        age=row["age"],
        sex=person.sex,
        site=person.site,
        images={image: str(files[person.label][0])},
        columns=person.columns,
    )


def _unlisted(people: Sequence[Listed], files: dict[str, list[Path]], told: Path) -> list[str]:
    """Return a line on files of people whom the table does not list."""
    others = sorted(files.keys() - {each.label for each in people})
    return [f"files of nobody in {told.name}: {few(others)}"] if others else []
