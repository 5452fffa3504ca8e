"""The steps of the workflow by name, and what each is asked for on the command line.

Each step is a plain function. Its keyword arguments are the command's options, so that a step
is described once, by its signature, and nothing heavy is imported before the step is known.
"""

from __future__ import annotations

import argparse
import inspect
import json
import types
import typing
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.settings.build import build

STEPS = {
    "phantom-tables": "contrage.cohort.phantom.heads.tables:make_tables",
    "phantom": "contrage.cohort.phantom.heads.participant:make_participant",
    "phantom-picture": "contrage.cohort.phantom.heads.picture:phantom_picture",
    "cohort": "contrage.cohort.register:register",
    "fetch-template": "contrage.imaging.template.source:fetch_template",
    "check": "contrage.imaging.check:check",
    "screen": "contrage.imaging.screen:screen",
    "strip": "contrage.imaging.strip:strip",
    "correct": "contrage.imaging.correct:correct",
    "register": "contrage.imaging.register:register",
    "describe": "contrage.imaging.provenance.description:describe",
    "quality": "contrage.imaging.quality.measure:quality",
    "usable": "contrage.imaging.usable:usable",
    "stack": "contrage.dataset.stack:stack",
    "same-person": "contrage.dataset.same_person:same_person",
    "arrays": "contrage.dataset.arrays:arrays",
    "features": "contrage.dataset.features:features",
    "merge": "contrage.dataset.merge:merge_cohorts",
    "select": "contrage.dataset.select:select",
    "split": "contrage.dataset.split:split",
    "null-ages": "contrage.dataset.null_ages:null_ages",
    "inner-split": "contrage.dataset.inner_split:inner_split",
    "feasible": "contrage.learning.feasible:check_feasible",
    "convert": "contrage.learning.convert:convert",
    "train": "contrage.learning.train:train",
    "train-stage": "contrage.learning.stage:train_stage",
    "embed": "contrage.learning.embed:embed",
    "probe": "contrage.evaluation.probe:probe",
    "head": "contrage.evaluation.head:head",
    "baselines": "contrage.evaluation.baselines:baselines",
    "saliency": "contrage.evaluation.saliency.explain:saliency",
    "evaluate": "contrage.evaluation.evaluate:evaluate",
    "choose": "contrage.evaluation.choose:choose",
    "search-table": "contrage.evaluation.choose:search_table",
    "tables": "contrage.report.tables:tables",
    "runtimes": "contrage.report.runtimes:runtimes",
    "maps": "contrage.report.maps:maps",
    "figures": "contrage.report.figures:figures",
    "page": "contrage.report.page:page",
    "quality-page": "contrage.report.quality.page:quality_page",
    "same-person-page": "contrage.report.quality.same_person:same_person_page",
    "predict-part": "contrage.bundle.batch:predict_part",
    "join-predictions": "contrage.bundle.batch:join_predictions",
    "export-models": "contrage.bundle.export:export_models",
    "study-tables": "contrage.study.tables:tables",
    "study-figures": "contrage.study.figures:figures",
    "study-page": "contrage.study.page:page",
}


def load_step(step: str) -> Callable[..., Any]:
    """Import the function of a step."""
    module, name = STEPS[step].split(":")
    return getattr(import_module(module), name)


def step_parser(step: str, function: Callable[..., Any]) -> argparse.ArgumentParser:
    """Build a step's options from its signature.

    The first parameter is the settings; every other one is keyword-only and annotated
    `Path`, `str`, `int`, `list[Path]`, or one of these `| None` where it may be left out or
    stand without a value (as it does in a rule whose optional input is absent); or
    `dict[str, Path]`, files by name, ``NAME=PATH …``, of which there may be none.
    """
    summary = (inspect.getdoc(function) or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog=f"contrage {step}", description=summary)
    parser.add_argument("--settings", type=_settings, required=True, help="JSON, or a file of it")
    parser.add_argument("--log", type=Path, help="write the log to this file")
    hints = typing.get_type_hints(function)
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if typing.get_origin(hints[parameter.name]) is dict:
            option = f"--{parameter.name.replace('_', '-')}"
            parser.add_argument(option, nargs="*", type=_named_file, action=_ByName, default={})
            continue
        kind, many = _kind(hints[parameter.name])
        required = parameter.default is inspect.Parameter.empty and not _optional(
            hints[parameter.name]
        )
        parser.add_argument(
            f"--{parameter.name.replace('_', '-')}",
            dest=parameter.name,
            type=kind if required else _maybe(kind),
            nargs=("+" if required else "*") if many else None if required else "?",
            required=required,
            default=None if parameter.default is inspect.Parameter.empty else parameter.default,
        )
    return parser


def settings_of(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Return the settings of a step as the dataclass that its first parameter is annotated with."""
    first = next(iter(inspect.signature(function).parameters))
    kind = typing.get_type_hints(function)[first]
    try:
        return build(kind, given)
    except TypeError as error:
        raise SettingsError(f"--settings: {error}") from error


def _settings(text: str) -> dict[str, Any]:
    try:
        written = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
        return json.loads(written)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"neither JSON nor a file of it: {error}") from None


class _ByName(argparse.Action):
    """Keep files by their names."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, dict(values))


def _named_file(text: str) -> tuple[str, Path]:
    """Read NAME=PATH."""
    name, _, path = text.partition("=")
    if not (name and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, Path(path)


def _maybe(kind: type) -> Callable[[str], Any]:
    """Read an empty value as none: a rule's optional input that is absent."""
    return lambda text: kind(text) if text else None


def _optional(hint: Any) -> bool:
    return isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)


def _kind(hint: Any) -> tuple[type, bool]:
    """Return the type of one value and whether the option takes several."""
    if _optional(hint):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is list:
        return typing.get_args(hint)[0], True
    return hint, False
