"""The phantom of region tables as the studies' specification plants it, written once."""

from __future__ import annotations

import pytest

from contrage.cohort.phantom.tables.study import write_study
from contrage.settings.blocks.phantom_tables import PhantomPartSettings, PhantomTablesSettings


def part(people: int, gap: float = 0.0, slope: float = 0.0, pattern: float = 0.0):
    return PhantomPartSettings(people=people, gap=gap, slope=slope, pattern=pattern)


@pytest.fixture(scope="session")
def settings() -> PhantomTablesSettings:
    return PhantomTablesSettings(
        seed=2025,
        ageing=1.0,
        effect=0.018,
        brain_age_sd=1.5,
        pattern=0.35,
        pattern_features=40,
        factor=0.35,
        factor_lean=0.3,
        between_people=0.8,
        between_scans=0.25,
        site=0.35,
        external_shift=5.0,
        oasis3_shift=1.5,
        packed=2,
        parts={
            "openbhb": {"train": part(400), "internal_test": part(96), "external_test": part(96)},
            "adni": {
                "HC": part(160),
                "sMCI": part(100, gap=1.0, pattern=0.2),
                "pMCI": part(100, gap=4.0, slope=1.0, pattern=0.6),
                "AD": part(140, gap=6.0, slope=1.5, pattern=1.0),
                "MCI-censored": part(1, gap=1.0, pattern=0.2),
                "MCI-reverted": part(1, gap=1.0, pattern=0.2),
            },
            "icbm": {"HC": part(120)},
            "oasis3": {
                "HC": part(120),
                "AD": part(40, gap=5.0, pattern=1.0),
                "other": part(1),
                "contributing": part(1, gap=5.0, pattern=1.0),
                "conflicting": part(1),
            },
        },
    )


@pytest.fixture(scope="session")
def study(settings, tmp_path_factory):
    """The folder of all cohorts and their truth."""
    folder = tmp_path_factory.mktemp("region-tables")
    write_study(settings, folder)
    return folder
