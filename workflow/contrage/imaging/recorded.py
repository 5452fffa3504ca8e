"""What records and sidecars tell of a step's settings, and what is made of that again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from contrage.imaging.template.source import NILEARN, Source, as_source
from contrage.settings.build import build, fields_of
from contrage.settings.steps.imaging import CorrectStep, MapLimits, StripMethod, TemplateFiles

BEYOND = "beyond"


def recorded(part: Any) -> Any:
    """Return a step's settings, or a part of them, as a record tells them.

    Parts that are absent are not told; keys stand in alphabetical order, whoever states them.
    """
    if isinstance(part, StripMethod):
        return recorded({"method": part.method, **own_options(part)})
    if isinstance(part, MapLimits):
        return recorded({**part.of, BEYOND: part.beyond})
    if isinstance(part, CorrectStep) and part.bias_correction is None:
        return {"bias_correction": {"target": "none"}}
    if dataclasses.is_dataclass(part):
        found = ((field.name, getattr(part, field.name)) for field in dataclasses.fields(part))
        return recorded({name: value for name, value in found if value is not None})
    if isinstance(part, Mapping):
        return {name: recorded(part[name]) for name in sorted(part)}
    return [recorded(each) for each in part] if isinstance(part, tuple | list) else part


def own_options(asked: StripMethod) -> dict[str, Any]:
    """Return the settings of a method of skull stripping under its name; nothing without any."""
    return {asked.method: asked.options} if asked.options else {}


def limits_in(record: Mapping[str, Any]) -> MapLimits | None:
    """Return the limits of maps that a scan was preprocessed with, without the units' words.

    None where it had none.
    """
    stored = record["settings"]
    if "limits" not in stored:
        return None
    of = {name: limits for name, limits in stored["limits"].items() if name != BEYOND}
    return build(MapLimits, {"of": of, "units": {}, BEYOND: stored["limits"][BEYOND]})


def template_in(record: Mapping[str, Any]) -> Source:
    """Return the template that a scan was preprocessed with; nilearn's where none was asked for."""
    stored = record["settings"]
    if "template" not in stored:
        return NILEARN
    files = dict.fromkeys(fields_of(TemplateFiles)) | stored["template"]
    return as_source(build(TemplateFiles, files))
