"""The table of scans is made again for what decides it, and for nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
import yaml
from one_file_each import BONEAGE, EF, SUVR, write_a4, write_echonet, write_hcp, write_rsna
from small_cohorts import write_adni, write_loni, write_oasis3, write_openbhb
from targets import BLOCK

from contrage.cohort import sources
from contrage.cohort.register import register
from contrage.plan.cohort_settings import settings_of
from contrage.settings.steps.cohort import CohortStep

NEEDS = {"needs_anatomical": False, "needs_mask": False, "needs_magnitude": False}
RUN = {"target": BLOCK, "asked_by": {}, "raw": "raw", **NEEDS}
ALWAYS = {"source", "columns", "asked_by", "target", "age_range", "also"}


class Noted:
    """Settings that note which of them are read."""

    def __init__(self, content: CohortStep) -> None:
        self.content = content
        self.read: set[str] = set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self.content, name)


def table_of(folder: Path) -> dict:
    rows = ["participant_id\tage\tlh\trh\tthird"]
    rows += [f"{n}\t{20 + 3 * n}\t{n * n % 7}.5\t{n * 5 % 11}.1\t{n * 3 % 13}.2" for n in range(9)]
    (folder / "features.tsv").write_text("\n".join(rows) + "\n")
    return {"path": str(folder / "features.tsv"), "image": "table"}


def images_of(folder: Path, *files: str) -> dict:
    (folder / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\n")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"x")
    return {"path": str(folder)}


def mre134_of(folder: Path) -> dict:
    frame = pd.DataFrame({"SUBJECT ID": [1], "AGE": [30], "SEX": ["F"], "ORIG STUDY": ["a"]})
    frame.to_excel(folder / "MRE134_Demographics.xlsx", index=False)
    (folder / "individual_stiffness_files").mkdir(exist_ok=True)
    (folder / "individual_stiffness_files/001Stiffness_warped.nii.gz").write_bytes(b"x")
    return {"path": str(folder)}


def owned(write: Callable[[Path], None], **told: object) -> Callable[[Path], dict]:
    def of(folder: Path) -> dict:
        write(folder)
        return {"path": str(folder), **{"image": "vbm_roi"} | told}

    return of


STUDIES = {
    "phantom": lambda folder: {},
    "table": table_of,
    "mre134": mre134_of,
    "arrays": lambda folder: (
        images_of(folder, "sub-01_preproc-cat12vbm_desc-gm_T1w.npy") | {"image": "vbm"}
    ),
    "openbhb": owned(write_openbhb, openbhb={"people": None, "group": "HC"}),
    "adni": owned(write_adni),
    "loni": owned(write_loni),
    "oasis3": owned(write_oasis3),
    "images": owned(write_rsna, image="xray"),
    "echonet": owned(write_echonet, image="video"),
    "a4": owned(write_a4, image="pet"),
    "hcp": owned(write_hcp, image="series"),
    "bids": lambda folder: images_of(folder, "sub-01/mre/sub-01_stiffness.nii.gz"),
}
TARGETS = {"images": BONEAGE, "echonet": EF, "a4": SUVR}
"""Of owners who tell no ages."""


@pytest.fixture
def cohort(root, tmp_path):
    """Return the `cohort` part of a configuration on a small study of a source."""
    default = yaml.safe_load((root / "config/config.yaml").read_text(encoding="utf-8"))["cohort"]

    def of(source: str) -> dict:
        return copy.deepcopy(default) | {"source": source} | STUDIES[source](tmp_path)

    return of


@pytest.mark.parametrize("source", sources.available())
def test_each_source_is_told_what_it_reads_and_nothing_else(cohort, tmp_path, source):
    settings = settings_of(cohort(source), **RUN | {"target": BLOCK | TARGETS.get(source, {})})
    every = [field.name for field in fields(CohortStep)]
    stated = {name for name in every if getattr(settings, name) is not None}
    assert stated - ALWAYS == set(sources.load(source).SETTINGS)
    noted, outputs = Noted(settings), {name: tmp_path / name for name in ("scans", "excluded")}
    register(noted, **outputs)
    assert stated - ALWAYS <= noted.read <= stated | ALWAYS


LATER = ("name", "exclude", "stiffness_unit")


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ("bids", (*LATER, "duplicates", "table", "phantom")),
        ("arrays", (*LATER, "duplicates", "entities", "anatomical", "maps")),
        ("table", (*LATER, "image", "phantom", "entities")),
        ("phantom", (*LATER, "duplicates", "on_bad_scan", "table")),
    ],
)
def test_what_later_steps_alone_read_leaves_the_table_of_scans_as_it_is(cohort, source, same):
    before = settings_of(cohort(source), **RUN)
    for key in same:
        assert settings_of(cohort(source) | {key: "another"}, **RUN) == before, key
    assert settings_of(cohort(source) | {"columns": ["another"]}, **RUN) != before


def test_of_a_phantom_only_who_is_there_counts(cohort):
    whole = cohort("phantom")
    before = settings_of(whole, **RUN)
    assert settings_of(whole | {"phantom": whole["phantom"] | {"noise": 0.1}}, **RUN) == before
    assert settings_of(whole | {"phantom": whole["phantom"] | {"seed": 7}}, **RUN) != before
