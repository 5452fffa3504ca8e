"""Overlays of a study as whole configurations: base, overlay, value of a grid."""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contrage.errors import SettingsError
from contrage.settings.door import read_layers
from contrage.settings.meaning import Reading, as_meant, fill_defaults
from contrage.settings.mistakes import find_mistakes
from contrage.settings.scalars import INFINITE
from contrage.settings.schema import Part
from contrage.settings.words import shown
from contrage.settings.yaml_door import read_text

OF_GRID = ("overlay", "changes_test")
"""Keys of a grid that are none of a configuration."""
TESTED = ("cohort", "preprocessing", "merge")
"""Blocks that decide who is tested; of target all but `LABELS`, of dataset `SIDES`."""
SIDES = ("split", "leave_out", "learn_from", "external")
LABELS = ("bin", "unit")
WORD = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
COHORTS = re.compile(r"base\.cohorts\.")
"""What begins a sentence about the study's cohorts, which are laid into the base."""

Layer = dict[str, Any]


@dataclass(frozen=True)
class Overlay:
    """An experiment of a study.

    Attributes
    ----------
    name : str
    config : dict
        The whole configuration.
    grid : str or None
        The grid that it is a value of.
    values : dict of str to str
        Key with dots → value, of the grid, as in its name.
    wanted : bool
        Whether this run is of it; an overlay that others start from is planned all the same.
    """

    name: str
    config: dict[str, Any]
    grid: str | None
    values: dict[str, str]
    wanted: bool

    @property
    def slug(self) -> str:
        """Its name as an identifier."""
        return slug(self.name)


def slug(name: str) -> str:
    """Return a name as an identifier, for names of rules."""
    return re.sub(r"\W", "_", name)


@dataclass(frozen=True)
class Ground:
    """What every overlay of a study is laid over.

    Attributes
    ----------
    study : str
    below, base : dict
        What all configurations are laid over, and the study's own, with its cohorts.
    schema : dict
    is_wanted : callable
        Whether a run is of an overlay of this name.
    """

    study: str
    below: Layer
    base: Layer
    schema: Part
    is_wanted: Callable[[str], bool]

    def __post_init__(self) -> None:
        """Tell what is wrong with the base once, and not with each overlay."""
        self._check_name("base", self.base)
        reading = Reading(self.schema)
        whole = copy.deepcopy(as_meant(reading, self.base, self.schema))
        fill_defaults(whole, self.schema)
        said = [f"base.{each}" for each in reading.mistakes.values()]
        said += find_mistakes(whole, self.schema, "base.", set(reading.mistakes))
        if said:
            own = (each.removeprefix("base.") if COHORTS.match(each) else each for each in said)
            raise SettingsError("\n".join(own))

    def overlay(self, name: str, stated: Layer) -> Overlay:
        """Return the experiment of an overlay."""
        return self._made(name, f"overlays.{name}", [stated])

    def grid(self, grid: str, block: Layer, over: Sequence[Layer]) -> list[Overlay]:
        """Return those of a grid: one for each value, or combination of values.

        Parameters
        ----------
        grid : str
        block : dict
            Keys with dots, each with its values, and `OF_GRID`.
        over : sequence of dict
            The overlay that the values are laid over, if any.
        """
        keys = {key: _named(grid, key, block[key]) for key in block if key not in OF_GRID}
        if not keys:
            raise SettingsError(f"grids.{grid}: no key in it; write one with its values: [1, 2]")
        made = [
            self._made(
                "-".join([grid, *values.values()]),
                f"grids.{grid}",
                [*over, *(_nested(key, keys[key][word]) for key, word in values.items())],
                (grid, values),
            )
            for values in _combinations(keys)
        ]
        sides = {json.dumps(tested(each.config), sort_keys=True) for each in made}
        if len(sides) > 1 and not block["changes_test"]:
            raise SettingsError(
                f"grids.{grid}: {' and '.join(keys)} changes who is tested, so that its overlays "
                "could not be compared; changes_test: true says that this is meant"
            )
        return made

    def _made(
        self,
        name: str,
        place: str,
        stated: Sequence[Layer],
        of_grid: tuple[str | None, dict[str, str]] = (None, {}),
    ) -> Overlay:
        for layer in stated:
            self._check_name(place, layer)
        own = {"experiment": f"{self.study}-{name}"}
        over = [("", self.below), ("base.", self.base)]
        over += [(f"{place}.", layer) for layer in stated]
        config = read_layers([*over, ("", own)], self.schema, f"{place}.")
        return Overlay(name, config, *of_grid, self.is_wanted(name))

    def _check_name(self, place: str, layer: Layer) -> None:
        if "experiment" in layer:
            raise SettingsError(
                f"{place}.experiment: a study names its experiments, {self.study}-<overlay>"
            )


def tested(config: Mapping[str, Any]) -> list[Any]:
    """Return what decides which people a configuration's rows are tested on."""
    target = {key: value for key, value in config["target"].items() if key not in LABELS}
    split = config["dataset"]["split"]
    seeds = config["training"]["seeds"] if split["new_split_per_seed"] else None
    blocks = [config[name] for name in TESTED if name in config]
    dataset = config["dataset"]
    return [target, *blocks, *(dataset[name] for name in SIDES if name in dataset), seeds]


def _combinations(keys: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for words in itertools.product(*keys.values()):
        yield dict(zip(keys, words, strict=True))


def _named(grid: str, key: str, values: Any) -> dict[str, Any]:
    """Return the values of a grid by the words that stand for them in names."""
    place = f"grids.{grid}.{key}"
    if isinstance(values, str) and values.startswith(("[", "{")):
        values = read_text(values, place)
    if isinstance(values, Mapping):
        found, n = dict(values), len(values)
    elif isinstance(values, list):
        found, n = {_word(value): value for value in values}, len(values)
    else:
        found, n = {}, 0
    if not n:
        raise SettingsError(
            f"{place}: {shown(values)} is not possible; it takes a list of values, or a block of "
            "values by name"
        )
    if len(found) < n or not all(map(WORD.fullmatch, found)):
        raise SettingsError(
            f"{place}: values that are equal, or are no words, need names: a block {{name: value}}"
        )
    return found


def _word(value: Any) -> str:
    """Return what stands for a value in an overlay's name: .25 is 0.25, [2, 8] 2-8, .inf inf."""
    if isinstance(value, list):
        return "-".join(map(_word, value))
    text = str(value)
    if text in INFINITE:
        return "inf"
    return f"0{text}" if text.startswith(".") else text


def _nested(key: str, value: Any) -> Layer:
    """Return {a: {b: value}} of a.b."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return value
