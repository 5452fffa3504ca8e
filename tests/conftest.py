"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# No test is about how fast the machine happens to be.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]
SHARING = (ROOT / "tests/unit/report", ROOT / "tests/unit/phantom")
RUNS = ("finished", "phantoms")
"""Runs of the workflow that tests share: fixtures of a minute or more."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a file's content by its argument: bytes hold dates, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Send a file's tests to one worker, where what they share is made once, runs first.

    Those of the phantom's folder share scans and studies, those of the report's a report. Runs of
    the workflow take longest, and what takes longest should not be what a worker is left with at
    the end.
    """
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            shares = any(item.path.is_relative_to(folder) for folder in SHARING)
            group = item.path.parent if shares else item.path
            item.add_marker(pytest.mark.xdist_group(group.relative_to(ROOT).as_posix()))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Return when a test is begun with: the least first."""
    if item.get_closest_marker("workflow"):
        return 0
    return 1 if any(item.path.is_relative_to(folder) for folder in SHARING) else 2


def pytest_collection_finish(session: pytest.Session) -> None:
    """Hold that tests which share a run go to one worker, where it is made once."""
    if getattr(session.config.option, "loadgroup", False):
        marked = [item for item in session.items if item.get_closest_marker("xdist_group")]
        assert all("@" in item.nodeid for item in marked), "pytest-xdist does not see the groups"
        of_runs = [item for item in session.items if item.get_closest_marker("workflow")]
        for name in RUNS:
            sharing = [item for item in of_runs if name in item.fixturenames]
            groups = {item.nodeid.partition("@")[2] for item in sharing}
            assert len(groups) <= 1, f"the run `{name}` would be made by each of: {sorted(groups)}"
    # Some libraries collect garbage at every call: the thousands of tests themselves are none.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def logged_as_before() -> Iterator[None]:
    """Put back what a step started in this process has set: another test reads what is logged."""
    logger = logging.getLogger("contrage")
    level, handlers = logger.level, list(logger.handlers)
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real scans and reference values, which lies beside the repository if at all."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` with real scans and golden values beside the repository")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator, new for every test."""
    return np.random.default_rng(20241)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT
