"""Small finished tables of a study."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_pages import finished_tables


@pytest.fixture
def finished(tmp_path: Path) -> dict[str, Path]:
    """Finished tables of overlays by <overlay>/<table>."""
    return finished_tables(tmp_path)
