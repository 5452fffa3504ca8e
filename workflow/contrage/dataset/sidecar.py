"""The JSON beside a cohort's array: which files it was made of, and how."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import contrage
from contrage.bids import sidecar_of, uri
from contrage.files import read_json, sha256, versions, write_json

PLACE = "place"


def place_of(array: Path) -> dict[str, Any] | None:
    """Return where the volumes of an array lie, as its JSON says it; None where it does not."""
    return read_json(sidecar_of(array))["contrage"].get(PLACE)


def write_array_sidecar(
    array: Path,
    sources: dict[str, Path],
    made: dict[str, Any],
    base: Path | None = None,
    features: Sequence[str] = (),
    told: Mapping[str, Sequence[str]] | None = None,
    place: Mapping[str, Any] | None = None,
) -> None:
    """Write the JSON beside an array of a cohort.

    Parameters
    ----------
    array : Path
        The .npy file, written already.
    sources : dict of str to Path
        The files that it was made of, by scan, in the order of its rows; or the one table.
    made : dict
        `function` and `parameters`.
    base : Path, optional
        The folder of the derivatives, for addresses.
    features : sequence of str
        Names of the features, in order, where they are known.
    told : mapping of str to sequence of str, optional
        What had to be done to files so that they fit → the scans.
    place : mapping, optional
        Where all volumes lie that came on one grid (`contrage.modalities.pet.Place.told`).
    """
    roots = {} if base is None else {"": base}
    inputs = {
        name: {"path": uri(path, roots), "sha256": sha256(path)} for name, path in sources.items()
    }
    packages = {"python": platform.python_version(), **versions("numpy")}
    content = {
        "Description": "The cohort's values in one array, a row per scan",
        "Sources": [each["path"] for each in inputs.values()],
        "contrage": {
            "output": {"path": uri(array, roots), "sha256": sha256(array)},
            "inputs": inputs,
            "steps": [made],
            "versions": {"contrage": contrage.__version__, **packages},
            **({"features": list(features)} if features else {}),
            **({"told": {what: list(scans) for what, scans in told.items()}} if told else {}),
            **({PLACE: dict(place)} if place else {}),
        },
    }
    write_json(sidecar_of(array), content)
