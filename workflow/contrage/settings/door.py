"""The configuration as people write it: read strictly, laid over the defaults, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.settings import demo
from contrage.settings.cohorts import AskedCohort
from contrage.settings.layers import lay_over
from contrage.settings.meaning import Reading, as_meant, fill_defaults
from contrage.settings.mistakes import find_mistakes
from contrage.settings.paths import require_plain_folders
from contrage.settings.schema import Part, child, kinds, load_schema
from contrage.settings.yaml_door import Written, read_file, read_text

__all__ = ["complete", "load_schema", "read", "read_layers", "require_plain_folders"]

MOST = 10  # mistakes that are told at once
OF_ROWS = ("augmentation", "early_stop", "lds", "fds", "mixup", "logits")
"""Blocks of training that may be null, or empty, and that a row may have of its own."""


def read(files: Iterable[Path], arguments: Sequence[str], schema: Part) -> dict[str, Any]:
    """Return the configuration that files and the command line ask for, with every default.

    Parameters
    ----------
    files : iterable of Path
        YAML or JSON; what a later one says counts more, block by block.
    arguments : sequence of str
        ``KEY=VALUE`` of the command line, which count most.
    schema : dict

    Raises
    ------
    SettingsError
        With a line for each mistake.
    """
    in_files = Reading(schema)
    layers = [as_meant(in_files, read_file(path), schema) for path in files]
    on_line = Reading(schema, on_command_line=True, mistakes=in_files.mistakes)
    for argument in arguments:
        key, _, value = argument.partition("=")
        written = {key: _argument(key, value, schema)}
        layers.append(as_meant(on_line, written, schema))
    config: dict[str, Any] = {}
    cohort = AskedCohort()
    for layer in layers:
        cohort.lay(layer)
        lay_over(config, layer)
    return _checked(config, cohort, in_files, demo.stated_of_target(layers))


def complete(config: dict[str, Any], schema: Part, prefix: str = "") -> dict[str, Any]:
    """Return a configuration that a workflow hands over, checked and with every default.

    Parameters
    ----------
    config : dict
        Stays as it is.
    schema : dict
    prefix : str
        Stands before the keys in messages.

    Raises
    ------
    SettingsError
        With a line for each mistake.
    """
    reading = Reading(schema)
    meant = as_meant(reading, config, schema)
    cohort = AskedCohort()
    cohort.lay(meant)
    return _checked(meant, cohort, reading, demo.stated_of_target([meant]), prefix)


def read_layers(
    layers: Sequence[tuple[str, dict[str, Any]]], schema: Part, prefix: str
) -> dict[str, Any]:
    """Return the configuration that layers come to, checked and with every default.

    Parameters
    ----------
    layers : sequence of (str, dict)
        What stands before keys of a layer in messages, and what was written there; what a later
        one says counts more, block by block.
    schema : dict
    prefix : str
        Stands before keys of what they come to.

    Raises
    ------
    SettingsError
        With a line for each mistake.
    """
    config: dict[str, Any] = {}
    cohort, meant = AskedCohort(), []
    for above, written in layers:
        reading = Reading(schema)
        meant.append(as_meant(reading, written, schema))
        if reading.mistakes:
            raise SettingsError("\n".join(f"{above}{said}" for said in reading.mistakes.values()))
        cohort.lay(meant[-1])
        lay_over(config, meant[-1])
    return _checked(config, cohort, Reading(schema), demo.stated_of_target(meant), prefix)


def _argument(key: str, value: str, schema: Part) -> Any:
    """Return a value of the command line: YAML where a block or list may stand, else as it is."""
    if not kinds(child(schema, key) or {}) & {"array", "object"}:
        return Written(value.strip("'\""), quoted=False)
    return read_text(value, f"--config {key}")


def _checked(
    config: dict[str, Any],
    cohort: AskedCohort,
    reading: Reading,
    stated: set[str],
    prefix: str = "",
) -> dict[str, Any]:
    said = [f"{prefix}{sentence}" for sentence in reading.mistakes.values()]
    said += _settle_cohort(config, cohort, reading.schema, prefix)
    fill_defaults(config, reading.schema)
    _fill_cohort_of_pretraining(config, reading.schema)
    _fill_rows(config, reading.schema)
    said += find_mistakes(config, reading.schema, prefix, set(reading.mistakes))
    said = _once(said, prefix)
    said = said or demo.inherited_names(config, reading.schema, stated, prefix)
    if said:
        more = [f"and {len(said) - MOST} more"] if len(said) > MOST else []
        raise SettingsError("\n".join([*said[:MOST], *more]))
    config["cohorts"] = {}  # `cohort` has what is used of them, and nothing else counts
    demo.describe(config)
    _name_measure(config)
    return config


def _settle_cohort(
    config: dict[str, Any], cohort: AskedCohort, schema: Part, prefix: str
) -> list[str]:
    """Put the one block that `cohort` comes to in its place; return what is wrong, if anything."""
    try:
        config["cohort"] = cohort.block(config.get("cohorts"), schema["properties"]["cohort"])
    except SettingsError as error:
        config["cohort"] = {}
        return [f"{prefix}{error}"]
    return []


def _once(said: list[str], prefix: str) -> list[str]:
    """Leave out what is said of `cohort` and was said of the block of `cohorts` that it names."""
    keys = [each.partition(":")[0].removeprefix(prefix) for each in said]
    known = {key.split(".", 2)[-1] for key in keys if key.startswith("cohorts.")}
    inside = [
        key.removeprefix("cohort.").removeprefix("members.") if key.startswith("cohort.") else ""
        for key in keys
    ]
    return [each for each, key in zip(said, inside, strict=True) if key not in known]


def _fill_cohort_of_pretraining(config: dict[str, Any], schema: Part) -> None:
    """Complete it as a cohort; the other blocks of a pre-training say only what differs."""
    pretraining = config["pretraining"]
    if isinstance(pretraining, dict):
        fill_defaults(pretraining["cohort"], schema["properties"]["cohort"])


def _fill_rows(config: dict[str, Any], schema: Part) -> None:
    """Complete what a row puts in place of a block of training; all else it has from there."""
    rows, training = config["rows"], schema["properties"]["training"]["properties"]
    if not isinstance(rows, dict):
        return
    for row in rows.values():
        for own in (row, row.get("stage")) if isinstance(row, dict) else ():
            for key in OF_ROWS if isinstance(own, dict) else ():
                if key in own and not (config["training"] or {}).get(key):
                    fill_defaults(own[key], training[key])


def _name_measure(config: dict[str, Any]) -> None:
    """Compare by balanced accuracy where the target has two sides: an error says nothing there."""
    if config["target"]["kind"] == "binary":
        config["statistics"]["primary"] = "bacc"
