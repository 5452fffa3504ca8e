"""Whether files are those of which the records beside the data tell the checksums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from contrage.bids import sidecar_of
from contrage.errors import few
from contrage.files import read_json, sha256
from contrage.imaging.screen import digest_of
from contrage.layout import quality_file, sidecar_file
from contrage.settings.steps.record import Recorded
from contrage.tables import read_tsv
from contrage.verify.finding import DIFFERS, MISSING, SAME, LookedAt

PART = "raw"
OWN = "bids::"
"""Before the path of a file inside the derivatives."""


def raw_files(asked: Recorded) -> Iterator[LookedAt]:
    """Compare raw files with the records of their scans, and the array with what it was made of."""
    derivatives = Path(asked.derivatives)
    if asked.usable is not None:
        yield from _scans(derivatives, Path(asked.usable))
    yield from _array(Path(asked.array), derivatives)


def compared(part: str, what: str, told: Mapping[Path, str | None]) -> LookedAt:
    """Compare files with their checksums.

    Parameters
    ----------
    part, what : str
        As of `LookedAt`; how many there are is added.
    told : mapping of Path to str or None
        File → its checksum as it was written down.
    """
    gone = [path for path in told if not path.is_file()]
    others = [path for path in told if path not in gone and sha256(path) != told[path]]
    return judged(part, f"{what} ({len(told)})", gone, others)


def judged(part: str, what: str, gone: Iterable[object], others: Iterable[object]) -> LookedAt:
    """Return what was found of many: those that are gone, and those that are others."""
    lost, changed = [*map(str, gone)], [*map(str, others)]
    notes = [f"{len(changed)} changed: {few(changed, most=3)}"] * bool(changed)
    notes += [f"{len(lost)} gone: {few(lost, most=3)}"] * bool(lost)
    result = DIFFERS if changed else MISSING if lost else SAME
    return LookedAt(part, what, result, "; ".join(notes))


def _scans(derivatives: Path, usable: Path) -> Iterator[LookedAt]:
    """Compare the records of all scans with their table, and the scans' files with the records."""
    if not usable.is_file():
        yield LookedAt(PART, str(usable), MISSING)
        return
    gone, others, told = [], [], {}
    scans = read_tsv(usable)
    for line in scans.itertuples():
        quality = derivatives / quality_file(line.scan_id)
        sidecar = derivatives / sidecar_file(line.scan_id)
        if not (quality.is_file() and sidecar.is_file()):
            gone.append(line.scan_id)
            continue
        if digest_of(quality, sidecar) != line.records:
            others.append(line.scan_id)
        told |= _inputs(read_json(sidecar), Path())
    yield judged(PART, f"records of scans ({len(scans)})", gone, others)
    yield compared(PART, "raw images and their sidecars", told)


def _array(array: Path, derivatives: Path) -> Iterator[LookedAt]:
    """Compare an array with the JSON beside it, and what it was made of; members' arrays too."""
    sidecar = sidecar_of(array)
    if not sidecar.is_file():
        yield LookedAt(PART, str(sidecar), MISSING)
        return
    try:
        record = read_json(sidecar)["contrage"]
        written = record["output"]["sha256"]
    except (KeyError, TypeError) as error:
        yield LookedAt(PART, str(sidecar), DIFFERS, f"lacks {error}")
        return
    yield compared(PART, f"array {array.name}", {array: written})
    made_of = _inputs(record, derivatives)
    yield compared(PART, f"what {array.name} was made of", made_of)
    for path in made_of:
        if path.suffix == array.suffix and path != array and _is_of_member(path):
            yield from _array(path, path.parents[1])


def _is_of_member(path: Path) -> bool:
    """Return whether an array that was merged is one that a run made, with a JSON beside it."""
    sidecar = sidecar_of(path)
    return sidecar.is_file() and "contrage" in read_json(sidecar)


def _inputs(record: Mapping[str, Any], home: Path) -> dict[Path, str | None]:
    """Return the files that a record names as inputs, with their checksums."""
    inputs = record.get("inputs", {})  # a scan that failed has none
    return {_path(each["path"], home): each["sha256"] for each in inputs.values()}


def _path(address: str, home: Path) -> Path:
    return home / address.removeprefix(OWN) if address.startswith(OWN) else Path(address)
