"""Ways of skull stripping that other people maintain, a file each.

A file put here is a method of its name (`_` reads `-`): its `BACKEND` says what it needs. That of a
program has `node(folder, options)`, which `contrage.imaging.strip_nipype` runs; that of a package
`mask(reference, path, options)`, which finds the brain itself. Beside it,
`preprocessing.skull_strip` of the schema has its name and a block with its settings. Nothing slow
is imported before either runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def lacks_nothing(found: str) -> None:
    """Of a program that runs wherever it is found."""


@dataclass(frozen=True)
class Backend:
    """What a method runs.

    Attributes
    ----------
    words, reference : str, tuple of two str
        Its name in a paper; a short name of what is cited, and where that stands.
    advice : str
        How to get it.
    names : tuple of str
        Executables that take the same arguments; the first on PATH is used. Empty: it is a
        Python package.
    packages : tuple of str
        Python packages that do the work; their versions are noted, and without `names` the
        first must be installed.
    fills : bool
        The program writes the brain itself: what is dark in it is no hole.
    options : dict
        Its settings, with their defaults; the schema describes each.
    lacks : callable
        Takes the executable found, and returns what else it cannot run without, or None.
    stamp : tuple of two str, optional
        A variable with a folder, and the file below that tells the program's version.
    mem_mb, runtime : int
        What a job is given, MiB and minutes.
    """

    words: str
    reference: tuple[str, str]
    advice: str
    names: tuple[str, ...] = ()
    packages: tuple[str, ...] = ("nipype",)
    fills: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    lacks: Callable[[str], str | None] = lacks_nothing
    stamp: tuple[str, str] | None = None
    mem_mb: int = 3000
    runtime: int = 60
