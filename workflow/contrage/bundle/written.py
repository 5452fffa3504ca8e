"""bundle.json: a model's facts as JSON, with the checksums of all parts and of itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import contrage
from contrage.bundle.errors import BundleError
from contrage.bundle.facts import FORMAT, BundleFacts
from contrage.errors import ContrageError
from contrage.files import write_text
from contrage.settings.build import as_plain, build, fields_of

NAME = "bundle.json"
OWN = ("format", "parts", "sha256")
"""Keys that are no facts."""
VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}")
LARGEST = 2**26
"""Bytes: a model of ten thousand sites has less than a tenth of it."""


def write_facts(folder: Path, facts: BundleFacts, parts: Mapping[str, str]) -> None:
    """Write bundle.json.

    Parameters
    ----------
    folder : Path
    facts : BundleFacts
    parts : mapping of str to str
        Name → SHA-256 of each other file of the folder.
    """
    content = {"format": FORMAT, **as_plain(facts), "parts": dict(parts)}
    content["sha256"] = own_checksum(content)
    write_text(folder / NAME, json.dumps(content, indent=2, allow_nan=False) + "\n")


def own_checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of bundle.json's content but for that checksum, whatever its layout."""
    told = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_facts(folder: Path) -> tuple[BundleFacts, dict[str, str]]:
    """Return the facts of bundle.json, and the checksums of the other parts.

    Raises
    ------
    BundleError
        There is no such file, it is of a newer format, it was changed, or says what cannot be.
    """
    path = folder / NAME
    content = _content(path)
    _check_format(path, content)
    if content.get("sha256") != own_checksum(content):
        raise BundleError(path, "its content is not what its checksum says; copy the model again")
    parts = content.get("parts")
    if not _conforms(dict[str, str], parts):
        raise BundleError(path, "it does not name its parts; copy the model again")
    told = {key: value for key, value in content.items() if key not in OWN}
    try:
        require(BundleFacts, told, "")
        return build(BundleFacts, told), parts
    except (TypeError, ValueError, ContrageError) as error:
        reason = f"it does not say what a model must ({error}){_made_by(content)}"
        raise BundleError(path, reason) from None


def _made_by(content: Mapping[str, Any]) -> str:
    """Say which other version wrote a file, if that is told."""
    made = content.get("version")
    if not isinstance(made, str) or made == contrage.__version__ or not VERSION.fullmatch(made):
        return ""
    return (
        f"; contrage {made} wrote it, and this is {contrage.__version__}: open it with that "
        "version, or make the model again"
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise BundleError(path, f"has more than {LARGEST} bytes, as no model's has")
        content = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        raise BundleError(path, "no such file; give the folder of a model") from None
    except (OSError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:100]
        raise BundleError(path, f"cannot be read ({said}); copy the model again") from None
    if not isinstance(content, dict):
        raise BundleError(path, "it holds no facts of a model; copy the model again")
    return content


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _check_format(path: Path, content: Mapping[str, Any]) -> None:
    found = content.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise BundleError(path, "it does not say its format; give the folder of a model")
    if found > FORMAT:
        raise BundleError(
            path,
            f"of format {found}, which this version of contrage does not know (it reads up to "
            f"{FORMAT}); update contrage",
        )


def require(hint: Any, given: Any, above: str) -> None:
    """Raise `TypeError` where JSON is not of the kind that a field takes; the message says where.

    `contrage.settings.build` takes plain values as the schema has checked them; of a file that
    anybody may have written nothing was checked.
    """
    if dataclasses.is_dataclass(hint) and isinstance(given, Mapping):
        known = fields_of(typing.cast(type, hint))
        for name, value in given.items():
            if name in known:
                require(known[name], value, f"{above}{name}.")
    elif isinstance(hint, types.UnionType):
        _require_one(hint, given, above)
    elif typing.get_origin(hint) is tuple and isinstance(given, list):
        for each in given:
            require(typing.get_args(hint)[0], each, above)
    elif typing.get_origin(hint) is dict and isinstance(given, Mapping):
        for name, each in given.items():
            require(typing.get_args(hint)[1], each, f"{above}{name}.")
    elif not _conforms(hint, given):
        raise TypeError(f"{above.removesuffix('.')} cannot be {str(given)[:40]!r}")


def _require_one(hint: types.UnionType, given: Any, above: str) -> None:
    """Require that one of several kinds fits: of blocks that with the keys that are there."""
    parts = list(typing.get_args(hint))
    if isinstance(given, Mapping):
        blocks = [part for part in parts if dataclasses.is_dataclass(part)]
        fitting = [part for part in blocks if fields_of(part).keys() >= given.keys()]
        parts = fitting[:1] or [part for part in parts if typing.get_origin(part) is dict]
    errors = []
    for part in parts:
        try:
            return require(part, given, above)
        except TypeError as error:
            errors.append(error)
    raise TypeError(f"{above.removesuffix('.')} cannot be {str(given)[:40]!r}")


def _conforms(hint: Any, given: Any) -> bool:
    """Return whether a plain value is of a plain kind."""
    if hint is Any:
        return True
    if hint is types.NoneType:
        return given is None
    if hint is float:
        known = isinstance(given, int | float) and not isinstance(given, bool)
        return known and abs(given) <= sys.float_info.max  # neither NaN nor a whole number beyond
    if hint is int:
        known = isinstance(given, int) and not isinstance(given, bool)
        return known and abs(given) < 2**63
    if typing.get_origin(hint) is dict:
        below = typing.get_args(hint)[1]
        return isinstance(given, Mapping) and all(_conforms(below, v) for v in given.values())
    return isinstance(hint, type) and isinstance(given, hint)
