"""What BIDS asks of a data set, whatever it holds: names of sidecars, addresses of files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.10.0"
ENDINGS = (".nii.gz", ".nii", ".mat", ".npy")
IMAGES = (".nii.gz", ".nii")
_ENTITY = re.compile(r"([A-Za-z]+)-([A-Za-z0-9+]+)")


@dataclass(frozen=True)
class Name:
    """A file's name, parted: sub-01_acq-50Hz_run-2_stiffness.nii.gz.

    Attributes
    ----------
    file : str
        The whole name.
    entities : dict of str to str
        Key → label, in the order in which they stand: sub, acq, run.
    suffix : str
        What the file shows: stiffness.
    odd : str
        The first part that is no entity, so that the name is none of BIDS; empty where all are.
    """

    file: str
    entities: dict[str, str]
    suffix: str
    odd: str = ""


def parse(file: str) -> Name | None:
    """Return the parts of an image's name, None where it has no ending of an image."""
    ending = next((end for end in IMAGES if file.endswith(end)), None)
    if ending is None:
        return None
    *parts, last = file.removesuffix(ending).split("_")
    entities, odd = {}, ""
    for part in parts:
        found = _ENTITY.fullmatch(part)
        if found is None or found[1] in entities:
            odd = odd or part or "_"
        else:
            entities[found[1]] = found[2]
    return Name(file, entities, last, odd)


def sidecar_of(path: str | Path) -> Path:
    """Return the JSON beside an image, a transform or an array: the same name, ending in .json."""
    text = str(path)
    ending = next((end for end in ENDINGS if text.endswith(end)), Path(text).suffix)
    return Path(text.removesuffix(ending) + ".json")


def suffix(path: str | Path) -> str:
    """Return what a file shows, the last part of its name: "T1w" of sub-01_desc-preproc_T1w.nii."""
    return Path(path).name.partition(".")[0].rpartition("_")[2]


def uri(path: Path, roots: dict[str, Path]) -> str:
    """Return the BIDS URI of a file in one of some data sets, its path where it is in none.

    Parameters
    ----------
    path : Path
        The file.
    roots : dict of str to Path
        The data sets' folders by name; the empty name is the data set that the address stands in.

    Returns
    -------
    str
        "bids:<name>:<path inside the data set>".
    """
    for name, root in roots.items():
        try:
            inside = Path(os.path.abspath(path)).relative_to(os.path.abspath(root))
        except ValueError:
            continue
        return f"bids:{name}:{inside.as_posix()}"
    return Path(path).as_posix()


def link(folder: Path, base: Path) -> str:
    """Return where a data set lies, seen from another one; absolute only outside the work folder.

    A link to data elsewhere on the machine breaks when the results are moved, and so does a
    relative one; the absolute one says at least where they were.
    """
    target, here = Path(os.path.abspath(folder)), Path.cwd()
    if target.is_relative_to(here):
        return Path(os.path.relpath(target, os.path.abspath(base))).as_posix()
    return target.as_uri()
