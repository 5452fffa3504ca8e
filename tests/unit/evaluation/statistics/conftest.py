"""Settings of resampling, as the schema states them."""

from __future__ import annotations

import pytest
from given import given

from contrage.settings.blocks.statistics import StatisticsSettings


@pytest.fixture
def statistics() -> StatisticsSettings:
    return given(StatisticsSettings, "statistics", bootstrap=2000, permutations=2000)
