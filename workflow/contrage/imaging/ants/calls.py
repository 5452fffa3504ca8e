"""Calls of other people's functions, noted with all their parameters for provenance."""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_NOTED: ContextVar[list[dict] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[dict]]:
    """Collect what is called inside the block: function and parameters, in order."""
    calls: list[dict] = []
    token = _NOTED.set(calls)
    try:
        yield calls
    finally:
        _NOTED.reset(token)


def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function, and note its name and every parameter, those left at a default too.

    Images are noted as their shape and voxel size, temporary files by their names, so that two
    runs leave the same note.
    """
    calls = _NOTED.get()
    if calls is not None:
        bound = inspect.signature(function).bind(*arguments, **named)
        bound.apply_defaults()
        given = dict(bound.arguments)
        kinds = bound.signature.parameters
        for name in [name for name in given if kinds[name].kind is inspect.Parameter.VAR_KEYWORD]:
            given |= given.pop(name)
        parameters = {name: plain(value) for name, value in given.items()}
        calls.append({"function": dotted(function), "parameters": parameters})
    return function(*arguments, **named)


def dotted(function: Callable[..., Any]) -> str:
    """Return a function's full name: module and name."""
    return f"{function.__module__}.{function.__qualname__}"


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        temporary = os.path.join(tempfile.gettempdir(), "")
        return os.path.basename(text) if text.startswith(temporary) else text
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of NumPy
        return value.item()
    if hasattr(value, "spacing") and hasattr(value, "shape"):  # an image of ANTs
        edges = " x ".join(f"{edge:.4g}" for edge in value.spacing)
        return f"image of {' x '.join(map(str, value.shape))} voxels, {edges} mm"
    return f"{type(value).__module__}.{type(value).__qualname__}"
