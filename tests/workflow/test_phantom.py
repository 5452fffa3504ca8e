"""Raw heads with skulls go through every stage, and the truth says how well."""

from __future__ import annotations

import pytest
from small_study import Workflow

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]


def test_every_brain_is_found_and_brought_to_mni_space(phantoms: Workflow):
    files = sorted(phantoms.folder.glob("results/derivatives/tiny/sub-*/qc/*_desc-quality.json"))
    assert len(files) == 10
    for file in files:
        quality = read_json(file)
        assert quality["status"] == "ok", quality
        assert quality["mask_dice"] > 0.94, file.name
        assert quality["transform_error_mm"] < 2.5, file.name
        assert abs(quality["coverage_error"]) < 0.03, file.name


def test_the_raw_folder_is_a_bids_dataset_in_pascal(phantoms: Workflow):
    import nibabel as nib
    import numpy as np

    raw = phantoms.folder / "results/phantom/tiny"
    assert read_json(raw / "dataset_description.json")["BIDSVersion"]
    table = read_tsv(raw / "participants.tsv")
    assert len(table) == 10
    for name in table["participant_id"]:
        image = np.asarray(nib.load(raw / name / "mre" / f"{name}_stiffness.nii.gz").dataobj)
        assert 1000 < np.median(image[image != 0]) < 5000


def test_the_report_says_that_it_is_a_phantom(phantoms: Workflow):
    page = (phantoms.folder / "results/tiny/report.html").read_text()
    assert "phantom" in page.lower()
    assert read_tsv(phantoms.folder / "results/tiny/tables/mae.tsv")["loss"].tolist() == ["exp"]


def test_one_loss_and_one_seed_are_enough_for_a_report(phantoms: Workflow):
    table = read_tsv(phantoms.folder / "results/tiny/tables/mae.tsv")
    assert table["mae_sd"].isna().all(), "one seed has no standard deviation"
