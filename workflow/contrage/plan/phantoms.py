"""Phantoms in owners' layouts: made by the plan, which reads cohorts before the first job."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.files import read_json, write_json
from contrage.layout import PhantomStudy
from contrage.plan import phantom_files, phantom_tables
from contrage.plan.together import differences
from contrage.run import code

Block = dict[str, Any]


@dataclass(frozen=True)
class Road:
    """One block that asks for phantoms.

    Attributes
    ----------
    block : str
        Its key in a cohort.
    owner : function
        Cohort and block → the folder of the phantom (or file in it) that stands in for the cohort;
        raises `SettingsError` where none can.
    name : function
        Block → the name of the phantom.
    made_by : function
        Block → the modules whose code decides the files.
    write : function
        Block and folder: writes all files.
    """

    block: str
    owner: Callable[[Block, Block], str]
    name: Callable[[Block], str]
    made_by: Callable[[Block], tuple[str, ...]]
    write: Callable[[Block, Path], None]

    @property
    def key(self) -> str:
        """How messages begin."""
        return f"cohort.{self.block}"


ROADS = tuple(
    Road(each.BLOCK, each.owner, each.name, each.made_by, each.write)
    for each in (phantom_tables, phantom_files)
)


def is_made(cohort: Mapping[str, Any]) -> bool:
    """Return whether a cohort's data are a phantom that the run makes in an owner's layout."""
    return any(road.block in cohort and cohort[road.block] for road in ROADS)


def folders(cohort: Block) -> list[str]:
    """Return where the phantom of a cohort lies, if it is one."""
    blocks = [(road, cohort[road.block]) for road in ROADS]
    return [str(PhantomStudy.of(road.name(block))) for road, block in blocks if block]


def truths(cohort: Block) -> list[str]:
    """Return the files that say what is planted in the brains of a cohort, or of its members."""
    blocks = [each[phantom_tables.BLOCK] for each in (*cohort["members"], cohort)]
    places = [PhantomStudy.of(phantom_tables.name(block)).truth for block in blocks if block]
    return list(dict.fromkeys(places))


def placed(configs: Sequence[Block], *, is_first: bool, keeps: bool) -> list[Block]:
    """Return configurations whose cohorts lie where their phantoms do; a first process makes these.

    Parameters
    ----------
    configs : sequence of dict
        Whole configurations.
    is_first, keeps : bool
        As for `contrage.plan.cohort.read`.

    Raises
    ------
    SettingsError
        If a cohort cannot be a phantom, two of one name differ, or one cannot be made now.
    """
    known: dict[str, tuple[Road, Block]] = {}
    found = [_placed(config, known) for config in configs]
    for road, block in known.values() if is_first else ():
        _make(road, block, keeps)
    return found


def _placed(config: Block, known: dict[str, tuple[Road, Block]]) -> Block:
    cohort, before = config["cohort"], config["pretraining"]
    own, other = _cohort(cohort, known), _cohort(before["cohort"], known)
    if own is cohort and other is before["cohort"]:
        return config
    return {**config, "cohort": own, "pretraining": {**before, "cohort": other}}


def _cohort(cohort: Block, known: dict[str, tuple[Road, Block]]) -> Block:
    """Return a cohort, or its members, with the path of its phantom; itself where it has none."""
    members = [_cohort(each, known) for each in cohort["members"]]
    if any(new is not old for new, old in zip(members, cohort["members"], strict=True)):
        return {**cohort, "members": members}
    asked = [road for road in ROADS if cohort[road.block] is not None]
    if not asked:
        return cohort
    if len(asked) > 1:
        raise SettingsError(
            f"{asked[0].key}: {asked[1].key} is set as well, and data can be one phantom; set one "
            "of the two to null"
        )
    path = _path(cohort, asked[0], known)
    if cohort["path"] not in ("", path):
        raise SettingsError(
            f"cohort.path: {cohort['path']}, but {asked[0].key} has the data of {cohort['name']} "
            "made; remove one of the two"
        )
    return {**cohort, "path": path}


def _path(cohort: Block, road: Road, known: dict[str, tuple[Road, Block]]) -> str:
    """Return the folder that stands in for a cohort; all phantoms of a name are one."""
    block = cohort[road.block]
    owner, name = road.owner(cohort, block), road.name(block)
    other, before = known.setdefault(name, (road, block))
    if other is not road:
        raise SettingsError(
            f"{road.key}.name: {name} is that of {other.key} as well; give one another name"
        )
    for key, here, there in differences(unnamed(before), unnamed(block)):
        raise SettingsError(
            f"{road.key}.{key}: {here} and {there} in phantoms of the name {name}; make them "
            "agree, or give one another name"
        )
    return PhantomStudy.of(name).cohort(owner)


def _make(road: Road, block: Block, keeps: bool) -> None:
    """Write a phantom, unless it is there as its settings and today's code make it."""
    place = PhantomStudy.of(road.name(block))
    folder, made_of = Path(place), _made_of(road, block)
    if Path(place.stamp).is_file() and read_json(place.stamp) == made_of:
        return
    if folder.exists() and not Path(place.stamp).is_file():
        raise SettingsError(
            f"{road.key}.name: {place} holds something else; choose another name, or remove it"
        )
    if not keeps:
        raise SettingsError(
            f"{road.key}: {place} must be made anew, and another run works in this folder; wait "
            "for it"
        )
    _write(road, block, folder, made_of)


def _made_of(road: Road, block: Block) -> dict[str, str]:
    """Return what decides the files of a phantom."""
    settings = json.dumps(unnamed(block), sort_keys=True)
    digest = hashlib.sha256(settings.encode()).hexdigest()
    return {"settings": digest, "code": code.digest(*road.made_by(block))}


def _write(road: Road, block: Block, folder: Path, made_of: dict[str, str]) -> None:
    """Write all files beside the folder, which they then replace: a killed run leaves no half."""
    beside = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    road.write(unnamed(block), beside)
    write_json(beside / Path(PhantomStudy.at("").stamp), made_of)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(beside, folder)


def unnamed(block: Block) -> Block:
    """Return a block without its name, which decides no file."""
    return {key: value for key, value in block.items() if key != "name"}
