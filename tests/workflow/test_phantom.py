"""Raw heads with skulls go through every stage, and the truth says how well."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_study import Workflow

from contrage.dataset.same_person import same_person
from contrage.files import read_json
from contrage.settings.steps.dataset import SamePersonStep
from contrage.tables import read_tsv, write_tsv

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


def test_no_two_phantoms_are_taken_for_one_and_a_rescan_of_one_is_found(phantoms, tmp_path):
    array = phantoms.folder / "results/derivatives/tiny/array/stiffness_res-8"
    assert len(read_tsv(f"{array}_same_person.tsv")) == 0
    images, rows = np.load(f"{array}.npy"), read_tsv(f"{array}.tsv")
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02 * images[images != 0].std(), images[0].shape)
    again = np.where(images[4], images[4] + noise, 0).astype(np.float32)
    np.save(tmp_path / "more.npy", np.concatenate([images, again[None]]))
    line = pd.DataFrame({"scan_id": ["sub-again"], "row": [len(images)]})
    write_tsv(tmp_path / "more.tsv", pd.concat([rows, line]))
    table, record = tmp_path / "pairs.tsv", tmp_path / "pairs.json"
    given = {"array": tmp_path / "more.npy", "rows": tmp_path / "more.tsv"}
    same_person(SamePersonStep(8, None, True), **given, table=table, record=record)
    found = read_tsv(table)[["scan_id", "other_scan_id"]].values.tolist()
    assert found == [[rows["scan_id"][rows["row"] == 4].item(), "sub-again"]]
