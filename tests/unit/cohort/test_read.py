"""The table of scans is made again for what decides it, and for nothing else."""

from __future__ import annotations

import copy
from pathlib import Path

import pandas as pd
import pytest
import yaml

from contrage.cohort import sources
from contrage.cohort.read import read_cohort, settings_of
from contrage.cohort.register import register

RUN = {"raw": "raw", "needs_anatomical": False, "needs_mask": False, "needs_magnitude": False}
ENDING = {"ending": "preproc-cat12vbm_desc-gm_T1w.npy"}


class Noted(dict):
    """Settings that note which of them are read."""

    def __init__(self, content: dict) -> None:
        super().__init__(content)
        self.read: set[str] = set()

    def __getitem__(self, key):
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.read.add(key)
        return super().get(key, default)


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


STUDIES = {
    "phantom": lambda folder: {},
    "table": table_of,
    "mre134": mre134_of,
    "arrays": lambda folder: (
        images_of(folder, "sub-01_preproc-cat12vbm_desc-gm_T1w.npy") | {"image": "vbm"}
    ),
    "bids": lambda folder: images_of(folder, "sub-01/mre/sub-01_stiffness.nii.gz"),
}


@pytest.fixture
def cohort(root, tmp_path):
    """Return the `cohort` part of a configuration on a small study of a source."""
    default = yaml.safe_load((root / "config/config.yaml").read_text(encoding="utf-8"))["cohort"]

    def of(source: str) -> dict:
        return copy.deepcopy(default) | {"source": source} | STUDIES[source](tmp_path)

    return of


@pytest.mark.parametrize("source", sources.available())
def test_each_source_is_told_what_it_reads_and_nothing_else(cohort, tmp_path, source):
    whole = {**cohort(source), **RUN, **ENDING}
    settings, everything = Noted(settings_of(cohort(source), **RUN)), Noted(whole)
    outputs = {"scans": tmp_path / "scans.tsv", "excluded": tmp_path / "excluded.tsv"}
    register(settings, **outputs)
    register(everything, **outputs)
    assert everything.read == set(settings) == settings.read
    assert read_cohort(dict(settings)) == read_cohort(whole)


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
