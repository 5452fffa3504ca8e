"""Which source files decide the result of a step.

Rules declare these files as inputs, rules with a job per scan a digest of them as a parameter, so
that an edit reruns what depends on it and nothing else.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
NEVER_DECIDE = ("contrage.errors", "contrage.logs", "contrage.layout", "contrage.run")
"""What may be imported anywhere and decides no result: it words messages, writes them down, or says
where a file lies or which files decide."""
HAND_OVER = ("contrage.settings.blocks", "contrage.settings.steps", "contrage.settings.build")
"""Dataclasses of settings, which hold what a rule states and is compared by itself: they decide
nothing either (a test holds that no value stands there), but what they import may."""

IMPORT = re.compile(r"\bimport\b")
PLAIN_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\([^()]*\)|[\w.,* \t]+)"
    r"|import[ \t]+[\w., \t]+)(?:#.*)?$",
    re.MULTILINE,
)


def closure(*modules: str) -> list[Path]:
    """Return the files of the modules and of all contrage modules that they import.

    Imports inside functions count too. What is imported by a computed name does not: name such
    a module (a loss) as a further argument. `NEVER_DECIDE` and `HAND_OVER` are left out.

    Parameters
    ----------
    modules : str
        Dotted names, such as "contrage.learning.train".

    Returns
    -------
    list of Path
        Absolute, sorted, each once.
    """
    found: set[Path] = set()
    waiting = [module_file(name) for name in _with_parents(modules)]
    while waiting:
        file = waiting.pop()
        if file is not None and file not in found:
            found.add(file)
            waiting.extend(_imported(file))
    return sorted(file for file in found if not _is_below(_dotted(file), HAND_OVER))


def digest(*modules: str, files: Iterable[Path] = ()) -> str:
    """Return one short text that changes when a file of the modules' closure does.

    Parameters
    ----------
    modules : str
        Dotted names, as `closure` takes them.
    files : iterable of Path
        Data files of the package that decide the result, too.

    Returns
    -------
    str
        16 hexadecimal digits, of contents and of paths inside the package: the same wherever a
        checkout lies, whenever its files were written.
    """
    found = hashlib.sha256()
    for file in sorted({*closure(*modules), *(Path(each).resolve() for each in files)}):
        status = file.stat()
        content = _hash(file, status.st_mtime_ns, status.st_size)
        name = file.relative_to(PACKAGE) if file.is_relative_to(PACKAGE) else Path(file.name)
        found.update(f"{name.as_posix()} {content}\n".encode())
    return found.hexdigest()[:16]


def data_files(folder: str, *patterns: str) -> list[Path]:
    """Return files of the package that are no code, by patterns below one of its folders.

    Parameters
    ----------
    folder : str
        "report".
    patterns : str
        As `Path.glob` takes them; files of each are sorted.
    """
    return [path for each in patterns for path in sorted((PACKAGE / folder).glob(each))]


@cache
def _hash(file: Path, changed_ns: int, size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def module_file(module: str) -> Path | None:
    """Return the file of a dotted contrage module name, None where the name is no module."""
    parent, _, name = module.rpartition(".")
    home = PACKAGE.parent / Path(*parent.split("."))
    # A folder of plug-ins may lie elsewhere too: its package, which lists it, knows where.
    elsewhere = map(Path, getattr(sys.modules.get(parent), "__path__", ()))
    for folder in dict.fromkeys([home, *elsewhere]):
        for file in (folder / f"{name}.py", folder / name / "__init__.py"):
            if file.is_file():
                return file
    return None


@cache
def _dotted(file: Path) -> str:
    """Return the module of a file of the package; of one that lies elsewhere, nothing."""
    if not file.is_relative_to(PACKAGE):
        return ""
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


@cache
def _imported(file: Path) -> tuple[Path, ...]:
    names: set[str] = set()
    for node in _imports(file.read_text(encoding="utf-8")):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    decisive = (name for name in names if not _is_below(name, NEVER_DECIDE))
    own = _with_parents(name for name in decisive if name.split(".")[0] == "contrage")
    return tuple(file for name in own if (file := module_file(name)) is not None)


def _imports(text: str) -> list[ast.Import | ast.ImportFrom]:
    """Return the import statements of a source file.

    Parsing whole files took 0.7 s of the start of every Snakemake process, so where all imports
    begin a line these are parsed alone. Where the word stands anywhere else, the whole file is.
    """
    found = [statement.strip() for statement in PLAIN_IMPORT.findall(text)]
    if IMPORT.search(PLAIN_IMPORT.sub("", text)):
        found = [text]
    nodes = ast.walk(ast.parse("\n".join(found)))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def _is_below(name: str, modules: tuple[str, ...]) -> bool:
    return name.startswith(modules) and any(f"{name}.".startswith(f"{each}.") for each in modules)


def _with_parents(names: Iterable[str]) -> set[str]:
    """Add the packages above each module: importing a.b.c runs a and a.b as well."""
    return {
        ".".join(parts[: depth + 1])
        for parts in (name.split(".") for name in names)
        for depth in range(len(parts))
    }


def constructor_parameters(module: str, class_name: str | None = None) -> list[str]:
    """Return the parameters of a class's constructor, read from its source without running it.

    Parameters
    ----------
    module : str
        Dotted name of a contrage module.
    class_name : str, optional
        The class; by default the module's public one that has a `forward`.

    Returns
    -------
    list of str
        Without `self`; those of the base class where the class has no `__init__` of its own, and
        an empty list where that is no class of contrage.
    """
    constructor = _constructor(module, class_name)
    if constructor is None:
        return []
    return [each.arg for each in (*constructor.args.args, *constructor.args.kwonlyargs)][1:]


def constructor_defaults(module: str, class_name: str | None = None) -> dict[str, Any]:
    """Return the defaults of such parameters, of those that have one written as a plain value."""
    constructor = _constructor(module, class_name)
    if constructor is None:
        return {}
    own = constructor.args
    written = dict(zip(reversed(own.args), reversed(own.defaults), strict=False))
    written |= dict(zip(own.kwonlyargs, own.kw_defaults, strict=True))
    found = {}
    for parameter, node in written.items():
        with contextlib.suppress(ValueError):  # a name or a call: what it is, only running it tells
            if node is not None:
                found[parameter.arg] = ast.literal_eval(node)
    return found


def _constructor(module: str, class_name: str | None) -> ast.FunctionDef | None:
    """Return the constructor of a class of a module, perhaps that of its base class."""
    file = module_file(module)
    if file is None:
        return None
    body = ast.parse(file.read_text(encoding="utf-8")).body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    public = [name for name in classes if not name.startswith("_")]
    callable_ones = [name for name in public if _method(classes[name], "forward")]
    chosen = classes.get(class_name or next(iter([*callable_ones, *public]), ""))
    if chosen is None:
        return None
    if constructor := _method(chosen, "__init__"):
        return constructor
    homes = {
        alias.asname or alias.name: node.module
        for node in body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for base in chosen.bases:
        if isinstance(base, ast.Name) and (base.id in classes or base.id in homes):
            return _constructor(homes.get(base.id, module), base.id)
    return None


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    """Return the class's own method of that name."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == name:
            return each
    return None
