"""Phantom scans that several tests look at, made once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from given import given

from contrage.cohort.phantom.heads import participant
from contrage.cohort.phantom.heads.participant import Acquired, generate
from contrage.cohort.phantom.heads.plan import PhantomParticipant
from contrage.cohort.phantom.heads.template import HeadTemplate, load_template
from contrage.settings.blocks.phantom import PhantomSettings

COARSE = {"t1_voxel_mm": (3.0, 3.2, 3.4), "stiffness_voxel_mm": (3.0, 3.0, 3.4)}
# Nobody differs from anybody of the same age, so that a few scans show what age does.
UNIFORM = given(
    PhantomSettings,
    "cohort.phantom",
    **COARSE,
    between_subject=0,
    scan_rescan=0,
    study_offset=0,
    min_coverage=1,
)


@cache
def _template() -> HeadTemplate:
    return load_template()


@cache
def _scan(age: float, sex: str, site: str, index: int, settings: PhantomSettings) -> Acquired:
    person = PhantomParticipant(f"sub-{index + 1:03d}", age, sex, site, index)
    original = participant.load_template
    participant.load_template = _template
    try:
        return generate(person, settings)
    finally:
        participant.load_template = original


@pytest.fixture(scope="session")
def template() -> HeadTemplate:
    """The MNI152 template, loaded once."""
    return _template()


@pytest.fixture(scope="session")
def typical() -> list[Acquired]:
    """One scan from each study, of different ages."""
    ages = (22.0, 31.0, 69.0, 74.0, 48.0)
    return [
        _scan(
            age, "FM"[k % 2], f"study{k + 1}", k, given(PhantomSettings, "cohort.phantom", **COARSE)
        )
        for k, age in enumerate(ages)
    ]


@pytest.fixture(scope="session")
def ageing() -> list[Acquired]:
    """Scans of 25, 60 and 80 years that differ in nothing but age."""
    return [_scan(age, "F", "study1", 7, UNIFORM) for age in (25.0, 60.0, 80.0)]


@pytest.fixture(scope="session")
def fine() -> list[Acquired]:
    """T1 images of 25 and 80 years in which a voxel is smaller than a ventricle's horn."""
    settings = replace(UNIFORM, t1_voxel_mm=(1.2, 1.3, 1.4), noise=0.01)
    return [_scan(age, "F", "study1", 7, settings) for age in (25.0, 80.0)]
