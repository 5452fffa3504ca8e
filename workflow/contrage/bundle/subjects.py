"""Whom a model is to predict: found among files, a folder, or the rows of a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from contrage import modalities
from contrage.bids import IMAGES, Name, parse
from contrage.bundle.facts import BundleFacts
from contrage.bundle.folder_tables import told_there
from contrage.bundle.known import Known, Wanted, known_people
from contrage.bundle.opened import Bundle
from contrage.bundle.rows import subjects_of_table
from contrage.bundle.subject import Subject, person, stem
from contrage.errors import TableError
from contrage.prepared import Prepared
from contrage.scan_ids import scan_id
from contrage.settings.steps.model import ImagingOfModel

UNUSUAL = ("ce", "space", "desc", "part")
"""Entities of a BIDS name that say of an image that it is not the scan as it was acquired."""
OTHERS = ("T2w", "T2star", "FLAIR", "PDw", "PDT2", "bold", "dwi", "sbref", "asl", "pet", "epi")
"""Suffixes of BIDS of what no model here sees, beside those of the kinds of data."""
OR = " or "


def subjects(bundle: Bundle, given: Sequence[Path], known: Path | None = None) -> list[Subject]:
    """Return whom some files are of.

    Parameters
    ----------
    bundle : Bundle
    given : sequence of Path
        NIfTI files or arrays, folders of them (BIDS, or flat), tables of features; of a model that
        takes several images of a scan, ``anatomical=FILE,stiffness=FILE`` names them.
    known : Path, optional
        A table with participant_id (or scan_id, or the name) and the target, perhaps sex and site.
        Of a BIDS folder its own tables are read where none is given.

    Raises
    ------
    TableError
        There is nothing to predict, or a table cannot be read.
    """
    facts = bundle.facts
    found: list[Subject] = []
    files: list[Path] = []
    for path in map(Path, given):
        if facts.seen.table is not None:
            found += subjects_of_table(facts, path)
        elif "=" in str(path) and not path.exists():
            found.append(_named(facts, str(path)))
        elif path.is_dir():
            own = _in_folder(facts, path)
            found += _by_tables(facts, path, own, known)
        else:
            files.append(path)
    found += list(_of_files(facts, files))
    if not found:
        asked = ", ".join(map(str, given)) or "no file"
        raise TableError(f"{asked}: there is no {facts.seen.one} to predict")
    if known is not None:
        found = _told(found, known_people(known, Wanted.of(facts)))
    return apart(found)


def _by_tables(
    facts: BundleFacts, folder: Path, found: list[Subject], known: Path | None
) -> list[Subject]:
    """Return a folder's subjects with what its tables know; beside `known` that is the volume."""
    arrays = facts.seen.arrays
    if known is not None and (arrays is None or arrays.divided_by is None):
        return found
    told = told_there(facts, folder, found)
    if known is None:
        return told
    return [replace(own, volume=each.volume) for own, each in zip(found, told, strict=True)]


def _told(found: Sequence[Subject], known: Known) -> list[Subject]:
    """Return subjects with what a table knows of them, beside what was known already."""
    scans = Counter(person(each) for each in found)
    told = []
    for each in found:
        more = known.of(each.name, alone=scans[person(each)] == 1)
        if more.get("known") is None and each.known is not None:
            more = {key: value for key, value in more.items() if key not in ("known", "notes")}
        if more.get("volume") is None:
            more = {key: value for key, value in more.items() if key != "volume"}
        told.append(replace(each, **more))
    return told


def apart(found: Sequence[Subject]) -> list[Subject]:
    """Return subjects whose names are different: the second of a name is "name (2)"."""
    seen: dict[str, int] = {}
    different = []
    for each in found:
        seen[each.name] = seen.get(each.name, 0) + 1
        count = seen[each.name]
        different.append(each if count == 1 else replace(each, name=f"{each.name} ({count})"))
    return different


def _named(facts: BundleFacts, text: str) -> Subject:
    """Return the subject of NAME=FILE,NAME=FILE."""
    images = {}
    for part in text.split(","):
        name, _, path = part.partition("=")
        images[name.strip()] = Path(path)
    takes = facts.seen.imaging.takes if facts.seen.imaging else ("array",)
    if odd := sorted(images.keys() - set(takes)):
        raise TableError(f"{text}: this model takes {' and '.join(takes)}, and no {odd[0]}")
    ordered = [images[name] for name in takes if name in images]
    return _complete(facts, Subject(name_of(ordered), images))


def name_of(paths: Sequence[Path]) -> str:
    """Return what a scan is called of which images were named one by one.

    That is "sub-X" or "sub-X_ses-Y" where all of them say so, else the name of the first.
    """
    names = [parse(path.name) for path in paths]
    told = {_whose(name) if name and "sub" in name.entities else None for name in names}
    whose = told.pop() if len(told) == 1 else None
    return whose or stem(paths[0])


def _complete(facts: BundleFacts, subject: Subject) -> Subject:
    """Return a subject that says what it lacks."""
    takes = facts.seen.imaging.takes if facts.seen.imaging else ("array",)
    lacking = [name for name in takes if name not in subject.images]
    if not lacking or subject.problem:
        return subject
    files = ",".join(f"{name}=FILE" for name in takes)
    return replace(
        subject,
        problem=f"no image of the kind {' or '.join(lacking)} is given; this model takes {files}",
    )


def _of_files(facts: BundleFacts, files: Sequence[Path]) -> Iterator[Subject]:
    """Yield the subjects of single files."""
    imaging = facts.seen.imaging
    if imaging is None:
        for path in files:
            yield Subject(stem(path), {"array": path})
        return
    if len(imaging.takes) == 1:
        for path in files:
            yield _of_one(facts, imaging, path)
        return
    groups: dict[str, list[Path]] = {}
    for path in files:
        name = parse(path.name)
        groups.setdefault(_whose(name) if name else path.name, []).append(path)
    for name, paths in groups.items():
        yield _complete(facts, _scan(imaging, name, paths))


def _scan(imaging: ImagingOfModel, name: str, paths: Sequence[Path]) -> Subject:
    """Return the subject of some files of one scan, of which one is of each kind."""
    images: dict[str, Path] = {}
    for path in paths:
        kind = _kind(imaging, path)
        if kind is None or (kind != "mask" and _made_of_another(path)):
            continue
        if kind in images:
            problem = f"{path}: and {images[kind].name} are both there; give the one to take"
            return Subject(name, images, problem=problem)
        images[kind] = path
    return Subject(name, images)


def _made_of_another(path: Path) -> str | None:
    """Return the entity of a BIDS name that says that a file is not the scan as acquired."""
    name = parse(path.name)
    return next((each for each in UNUSUAL if name and each in name.entities), None)


def _of_one(facts: BundleFacts, imaging: ImagingOfModel, path: Path) -> Subject:
    """Return the subject of a model's one image, whatever the file is called."""
    (kind,) = imaging.takes
    name = parse(path.name)
    known = [modalities.load(each).suffix for each in modalities.available()]
    own = _suffixes(imaging)
    if name is not None and name.suffix in {*filter(None, known), *OTHERS} - set(own):
        told = f"a {name.suffix} by its name, and this model sees {facts.seen.many}"
        return Subject(stem(path), {kind: path}, problem=f"{path}: is {told}")
    if name is not None and (name.suffix == "mask" or _made_of_another(path)):
        told = "no scan as it was acquired, by its name: the model preprocesses raw ones"
        return Subject(stem(path), {kind: path}, problem=f"{path}: is {told}")
    whose = _whose(name) if name is not None and "sub" in name.entities else stem(path)
    return Subject(whose, {kind: path})


def _suffixes(imaging: ImagingOfModel) -> dict[str, str]:
    """Return suffix of a file's name → the name by which the steps know the image."""
    found = {}
    if "mask" in imaging.takes:
        found["mask"] = "mask"
    if "magnitude" in imaging.takes:
        found[modalities.load("magnitude").suffix] = "magnitude"
    if imaging.map is not None:
        found[modalities.load(imaging.map).suffix] = imaging.map
    if imaging.anatomical is not None:
        found[modalities.load(imaging.anatomical).suffix] = "anatomical"
    return found


def _kind(imaging: ImagingOfModel, path: Path) -> str | None:
    """Return which of a model's images a file is by its name, if any."""
    name = parse(path.name)
    if name is None:
        return None
    kind = _suffixes(imaging).get(name.suffix)
    if kind == "mask":
        return kind if name.entities.get("desc") == "brain" else None
    return kind


def _whose(name: Name) -> str:
    """Return the scan that a BIDS name is of: "sub-X" or "sub-X_ses-Y"."""
    person = name.entities.get("sub")
    if person is None:
        return stem(Path(name.file))
    return scan_id(f"sub-{person}", name.entities.get("ses"))


def _in_folder(facts: BundleFacts, folder: Path) -> list[Subject]:
    """Return the subjects of a folder, BIDS or flat."""
    if facts.seen.arrays is not None:
        return _arrays_in(facts.seen.arrays.kind, folder)
    imaging = facts.seen.imaging
    people = sorted(each for each in folder.iterdir() if _is_person(each))
    if not people:
        files = [path for path in sorted(folder.iterdir()) if path.name.endswith(IMAGES)]
        return list(_of_files(facts, files))
    found = []
    for own in people:
        sessions = sorted(each for each in own.iterdir() if each.name.startswith("ses-"))
        for home in sessions or [own]:
            session = home.name.removeprefix("ses-") if home != own else None
            found.append(_scan_of(facts, imaging, scan_id(own.name, session), home))
    return found


def _is_person(path: Path) -> bool:
    return path.name.startswith("sub-") and path.is_dir()


def _scan_of(facts: BundleFacts, imaging: ImagingOfModel, name: str, home: Path) -> Subject:
    """Return the subject of a participant's (session's) folder, one image of each kind."""
    paths = [Path(root) / file for root, _, files in os.walk(home) for file in sorted(files)]
    return _complete(facts, _scan(imaging, name, paths))


def _arrays_in(kind: Prepared, folder: Path) -> list[Subject]:
    """Return the subjects of prepared arrays anywhere below a folder."""
    endings = tuple(kind.ending.split(OR))
    files = [path for path in sorted(folder.rglob("*")) if path.name.endswith(endings)]
    found = []
    for path in files:
        name = next(path.name.removesuffix(each) for each in endings if path.name.endswith(each))
        found.append(Subject(name.rstrip("_") or stem(path), {"array": path}))
    return found
