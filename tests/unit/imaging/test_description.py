"""A folder of derivatives says what it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from imaging_steps import described

import contrage
from contrage.files import read_json, write_json
from contrage.imaging.provenance.description import describe
from contrage.tables import read_tsv, write_tsv

SETTINGS = described(
    ["stiffness"],
    skull_strip={"method": "none"},
    bias_correction={"target": "anatomical", "shrink_factor": 5, "iterations": [7]},
    registration={"transform": "none", "seed": 11},
    quality={"min_coverage": 0.71, "action": "list"},
)
TEMPLATE = {"file": "a_template.nii.gz", "sha256": "cd34"}
SCANS = {"sub-1": None, "sub-2_ses-a": "raw.nii: is zero everywhere", "sub-2_ses-b": None}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Describe a cohort of three scans, one of them failed; a fourth is of an older run."""
    monkeypatch.chdir(tmp_path)
    folder = Path("results/derivatives/our-cohort")
    write_tsv(folder / "scans.tsv", pd.DataFrame({"scan_id": list(SCANS)}))
    for scan, reason in {**SCANS, "sub-9": "old"}.items():
        record = {"status": "ok", "reason": None, "template": TEMPLATE}
        if reason:
            record = {"status": "failed", "stage": "check", "reason": reason}
        write_json(folder / scan.replace("_", "/") / f"{scan}_desc-preproc.json", record)
    outputs = {
        "description": "dataset_description.json",
        "readme": "README.md",
        "ignore": ".bidsignore",
        "descriptions": "descriptions.tsv",
        "methods": "methods.md",
    }
    describe(
        SETTINGS,
        scans=folder / "scans.tsv",
        derivatives=folder,
        raw=tmp_path / "data",
        **{name: folder / file for name, file in outputs.items()},
    )
    return folder


def test_the_description_has_what_bids_requires_of_a_derivative(folder):
    content = read_json(folder / "dataset_description.json")
    assert content["Name"].startswith("our-cohort")
    assert content["DatasetType"] == "derivative"
    assert content["BIDSVersion"].count(".") == 2
    (made,) = content["GeneratedBy"]
    assert made == {"Name": "contrage", "Version": contrage.__version__}


def test_the_raw_data_are_linked_under_the_name_that_sidecars_use(folder):
    content = read_json(folder / "dataset_description.json")
    assert content["DatasetLinks"] == {"raw": "../../../data"}
    assert content["SourceDatasets"] == [{"URL": "../../../data"}]


def test_failed_scans_are_named_to_the_reader_and_to_the_validator(folder):
    assert "`sub-2/ses-a`: raw.nii: is zero everywhere" in (folder / "README.md").read_text()
    lines = (folder / ".bidsignore").read_text().splitlines()
    assert "/sub-2/ses-a" in lines
    assert not {"/sub-1", "/sub-2/ses-b", "/sub-9"} & set(lines)


def test_every_desc_label_is_described(folder):
    table = read_tsv(folder / "descriptions.tsv")
    assert set(table["desc_id"]) == {"desc-brain", "desc-biascorrected", "desc-preproc"}
    assert table["description"].str.len().min() > 10


def test_methods_tell_settings_template_counts_limits_and_references(folder):
    text = (folder / "methods.md").read_text()
    assert "shrink factor 5, 7 iterations" in text and "seed 11" in text
    assert "`a_template.nii.gz` (SHA-256 `cd34`)" in text
    assert "2 of 3 scans came through" in text
    assert "coverage of the template's brain below 0.71" in text
    assert "doi:10.1109/TMI.2010.2046908" in text and contrage.__version__ in text
