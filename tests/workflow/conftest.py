"""A checkout with a small study of its own, run once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from small_study import CONFIG, TINY, Workflow, checkout, write_study


@pytest.fixture(scope="session")
def fresh(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A checkout with a study of 15 scans, two of them bad; nothing has run."""
    workflow = checkout(root, tmp_path_factory.mktemp("fresh") / "contrage")
    write_study(workflow.folder / "study")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    return workflow


@pytest.fixture(scope="session")
def finished(fresh: Workflow) -> Workflow:
    """The same after the whole workflow has run."""
    done = fresh.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return fresh


@pytest.fixture(scope="session")
def phantoms(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A checkout in which the workflow has run on ten phantoms, heads and all."""
    workflow = checkout(root, tmp_path_factory.mktemp("phantoms") / "contrage")
    (workflow.folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    done = workflow.run(config="tiny.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return workflow
