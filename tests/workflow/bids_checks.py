"""Checks of a folder of derivatives that need no other program; each names the files that fail."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from contrage.bids import sidecar_of, suffix
from contrage.files import read_json, sha256

IMAGES = (".nii.gz", ".mat", ".npy")
ROOT = {"dataset_description.json", "README.md", "descriptions.tsv", ".bidsignore"}
ENTITIES = ("sub", "ses", "from", "to", "space", "res", "desc")
LABEL = "[A-Za-z0-9]+"
NAME = re.compile(
    rf"sub-{LABEL}(_ses-{LABEL})?(_from-{LABEL}_to-{LABEL})?(_space-{LABEL})?(_res-{LABEL})?"
    rf"(_desc-{LABEL})?_{LABEL}(_warp)?(\.nii\.gz|\.mat|\.json)"
)
BY_RULE = re.compile(
    rf"sub-{LABEL}(/ses-{LABEL})?/anat/sub-{LABEL}(_ses-{LABEL})?(_space-{LABEL})?(_res-{LABEL})?"
    rf"(_desc-{LABEL})?_(T1w|mask)(\.nii\.gz|\.json)"
)


def images(folder: Path) -> list[Path]:
    """List images, transforms and arrays that are not empty."""
    files = [path for path in sorted(folder.rglob("*")) if path.name.endswith(IMAGES)]
    return [path for path in files if path.stat().st_size]


def ignored(folder: Path) -> list[str]:
    """Return the patterns of .bidsignore."""
    lines = (folder / ".bidsignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether a path is matched: from the root where a pattern begins with /, else anywhere."""
    parts = path.split("/")
    tails = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(
        fnmatch(tail, pattern.removeprefix("/"))
        if pattern.startswith("/")
        else fnmatch(tail.rpartition("/")[2], pattern)
        for pattern in patterns
        for tail in tails
    )


def without_rule(folder: Path) -> list[str]:
    """Files that neither BIDS nor .bidsignore knows."""
    patterns = ignored(folder)
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    known = [path for path in files if path in ROOT or BY_RULE.fullmatch(path)]
    return sorted(path for path in set(files) - set(known) if not is_ignored(path, patterns))


def ill_named(folder: Path) -> list[str]:
    """Images whose name has other entities, or in another order."""
    return [
        path.name
        for path in images(folder)
        if path.suffix != ".npy" and not NAME.fullmatch(path.name)
    ]


def without_keys(folder: Path) -> list[str]:
    """Images whose JSON is not there or lacks a key."""
    bad = []
    for path in images(folder):
        file = sidecar_of(path)
        told = read_json(file) if file.is_file() else {}
        missing = required(path) - told.keys()
        if missing:
            bad.append(f"{path.name}: {sorted(missing)}")
    return bad


def required(path: Path) -> set[str]:
    """Return the keys that the JSON of an image must have."""
    keys = {"Description", "Sources", "contrage"}
    if path.suffix in (".mat", ".npy") or suffix(path) == "warp":
        return keys
    keys |= {"Type"} if suffix(path) == "mask" else {"SkullStripped"}
    keys |= {"SpatialReference"} if "_space-" in path.name else set()
    return keys | ({"Resolution"} if "_res-" in path.name else set())


def with_wrong_checksum(folder: Path) -> list[str]:
    """Images whose JSON tells of another file."""
    return [
        path.name
        for path in images(folder)
        if read_json(sidecar_of(path))["contrage"]["output"]["sha256"] != sha256(path)
    ]


def without_source(folder: Path) -> list[str]:
    """Addresses in sidecars that lead nowhere."""
    links = read_json(folder / "dataset_description.json")["DatasetLinks"]
    roots = {"": folder, **{name: folder / link for name, link in links.items()}}
    bad = []
    for path in images(folder):
        for address in read_json(sidecar_of(path))["Sources"]:
            scheme, name, inside = address.split(":", 2)
            if scheme != "bids" or not (roots[name] / inside).is_file():
                bad.append(f"{path.name}: {address}")
    return bad
