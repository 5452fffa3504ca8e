"""The key that was meant by one that does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from contrage.errors import few
from contrage.settings.schema import Part, all_keys

PRETRAINING = "pretraining"
SURE, LIKELY = 0.8, 0.65
FOLDERS = {"sub": "participant", "subject": "participant", "ses": "session", "session": "session"}


def unknown_key(schema: Part, place: tuple[str, ...], known: list[str], prefix: str = "") -> str:
    """Say that there is no such key, and which may have been meant.

    Parameters
    ----------
    schema : dict
        All of it, for keys that stand in the wrong block.
    place : tuple of str
        The path of the unknown key.
    known : list of str
        The keys that its block has.
    prefix : str
        Stands before every path of this schema.
    """
    key, above = place[-1], place[:-1]
    head = f"{prefix}{'.'.join(place)}: no such key"
    inside = place[0] == PRETRAINING  # it has the keys of other blocks once more
    paths = [path for path in all_keys(schema) if path.startswith(f"{PRETRAINING}.") == inside]
    if key in paths and "." in key:
        return f"{head}; write one block inside the other: {_nested(key)}"
    name, colon, rest = key.partition(":")
    if colon and name in known:
        return f"{head}; a space is missing after the colon ({name}: {rest})"
    own = [".".join((*above, name)) for name in _close(key, known, SURE)[:1]]
    meant = own or _elsewhere(key, paths) or _others(key, above, known, paths)
    if meant:
        return f"{head}; did you mean {' or '.join(prefix + path for path in meant)}?"
    where = ".".join(above)
    return f"{head}; {f'{prefix}{where} has' if where else 'there are'} {few(known, most=12)}"


def unknown_entity(place: tuple[str, ...], known: list[str], prefix: str = "") -> str:
    """Say that images are not chosen by this part of their names, and by which they may be.

    Parameters
    ----------
    place : tuple of str
        The path of the unknown key.
    known : list of str
        Entities, and kinds of images where these may stand as well.
    prefix : str
        Stands before the path.
    """
    key, head = place[-1], f"{prefix}{'.'.join(place)}"
    if whole := FOLDERS.get(key.lower()):
        return (
            f"{head}: each {whole} has a folder, and all are taken; name those to leave out in the "
            "file that cohort.exclude gives"
        )
    # BIDS's long names begin with the short ones: acquisition, direction.
    long = (name for name in known if key.lower().startswith(name) or name.startswith(key.lower()))
    near = _close(key, known, SURE) or [*long]
    if near:
        return f"{head}: no such key; did you mean {prefix}{'.'.join((*place[:-1], near[0]))}?"
    return (
        f"{head}: no such key; images are chosen by {few(known, most=12)}. Name files that differ "
        f"in {key} by one of these, such as acq"
    )


def _nested(path: str) -> str:
    *blocks, last = path.split(".")
    return "".join(f"{block}: {{" for block in blocks) + f"{last}: …" + "}" * len(blocks)


def _close(key: str, known: list[str], least: float) -> list[str]:
    """Return the known names that are like a key, whatever its capitals and hyphens."""
    plain = key.lower().replace("-", "_").replace(" ", "_")
    names = {name.lower(): name for name in known}
    return [names[each] for each in get_close_matches(plain, names, n=3, cutoff=least)]


def _elsewhere(key: str, paths: list[str]) -> list[str]:
    """Return the paths of keys of this very name, if they are few."""
    found = [path for path in paths if path.rpartition(".")[2] == key]
    return found if len(found) <= 3 else []


def _others(key: str, above: tuple[str, ...], known: list[str], paths: list[str]) -> list[str]:
    """Return what is rather like a key: in its own block, else very like anywhere."""
    if own := _close(key, known, LIKELY):
        return [".".join((*above, own[0]))]
    names = {path.rpartition(".")[2] for path in paths} - {key}
    return [
        path for name in _close(key, sorted(names), SURE)[:1] for path in _elsewhere(name, paths)
    ]
