"""A source of one's own is one file, and no other source stands among what decides a cohort."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cohorts import asked

from contrage.cohort import sources
from contrage.cohort.read import read_cohort, tables_of
from contrage.cohort.scans import Scan
from contrage.errors import SettingsError
from contrage.run.code import closure
from contrage.settings.build import as_plain
from contrage.settings.cohorts import MERGED
from contrage.settings.schema import load_schema

FILE = '''
"""A list of images and ages: a file's name, a blank, an age."""

from pathlib import Path

from contrage.cohort.scans import Cohort, Scan

COMES_AS = "scans"
SETTINGS = ("path", "image")


def read(settings):
    table = Path(settings.path, "list.txt")
    rows = [line.split() for line in table.read_text(encoding="utf-8").splitlines()]
    scans = [
        Scan(f"sub-{number}", float(age), images={settings.image: f"{table.parent}/{file}"})
        for number, (file, age) in enumerate(rows)
    ]
    return Cohort(scans, tables=[str(table)])
'''


@pytest.fixture
def listed(tmp_path: Path, monkeypatch):
    """Put the file beside the others, for the time of a test."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "listed.py").write_text(FILE)
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(folder)])
    yield "listed"
    sys.modules.pop("contrage.cohort.sources.listed", None)


def test_a_cohort_is_read_with_it(listed, tmp_path):
    (tmp_path / "list.txt").write_text("one.nii.gz 31\nother.nii.gz 62\n")
    settings = asked(source=listed, path=str(tmp_path), image="T1w")
    stated = {name: value for name, value in as_plain(settings).items() if value is not None}
    assert stated.keys() == {"source", "columns", "asked_by", "age_range", "path", "image"}
    found = read_cohort(settings)
    one = Scan("sub-0", 31.0, images={"T1w": f"{tmp_path}/one.nii.gz"})
    assert found.scans[0] == one and len(found.scans) == 2
    assert tables_of(settings, found) == [f"{tmp_path}/list.txt"]


def test_an_unknown_source_is_refused_with_the_choices():
    with pytest.raises(SettingsError, match=r"cohort\.source: there is no source 'disk', choose"):
        sources.load("disk")


def test_the_schema_names_the_sources(root):
    schema = load_schema(root / "workflow/schemas/config.schema.yaml")
    enum = schema["properties"]["cohort"]["properties"]["source"]["enum"]
    assert sorted({*enum} - {MERGED}) == sources.available()


@pytest.mark.parametrize("name", sources.available())
def test_every_source_says_what_it_finds_and_what_decides_it(name):
    source = sources.load(name)
    assert source.COMES_AS in ("scans", "arrays", "table")
    assert isinstance(source.SETTINGS, tuple)
    assert callable(source.read)


STEPS = (
    "contrage.cohort.register",
    "contrage.imaging.check",
    "contrage.dataset.stack",
    "contrage.dataset.split",
    "contrage.learning.train",
    "contrage.evaluation.probe",
)


@pytest.mark.parametrize("step", STEPS)
def test_no_source_and_no_kind_of_data_is_among_the_files_that_decide_a_step(step):
    """Rules add the source in use by its computed name: an edit of another one plans nothing."""
    files = closure(step)
    own = [file for file in files if file.parent.name in ("sources", "modalities")]
    assert [file.name for file in own if not file.name.startswith("_")] == []


def test_a_source_brings_the_files_that_it_reads_with_and_no_other_source():
    files = closure("contrage.cohort.register", sources.module("mre134"))
    own = [file.stem for file in files if file.parent.name == "sources"]
    assert sorted(own) == ["__init__", "mre134"]
    assert not any(file.parent.name == "bids_folder" for file in files)


def test_the_name_or_picture_of_a_kind_of_data_decides_no_training():
    files = closure("contrage.learning.train", "contrage.learning.encoders.small")
    assert not any(file.parent.name == "modalities" for file in files)
