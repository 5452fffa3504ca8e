"""A study: overlays over one configuration, each an experiment, and what is made of them.

Nothing here reads data or results.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError, few
from contrage.plan import phantoms, pretraining
from contrage.plan.overlays import Ground, Layer, Overlay, slug
from contrage.plan.study_asked import check_asked, matching, no_such
from contrage.settings import scalars
from contrage.settings.layers import lay_over
from contrage.settings.meaning import Reading, as_meant, fill_defaults
from contrage.settings.mistakes import find_mistakes
from contrage.settings.schema import Part, properties
from contrage.settings.yaml_door import read_file, read_text

KEY, OVER = "study", "over"
NAMED = ("cohorts", "overlays", "grids", "tables", "curves", "figures", "claims", "labels")
"""Blocks of a study of which a study that is laid over it may leave names out."""


@dataclass(frozen=True)
class StudyPlan:
    """A study, read and checked.

    Attributes
    ----------
    name : str
    overlays : dict of str to Overlay
        In the order in which they stand; those of grids after the others.
    asked : dict
        All other blocks: texts, tables, curves, figures, claims, labels.
    """

    name: str
    overlays: dict[str, Overlay]
    asked: dict[str, Any]

    @property
    def configs(self) -> list[dict[str, Any]]:
        """Whole configurations of what is planned, those that this run is of first."""
        planned = sorted(self.planned.values(), key=lambda each: not each.wanted)
        return [each.config for each in planned]

    @property
    def beside(self) -> list[dict[str, Any]]:
        """Whole configurations of the overlays that this run leaves out."""
        planned = self.planned
        return [each.config for name, each in self.overlays.items() if name not in planned]

    def require_paths(self) -> None:
        """Raise `SettingsError` with a line for each path of a cohort that is not there."""
        if lacking := lacking_paths({n: each.config for n, each in self.planned.items()}):
            n = len(lacking)
            raise SettingsError(
                f"{self.name} lacks {n} {'path' if n == 1 else 'paths'} of cohorts; put the data "
                'there, or give their places: --config \'cohorts={"name": {"path": …}}\'\n'
                + "\n".join(f"  {line}" for line in lacking)
            )

    @property
    def planned(self) -> dict[str, Overlay]:
        """Overlays that this run is of, and those that they start from."""
        found = {name for name, each in self.overlays.items() if each.wanted}
        waiting = list(found)
        while waiting:
            before = _starts(self.overlays[waiting.pop()].config, self.name, self.overlays)
            waiting += set(before) - found
            found |= set(before)
        return {name: each for name, each in self.overlays.items() if name in found}


def layers(files: Iterable[Path], arguments: Sequence[str]) -> list[Layer]:
    """Return what files and ``KEY=VALUE`` of the command line say, one layer each."""
    given = [layer for file in files for layer in _with_other(Path(file))]
    for argument in arguments:
        key, _, value = argument.partition("=")
        given.append({key: read_text(value, f"--config {key}")})
    return given


def _with_other(file: Path, above: tuple[Path, ...] = ()) -> list[Layer]:
    """Return what a file says, after the study that it is laid over, if it names one."""
    layer = read_file(file)
    other = layer.pop(OVER, None)
    if other is None:
        return [layer]
    path = file.parent / str(other)
    if path.resolve() in {each.resolve() for each in (*above, file)}:
        raise SettingsError(f"{file}: {OVER}: {other} leads back to itself")
    return [*_with_other(path, (*above, file)), layer]


def is_one(given: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether layers of a configuration are a study's."""
    return any(KEY in layer for layer in given)


def expand(given: Sequence[Layer], below: Layer, schema: Part, own: Part) -> StudyPlan:
    """Return the study that layers come to.

    Parameters
    ----------
    given : sequence of dict
        As files and the command line say them; of each block the later one counts more.
    below : dict
        What every experiment is laid over: config/config.yaml, or nothing.
    schema, own : dict
        Of a configuration, and of a study.

    Raises
    ------
    SettingsError
        With a line for each mistake; keys of configurations begin with base, overlays or grids.
    """
    study = _checked(given, schema, own)
    only = study["study_only"]
    patterns = [each.strip() for each in only.split(",")] if isinstance(only, str) else only

    def is_wanted(name: str) -> bool:
        return not patterns or bool(matching(patterns, [name]))

    ground = Ground(study["study"], below, _with_cohorts(study), schema, is_wanted)
    found = [ground.overlay(name, stated) for name, stated in study["overlays"].items()]
    for grid, block in study["grids"].items():
        over = block["overlay"]
        if over is not None and over not in study["overlays"]:
            raise SettingsError(no_such(f"grids.{grid}.overlay", over, study["overlays"]))
        found += ground.grid(grid, block, [study["overlays"][over]] if over else [])
    _check_names(found)
    overlays = {each.name: each for each in found}
    _check_different(overlays)
    for pattern in patterns:
        if not matching(pattern, overlays):
            raise SettingsError(no_such("study_only", pattern, overlays))
    check_asked(study, overlays)
    for each in found:
        _name_starts(each.config, study["study"], overlays)
    return StudyPlan(study["study"], overlays, study)


def lacking_paths(configs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each path of overlays' cohorts that is not there, with what needs it.

    Parameters
    ----------
    configs : mapping of str to dict
        Overlay → its whole configuration.
    """
    found: dict[str, list[str]] = {}
    for name, config in configs.items():
        for cohort in _members(config["cohort"]):
            path = cohort["path"]
            if path and not phantoms.is_made(cohort) and not Path(path).exists():
                found.setdefault(f"{cohort['name']}: {path}", []).append(name)
    return [f"{path} (of {few(names, most=4)})" for path, names in found.items()]


def _members(cohort: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the cohorts that one is merged of, or itself."""
    return [each for one in cohort["members"] for each in _members(one)] or [cohort]


def _checked(given: Sequence[Layer], schema: Part, own: Part) -> dict[str, Any]:
    """Return the study's own blocks; what is any configuration's stays as it was written."""
    study: dict[str, Any] = {}
    reading = Reading(own)
    for layer in given:
        for key in layer:
            if key in properties(schema) and key not in properties(own):
                raise SettingsError(
                    f"{key}: a study says this in base (base.{key}) for all of its experiments, "
                    "in overlays for one"
                )
        without = _left_out(layer, study)
        lay_over(study, as_meant(reading, layer, own))
        for key, name in without:
            del study[key][name]
    fill_defaults(study, own)
    said = [*reading.mistakes.values(), *find_mistakes(study, own, "", set(reading.mistakes))]
    if not said and not study["overlays"]:
        said = ["overlays: there is none; a study has one at least"]
    if said:
        raise SettingsError("\n".join(said))
    return study


def _left_out(layer: Layer, below: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return block and name of what a layer has as null and a study beneath it as something."""
    return [
        (key, name)
        for key in NAMED
        for name, value in (layer[key].items() if isinstance(layer.get(key), dict) else ())
        if _is_null(value) and name in below.get(key, {})
    ]


def _is_null(value: Any) -> bool:
    """Return whether the word null stands there; an empty line is a block without content."""
    return value is None or (isinstance(value, str) and value in scalars.NULLS - {""})


def _with_cohorts(study: dict[str, Any]) -> Layer:
    """Return the base with the study's cohorts, under each of which its own block is laid."""
    base = copy.deepcopy(study["base"])
    common = base.get("cohort")
    for name, block in study["cohorts"].items():
        whole: Layer = copy.deepcopy(common) if isinstance(common, dict) else {}
        lay_over(whole, block)
        base.setdefault("cohorts", {})[name] = whole
    return base


def _check_names(found: Sequence[Overlay]) -> None:
    """Refuse names of rules or folders that two experiments would share."""
    taken: dict[str, str] = {}
    for each in found:
        own = [each.name]
        if pretraining.is_wanted(each.config):
            own.append(f"{each.name}-{pretraining.HERE}")
        for name in own:
            key = slug(name).casefold()
            if key in taken:
                raise SettingsError(
                    f"overlays: {taken[key]} and {name} would be one in names of rules "
                    f"({slug(name)}); rename one"
                )
            taken[key] = name


def _check_different(overlays: Mapping[str, Overlay]) -> None:
    seen: dict[str, str] = {}
    for name, each in overlays.items():
        own = {k: v for k, v in each.config.items() if k not in ("experiment", "description")}
        other = seen.setdefault(json.dumps(own, sort_keys=True), name)
        if other != name:
            raise SettingsError(
                f"overlays: {other} and {name} differ in nothing; leave one out, or change it"
            )


def _froms(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what rows of a configuration start from, where that is another row."""
    return [row["from"] for row in config["rows"].values() if "from" in row]


def _starts(config: Mapping[str, Any], study: str, overlays: Iterable[str]) -> list[str]:
    """Return the overlays whose rows rows of a configuration start from."""
    found = {f"{study}-{name}": name for name in overlays}
    asked = [each["experiment"] for each in _froms(config)]
    return [found[name] for name in asked if name in found]


def _name_starts(config: dict[str, Any], study: str, overlays: Mapping[str, Overlay]) -> None:
    """Put the experiment in place of the overlay that a row starts from."""
    for start in _froms(config):
        if start["experiment"] in overlays:
            start["experiment"] = f"{study}-{start['experiment']}"
