"""What is refused of a study's tables, curves, figures and claims before anything is trained."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contrage.errors import SettingsError, few
from contrage.plan.overlays import Overlay
from contrage.settings.words import shown
from contrage.tables import nearest

SHOWN = ("tables", "curves", "figures")
"""Blocks of what is made of the overlays."""
N_TRAIN, VALUE, OVERLAY = "n_train", "value", "overlay"
BESIDE = ("_sd", "_paper")
"""Ends of names of what tables have beside a value."""

Block = Mapping[str, Any]


def check_asked(study: Block, overlays: Mapping[str, Overlay]) -> None:
    """Refuse tables, curves, figures and claims of what there is not, and names given twice."""
    names: dict[str, str] = {}
    for kind in SHOWN:
        for name, block in study[kind].items():
            key = f"{kind}.{name}"
            if names.setdefault(name, kind) != kind:
                raise SettingsError(f"{key}: {names[name]} has one of this name; rename one")
            grid = block["grid"] if kind == "curves" else None
            if grid is not None and grid not in study["grids"]:
                raise SettingsError(no_such(f"{key}.grid", grid, study["grids"]))
            for pattern in listed(block["overlays"]):
                if not matching(pattern, overlays):
                    raise SettingsError(no_such(f"{key}.overlays", pattern, overlays))
            if kind == "curves" and not (grid or listed(block["overlays"])):
                raise SettingsError(f"{key}: it has no points; name a grid, or overlays")
            CHECKS[kind](key, block, overlays)
    tables = {**study["tables"], **study["curves"]}
    for name, claim in study["claims"].items():
        if claim["table"] not in tables:
            raise SettingsError(no_such(f"claims.{name}.table", claim["table"], tables))
        if bool(claim["rising"]) == bool(claim["within"]):
            raise SettingsError(f"claims.{name}: it needs either rising or within")
        _check_claim(f"claims.{name}", claim, tables[claim["table"]], overlays)


def _check_table(key: str, block: Block, overlays: Mapping[str, Overlay]) -> None:
    values = listed(block["values"])
    for value in block["paper"] or {}:
        if value not in values:
            raise SettingsError(no_such(f"{key}.paper", value, values))


def _check_curve(key: str, block: Block, overlays: Mapping[str, Overlay]) -> None:
    for value in listed(block["log"]):
        if value not in listed(block["y"]):
            raise SettingsError(no_such(f"{key}.log", value, listed(block["y"])))
    for name in overlays_of(block, overlays) if block["x"] != N_TRAIN else ():
        if block["x"] not in overlays[name].values:
            raise SettingsError(
                f"{key}.x: {name} has no {shown(block['x'])}, only "
                f"{few([N_TRAIN, *overlays[name].values])}; a curve is over {N_TRAIN}, or over a "
                "key of the grid that all its overlays are of"
            )


def _check_figure(key: str, block: Block, overlays: Mapping[str, Overlay]) -> None:
    if block["kind"] == "report":
        return
    for axis in ("x", "y"):
        if not block[axis]:
            raise SettingsError(
                f"{key}.{axis}: a {block['kind']} needs one; name a column of {block['table']}"
            )
    if block["kind"] == "roc" and len(set(block["order"])) < 2:
        raise SettingsError(
            f"{key}.order: a roc tells the last group of it from the first; name both"
        )


CHECKS = {"tables": _check_table, "curves": _check_curve, "figures": _check_figure}


def _check_claim(key: str, claim: Block, block: Block, overlays: Mapping[str, Overlay]) -> None:
    """Refuse values, columns and overlays of which its table is not."""
    if "y" in block:
        values, dims = listed(block["y"]), ["row", OVERLAY, block["x"]]
    else:
        values, dims = listed(block["values"]), listed(block["rows"]) + listed(block["columns"])
    cells = cells_of(claim) or [claim["of"]]
    for value in (cell[VALUE] if VALUE in cell else claim["value"] for cell in cells):
        if value is None:
            raise SettingsError(f"{key}.value: name one of {few(values, most=8)}")
        if not any(str(value).removesuffix(end) in values for end in ("", *BESIDE)):
            raise SettingsError(no_such(f"{key}.value", value, values))
    for cell in cells:
        for column, wanted in cell.items():
            if column not in (*dims, VALUE):
                raise SettingsError(no_such(f"{key}: {claim['table']}", column, dims))
            own = overlays_of(block, overlays)
            if column == OVERLAY and not matching(str(wanted), own):
                raise SettingsError(no_such(f"{key}: {claim['table']}", wanted, own))


def cells_of(claim: Block) -> list[dict[str, Any]]:
    """Return the cells of a claim that should rise, in what `of` says; a word alone is a value."""
    own = ({VALUE: each} if isinstance(each, str) else each for each in claim["rising"] or [])
    return [{**claim["of"], **cell} for cell in own]


def overlays_of(block: Block, overlays: Mapping[str, Overlay]) -> list[str]:
    """Return the overlays of a table, curve or figure in their order."""
    grids = {block[key] for key in ("grid",) if key in block} - {None}  # curves alone name one
    of_grid = [name for name, each in overlays.items() if each.grid in grids]
    return list(dict.fromkeys([*of_grid, *matching(listed(block["overlays"]), overlays)]))


def listed(words: str | list[str]) -> list[str]:
    """Return one or several words as a list."""
    return [words] if isinstance(words, str) else words


def matching(patterns: str | Sequence[str], names: Iterable[str]) -> list[str]:
    """Return names in the order of patterns, each once."""
    names, asked = list(names), [patterns] if isinstance(patterns, str) else patterns
    found = (name for each in asked for name in names if fnmatch.fnmatchcase(name, each))
    return list(dict.fromkeys(found))


def no_such(key: str, wanted: Any, known: Iterable[str]) -> str:
    """Return a sentence on a name that there is not, with the nearest that there is."""
    known = list(known)
    close = nearest(str(wanted), known)
    hint = f"did you mean {close}?" if close else f"there are {few(known, most=8) or 'none'}"
    return f"{key}: there is no {shown(wanted)}; {hint}"
