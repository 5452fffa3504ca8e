"""The phantoms of files, each written once."""

from __future__ import annotations

from pathlib import Path

import pytest
from files_of_owners import Written, write


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return what writes a phantom as the specification has it, once, and reads its truth."""
    made: dict[str, Written] = {}

    def of(name: str) -> Written:
        if name == "echonet":
            pytest.importorskip("av")
        if name not in made:
            folder: Path = tmp_path_factory.mktemp(name)
            made[name] = write(name, folder)
        return made[name]

    return of
