"""Phantoms of region tables: made by the plan, which reads cohorts before the first job."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.files import read_json, write_json
from contrage.layout import PhantomStudy
from contrage.plan.together import differences
from contrage.run import code
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings
from contrage.settings.build import build

OWNERS = {"openbhb": "openbhb", "adni": "adni", "loni": "icbm", "oasis3": "oasis3"}
"""Source of a cohort → the cohort of the phantom that is written in its layout."""
KEY, MADE_BY = "cohort.phantom_tables", "contrage.cohort.phantom.tables.study"

Block = dict[str, Any]


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
    studies: dict[str, Block] = {}
    found = [_placed(config, studies) for config in configs]
    for block in studies.values() if is_first else ():
        _make(block, keeps)
    return found


def _placed(config: Block, studies: dict[str, Block]) -> Block:
    cohort, before = config["cohort"], config["pretraining"]
    own, other = _cohort(cohort, studies), _cohort(before["cohort"], studies)
    if own is cohort and other is before["cohort"]:
        return config
    return {**config, "cohort": own, "pretraining": {**before, "cohort": other}}


def _cohort(cohort: Block, studies: dict[str, Block]) -> Block:
    """Return a cohort, or its members, with the path of its phantom; itself where it has none."""
    members = [_cohort(each, studies) for each in cohort["members"]]
    if any(new is not old for new, old in zip(members, cohort["members"], strict=True)):
        return {**cohort, "members": members}
    block = cohort["phantom_tables"]
    if block is None:
        return cohort
    owner = _owner(cohort, block)
    known = studies.setdefault(block["name"], block)
    for key, here, there in differences(known, block):
        raise SettingsError(
            f"{KEY}.{key}: {here} and {there} in phantoms of the name {block['name']}; make them "
            "agree, or give one another name"
        )
    path = PhantomStudy.of(block["name"]).cohort(owner)
    if cohort["path"] not in ("", path):
        raise SettingsError(
            f"cohort.path: {cohort['path']}, but {KEY} has the data of {cohort['name']} made; "
            "remove one of the two"
        )
    return {**cohort, "path": path}


def _owner(cohort: Block, block: Block) -> str:
    """Return the phantom's cohort that stands in for this one."""
    source = cohort["source"]
    if source not in OWNERS:
        raise SettingsError(
            f"{KEY}: it is in the layouts of {', '.join(OWNERS)}, and cohort.source is {source}; "
            "set it to null"
        )
    owner = OWNERS[source]
    if owner not in block["parts"]:
        raise SettingsError(f"{KEY}.parts: no {owner}, which cohort.source: {source} reads; add it")
    return owner


def _make(block: Block, keeps: bool) -> None:
    """Write a phantom, unless it is there as its settings and today's code make it."""
    place = PhantomStudy.of(block["name"])
    folder, made_of = Path(place), _made_of(block)
    if Path(place.stamp).is_file() and read_json(place.stamp) == made_of:
        return
    if folder.exists() and not Path(place.stamp).is_file():
        raise SettingsError(
            f"{KEY}.name: {place} holds something else; choose another name, or remove it"
        )
    if not keeps:
        raise SettingsError(
            f"{KEY}: {place} must be made anew, and another run works in this folder; wait for it"
        )
    _write(block, folder, made_of)


def _made_of(block: Block) -> dict[str, str]:
    """Return what decides the files of a phantom."""
    settings = json.dumps(
        {key: value for key, value in block.items() if key != "name"}, sort_keys=True
    )
    return {"settings": hashlib.sha256(settings.encode()).hexdigest(), "code": code.digest(MADE_BY)}


def _write(block: Block, folder: Path, made_of: dict[str, str]) -> None:
    """Write all files beside the folder, which they then replace: a killed run leaves no half."""
    from contrage.cohort.phantom.tables.study import write_study

    beside = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    settings = {key: value for key, value in block.items() if key != "name"}
    write_study(build(PhantomTablesSettings, settings), beside)
    write_json(beside / Path(PhantomStudy.at("").stamp), made_of)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(beside, folder)
