"""Where `contrage predict` is to write, looked at before hours are spent on scans."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from contrage.errors import SettingsError, UnwritableError


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse what cannot be written, and what would replace a file that is read.

    Parameters
    ----------
    outputs : mapping of str to Path or None
        Option → the file that is to be written.
    inputs : iterable of Path or None
        Files and folders that are read, or ``NAME=FILE,NAME=FILE``.

    Raises
    ------
    SettingsError
        It is a folder, no ordinary file, one of the inputs, or the same as another.
    UnwritableError
        Its folder cannot be written to.
    """
    read = [path for each in inputs if each is not None for path in _files_of(str(each))]
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if path.is_dir():
            raise SettingsError(f"{option}: {path} is a folder; name a file in it")
        if path.exists() and not path.is_file():
            raise SettingsError(f"{option}: {path} is no ordinary file; name another")
        if any(each.is_file() and path.exists() and path.samefile(each) for each in read):
            raise SettingsError(
                f"{option}: {path} is read as well, and would be replaced; name another file"
            )
        if other := seen.get(path.resolve()):
            raise SettingsError(f"{option}: {path} is that of {other} as well; name two files")
        seen[path.resolve()] = option
        _check_folder(path)


def _files_of(given: str) -> list[Path]:
    named = [part.partition("=")[2] for part in given.split(",") if "=" in part]
    return [Path(given), *map(Path, named)]


def _check_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UnwritableError(path, error) from error
