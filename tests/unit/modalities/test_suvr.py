"""SUVR maps: found beside their T1 in a BIDS folder, and carried to MNI152 by the imaging chain."""

from __future__ import annotations

import json
from pathlib import Path

from cohorts import asked
from given import config
from own_map import BRAIN_ONLY, preprocess, write_map

from contrage.cohort.read import read_cohort
from contrage.layout import Derivatives, of_scan


def test_a_map_is_found_beside_the_t1_to_which_it_was_aligned(tmp_path):
    for number in (1, 2):
        for name in ("anat/sub-{}_T1w", "pet/sub-{}_suvr"):
            path = tmp_path / f"sub-{number}" / f"{name.format(number)}.nii.gz"
            path.parent.mkdir(parents=True)
            path.write_bytes(b"no image is read yet")
    (tmp_path / "participants.tsv").write_text("participant_id\tage\n1\t70\n2\t64\n")
    found = read_cohort(asked(source="bids", path=str(tmp_path), image="suvr", name="own",
                              needs_anatomical=True))  # fmt: skip
    images = found.scans[0].images
    assert {name: Path(path).name for name, path in images.items()} == {
        "T1w": "sub-1_T1w.nii.gz",
        "suvr": "sub-1_suvr.nii.gz",
    }


def test_the_chain_brings_it_to_mni152(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cohort = {"source": "bids", "name": "own", "path": "data", "image": "suvr"}
    whole = config(experiment="own", cohort=cohort, preprocessing=BRAIN_ONLY)
    raw, files = {"suvr": "data/sub-1/pet/sub-1_suvr.nii.gz"}, Derivatives.of("own")
    write_map(Path(raw["suvr"]), rng)
    Path(f"{files}").mkdir(parents=True)
    Path(files.scans).write_text("scan_id\nsub-1\n")
    preprocess(whole, raw, files)
    record = json.loads(Path(of_scan(files.quality, "sub-1")).read_text())
    assert record["status"] == "ok" and record["coverage"] > 0.8
    made = Path(of_scan(files.preproc("suvr", 2), "sub-1"))
    assert made.name == "sub-1_space-MNI152_res-2_desc-preproc_suvr.nii.gz"
    beside = json.loads(made.with_name(made.name.replace(".nii.gz", ".json")).read_text())
    assert beside["Units"] == "1" and beside["contrage"]["settings"]["limits"]["suvr"] is None
