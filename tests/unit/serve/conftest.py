"""A model of a table, and one of maps, each behind a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asking import HOST, TOKEN, Asking
from made_models import map_model, table_model
from starlette.testclient import TestClient

from contrage.bundle.opened import Bundle, open_bundle
from contrage.serve.app import application
from contrage.serve.bounds import Bounds
from contrage.serve.desk import Desk


@pytest.fixture(scope="session")
def table_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(table_model(tmp_path_factory.mktemp("served-table") / "model"))


@pytest.fixture(scope="session")
def map_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(map_model(tmp_path_factory.mktemp("served-maps") / "model"))


@pytest.fixture
def page_of(tmp_path: Path) -> Iterator[Callable[..., Asking]]:
    """Return a function that puts a model behind a page; all desks are closed afterwards."""
    desks = []

    def page(bundle: Bundle, **bounds: int) -> Asking:
        folder = tmp_path / f"desk-{len(desks)}"
        folder.mkdir()
        desks.append(Desk(bundle, folder, Bounds(**bounds)))
        client = TestClient(
            application(desks[-1], TOKEN, (HOST,)), f"http://{HOST}", follow_redirects=False
        )
        return Asking(desks[-1], client)

    yield page
    assert all(desk.close() for desk in desks)


@pytest.fixture
def page(page_of: Callable[..., Asking], table_bundle: Bundle) -> Asking:
    return page_of(table_bundle)
