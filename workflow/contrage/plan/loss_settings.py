"""Settings of losses: their names and kinds, without importing a loss, which would take seconds."""

from __future__ import annotations

import json
import math
from typing import Any

from contrage import losses
from contrage.errors import SettingsError
from contrage.run import code as sources
from contrage.tables import nearest

KINDS = {
    bool: ("true or false", bool),
    int: ("a number", (int, float)),
    float: ("a number", (int, float)),
    str: ("text", str),
    tuple: ("a list", (list, tuple)),
}
"""Of a default: what a value in its place must be, in words and as Python has it."""


def check_row(row: str, settings: dict[str, Any]) -> None:
    """Raise `SettingsError` for an unknown loss or setting, or a value of another kind.

    Parameters
    ----------
    row : str
        Named in the message.
    settings : dict
        Of its loss, whose name stands under `loss`.
    """
    loss = settings["loss"]
    if loss not in losses.available():
        close = nearest(loss, losses.available())
        guess = f"did you mean {close}? There" if close else "there"
        raise SettingsError(
            f"benchmark.losses, losses.{row}: no loss {loss!r}; {guess} are "
            f"{', '.join(losses.available())}, and rows of losses that say `loss:`"
        )
    known = sources.constructor_parameters(f"contrage.losses.{loss}")
    unknown = sorted(set(settings) - {"loss", *known})
    if unknown:
        raise SettingsError(
            f"losses.{row}: {loss} has no setting {', '.join(unknown)}; "
            f"it has {', '.join(known) or 'none'}"
        )
    check_kinds(f"losses.{row}", loss, {name: [value] for name, value in settings.items()})
    for name, value in settings.items():
        if name not in losses.may_be_infinite(loss) and value == math.inf:
            raise SettingsError(f"losses.{row}.{name}: .inf is no finite number")


def check_kinds(place: str, loss: str, settings: dict[str, Any]) -> None:
    """Raise `SettingsError` for a value of another kind than its setting's default.

    YAML's `on` and `yes` are true, which Python would take for 1; `0.5` in quotation marks is text.

    Parameters
    ----------
    place : str
        The key under which they stand.
    loss : str
    settings : dict
        Setting → list of the values that it may get; what is no list of values is left alone.
    """
    defaults = sources.constructor_defaults(f"contrage.losses.{loss}")
    for name, values in settings.items():
        kind = KINDS.get(type(defaults.get(name)))
        if kind is None or not isinstance(values, list):
            continue
        words, types = kind
        for value in values:
            if isinstance(value, types) and isinstance(value, bool) == (types is bool):
                continue
            raise SettingsError(
                f"{place}.{name}: {_shown(value)} is not {words}; the default is "
                f"{_shown(defaults[name])}{_hint(value, types)}"
            )


def _hint(value: Any, types: Any) -> str:
    if isinstance(value, bool):
        return f" (on and yes are true, off and no are false{_quote(types)})"
    return " (without quotation marks)" if isinstance(value, str) and types is not str else ""


def _quote(types: Any) -> str:
    return "; for text write them in quotation marks" if types is str else ""


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
