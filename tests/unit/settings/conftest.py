"""A configuration from text, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contrage.errors import SettingsError
from contrage.settings import door as settings


@pytest.fixture(scope="session")
def schema(root: Path) -> dict:
    return settings.load_schema(root / "workflow/schemas/config.schema.yaml")


@pytest.fixture
def read(root: Path, schema: dict, tmp_path: Path) -> Callable[..., dict]:
    """Read files of this text over the defaults, and arguments of a command line."""

    def of(*texts: str, arguments: tuple[str, ...] = ()) -> dict:
        files = []
        for number, text in enumerate(texts):
            files.append(tmp_path / f"{number}.yaml")
            files[-1].write_text(text, encoding="utf-8")
        return settings.read([root / "config/config.yaml", *files], arguments, schema)

    return of


@pytest.fixture
def said(read: Callable[..., dict]) -> Callable[..., list[str]]:
    """Return the lines with which a configuration is refused."""

    def of(*texts: str, arguments: tuple[str, ...] = ()) -> list[str]:
        with pytest.raises(SettingsError) as refused:
            read(*texts, arguments=arguments)
        return str(refused.value).splitlines()

    return of
