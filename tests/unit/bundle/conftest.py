"""Models that are made once and copied where a test changes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_models import array_model, map_model, table_model

from contrage.bundle.opened import Bundle, open_bundle


@pytest.fixture(scope="session")
def table_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table_model(tmp_path_factory.mktemp("table") / "model")


@pytest.fixture(scope="session")
def array_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return array_model(tmp_path_factory.mktemp("arrays") / "model")


@pytest.fixture(scope="session")
def map_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return map_model(tmp_path_factory.mktemp("maps") / "model")


@pytest.fixture(scope="session")
def of_table(table_folder: Path) -> Bundle:
    return open_bundle(table_folder)


@pytest.fixture(scope="session")
def of_arrays(array_folder: Path) -> Bundle:
    return open_bundle(array_folder)


@pytest.fixture(scope="session")
def of_maps(map_folder: Path) -> Bundle:
    return open_bundle(map_folder)
