"""Ways of splitting: one scheme = one file in this folder; leave_site_out.py is "leave-site-out".

A new file here is a new scheme, nothing else is registered (the schema's list of names is held
against this folder by a test). Files whose name starts with an underscore are helpers. A file has

- ``folds(visits, split, seed)``: who plays which part, a list of `Parts`, one for each fold;
- ``place(others, made, split, seed)``: which of these folds predicts those who are not learned
  from, scan_id → number; a scan that is left out has no part in anything;
- ``count(visits, split)``: how many folds there will be;
- ``at_best(visits, split, target)``: the `Training` part of the fold that has the smallest one,
  were no scan bad; raises for what can be known to be impossible;
- ``most(visits, split, held_out)``: how many scans the largest training part can have, a fraction
  of whose participants is held out;
- ``DRAWN``: whether a seed decides the folds;
- ``IGNORES``: settings of `dataset.split` that do nothing there, each with the value that says
  nothing; others are refused.

``visits`` are the scans that may be learned from (`contrage.dataset.roles.Visit`), ``split`` is the
block `dataset.split` of the configuration (`contrage.settings.blocks.split.SplitSettings`),
``seed`` that of the training. All but ``folds`` is asked before the first job, so that a file
imports neither pandas nor scikit-learn when it is read.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from contrage.errors import SettingsError


def available() -> list[str]:
    """Name the schemes that exist, in alphabetical order."""
    files = (file for folder in __path__ for file in Path(folder).glob("*.py"))
    return sorted({_name(file.stem) for file in files if not file.stem.startswith("_")})


def module(name: str) -> str:
    """Return the dotted name of a scheme's module.

    Raises
    ------
    SettingsError
        For an unknown scheme.
    """
    if name not in available():
        raise SettingsError(
            f"dataset.split.scheme: there is no scheme {name!r}; choose from "
            f"{', '.join(available())}"
        )
    return f"{__name__}.{name.replace('-', '_')}"


def load(name: str) -> ModuleType:
    """Return the module of a scheme; raise `SettingsError` for an unknown one."""
    return importlib.import_module(module(name))


def _name(stem: str) -> str:
    return stem.replace("_", "-")
