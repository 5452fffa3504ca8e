"""What was dropped: written into a folder of its own, under names that are ours."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.datastructures import FormData, UploadFile

from contrage.bundle.known import Wanted, volume_of
from contrage.bundle.opened import Bundle
from contrage.bundle.subjects import Subject, apart, name_of, stem, subjects
from contrage.errors import TableError, UnwritableError
from contrage.serve.bounds import MEGA, Bounds, UploadError, check_unpacked

FILE = "file"
"""Field of a file whose name tells what it is; other fields are an image's name: "anatomical"."""
LONGEST = 120
"""Letters of a name."""
COUNTED = re.compile(r" \(\d+\)$")
"""What `apart` adds to a name; stored ones have no blank of their own."""


@dataclass(frozen=True)
class SentFile:
    """A file that was sent.

    Attributes
    ----------
    kind : str
        Of its field: `FILE`, or which image of a scan it is.
    path : Path
        Where it lies.
    name : str
        As it was called where it came from, for sentences.
    """

    kind: str
    path: Path
    name: str


@dataclass(frozen=True)
class Dropped:
    """One drop.

    Attributes
    ----------
    folder : Path
        All of it lies in there.
    files : tuple of SentFile
    known, volume : str or None
        The true target as it was typed, and by what a scan's values are divided.
    """

    folder: Path
    files: tuple[SentFile, ...]
    known: str | None
    volume: str | None = None

    def plain(self, text: str) -> str:
        """Return a sentence with the files' names as their owner knows them."""
        for file in self.files:
            text = text.replace(str(file.path), file.name)
        return text.replace(f"{self.folder}/", "")


def shown(name: str) -> str:
    """Return a file's name as it may be shown: its last part, without what is no letter."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(each for each in last if each.isprintable())[-LONGEST:] or "file"


def stored(name: str) -> str:
    """Return a name to write a file under: it leads nowhere, is not hidden and keeps its endings.

    BIDS names stay as they are: the model reads them as the command line does.
    """
    return re.sub(r"[^A-Za-z0-9._-]", "_", shown(name)).lstrip(".-") or "file"


def keep(form: FormData, folder: Path, bounds: Bounds) -> Dropped:
    """Write the files of a form into a folder, which is made.

    Raises
    ------
    UploadError
        There is none, or one that is too large.
    """
    sent = [(k, each) for k, each in form.multi_items() if isinstance(each, UploadFile)]
    sent = [(k, each) for k, each in sent if each.filename]
    if not sent:
        raise UploadError("no file was sent")
    for _, each in sent:
        if (each.size or 0) > bounds.file_mb * MEGA:
            raise UploadError(
                f"{shown(each.filename)}: is larger than {bounds.file_mb} MB, the most that is "
                "taken here (--largest); contrage predict takes any size", 413
            )  # fmt: skip
    files = []
    try:
        for number, (kind, each) in enumerate(sent):
            path = folder / f"{number:03d}" / stored(each.filename)
            path.parent.mkdir(parents=True)
            with path.open("xb") as file:
                shutil.copyfileobj(each.file, file)
            files.append(SentFile(kind, path, shown(each.filename)))
    except OSError as error:
        raise UnwritableError(folder, error) from error
    return Dropped(folder, tuple(files), _typed(form, "known"), _typed(form, "volume"))


def _typed(form: FormData, field: str) -> str | None:
    found = form.get(field)
    return found.strip() if isinstance(found, str) and found.strip() else None


def scans_of(bundle: Bundle, dropped: Dropped, bounds: Bounds) -> list[Subject]:
    """Return the scans that were dropped, told apart as the command line does.

    Raises
    ------
    ContrageError
        There is none, or a file cannot be taken; its sentence names stored paths (`Dropped.plain`).
    """
    for file in dropped.files:
        check_unpacked(file.path, bounds.unpacked_mb)
    found = _found(bundle, dropped.files)
    if len(found) > bounds.scans:
        raise UploadError(
            f"{len(found)} scans, and at most {bounds.scans} are shown here; contrage predict "
            "takes any number"
        )
    if dropped.known is not None:
        found = [_told(bundle, found, dropped.known)]
    if dropped.volume is not None:
        found = [_divided(bundle, found, dropped.volume)]
    return found


def _divided(bundle: Bundle, found: Sequence[Subject], volume: str) -> Subject:
    """Return the one scan, with the intracranial volume that was typed."""
    column = Wanted.of(bundle.facts).volume
    if column is None:
        raise UploadError("a volume was given, and this model divides by none; leave it out")
    if len(found) > 1:
        raise UploadError(f"one volume was given for {len(found)} scans; give them one by one")
    if (number := volume_of(volume)) is None:
        raise UploadError(
            f"the total intracranial volume that you typed cannot be used: {volume!r} is no number "
            f"above 0; give it in the unit of the column {column} that was learned from"
        )
    return replace(found[0], volume=number)


def _told(bundle: Bundle, found: Sequence[Subject], known: str) -> Subject:
    """Return the one scan, with the target that was typed."""
    target = bundle.facts.target
    if len(found) > 1:
        raise UploadError(
            f"one {target.word} was given for {len(found)} scans; give them one by one, or leave "
            "it out"
        )
    try:
        return replace(found[0], known=target.value(known))
    except ValueError as error:
        raise UploadError(f"the {target.word} that you typed cannot be used: {error}") from None


def _found(bundle: Bundle, files: Sequence[SentFile]) -> list[Subject]:
    """Return the scans of some files: by their fields where these say so, else by their names."""
    by_kind = {file.kind: file for file in files if file.kind != FILE}
    if by_kind:
        return [_by_fields(bundle, files, by_kind)]
    found = subjects(bundle, [file.path for file in files])
    names = {file.path: file.name for file in files}
    return apart([_named_as_sent(each, names) for each in found])


def _by_fields(
    bundle: Bundle, files: Sequence[SentFile], by_kind: Mapping[str, SentFile]
) -> Subject:
    """Return the scan whose images were chosen one by one."""
    imaging = bundle.facts.seen.imaging
    takes = imaging.takes if imaging else ()
    if odd := sorted(set(by_kind) - set(takes)):
        raise TableError(f"this model takes {' and '.join(takes) or 'no images'}, and no {odd[0]}")
    if len(by_kind) < len(files):
        raise UploadError("two files are said to be the same image; say of each which one it is")
    lacking = " or ".join(name for name in takes if name not in by_kind)
    asked = ",".join(f"{name}=FILE" for name in takes)
    problem = f"no image of the kind {lacking} is given; this model takes {asked}"
    images = {name: file.path for name, file in by_kind.items()}
    sent = [Path(by_kind[name].name) for name in takes if name in by_kind]
    return Subject(name_of(sent), images, problem=problem if lacking else None)


def _named_as_sent(found: Subject, names: Mapping[Path, str]) -> Subject:
    """Return a scan with its file's own name where it is called as that was stored."""
    name = COUNTED.sub("", found.name)
    for path in found.images.values():
        if name == stem(path):
            return replace(found, name=stem(Path(names[path])))
    return found
