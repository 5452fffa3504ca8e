"""A participant of the cohort is never pre-trained on, whatever scan the other cohort has."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import yaml
from small_study import CONFIG, MNI, Workflow, brain

from contrage.files import read_json
from contrage.plan.pretraining import merged
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("small")]

SHARED = ["sub-12", "sub-13", "sub-14"]
PRETRAINED = CONFIG | {
    "experiment": "leak",
    "benchmark": {"losses": ["exp"], "norms": [], "pretrained": ["exp"]},
    "pretraining": {
        "preprocessing": {"quality": {"action": "list"}},  # noise lies nowhere
        "cohort": {"source": "bids", "name": "t1", "path": "t1", "image": "T1w"},
        "training": {"epochs": 2, "batch_size": 4},
    },
}
SPLIT = "results/leak-pretraining/dataset/splits/seed-0.json"


def write_t1s(folder: Path) -> None:
    """Write T1s of sub-12 to sub-20; the first three are in the study of maps as well."""
    rng = np.random.default_rng(1)
    rows = ["participant_id\tage"]
    for number in range(12, 21):
        name = f"sub-{number}"
        rows.append(f"{name}\t{20 + 3 * number}")
        path = folder / name / "anat" / f"{name}_T1w.nii.gz"
        path.parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(300 * brain(40, rng), MNI), path)
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def leak(fresh: Workflow) -> Workflow:
    write_t1s(fresh.folder / "t1")
    (fresh.folder / "leak.yaml").write_text(yaml.safe_dump(PRETRAINED))
    done = fresh.run(SPLIT, config="leak.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return fresh


def test_nobody_of_the_cohort_is_in_the_pretraining(leak: Workflow):
    people = set(read_tsv(leak.folder / "study/participants.tsv")["participant_id"])
    assert people >= set(SHARED), "else there is nobody who could leak"
    (fold,) = read_json(leak.folder / SPLIT)["folds"]
    used = {name.partition("_")[0] for name in (*fold["train"], *fold["test"])}
    assert used == {f"sub-{number}" for number in range(15, 21)}
    assert not used & people
    rows = read_tsv(leak.folder / "results/derivatives/t1/array/T1w_res-8.tsv")
    trained = rows.set_index("scan_id").loc[fold["train"], "row"].tolist()
    assert fold["train_rows"] == trained, "statistics are of their scans alone"


def test_they_are_listed_with_the_reason(leak: Workflow):
    results = leak.folder / "results/leak-pretraining"
    table = read_tsv(results / "dataset/excluded.tsv").set_index("scan_id")
    assert table.index.tolist() == SHARED
    assert table["reason"].str.contains("also in the cohort study").all()
    assert "of these 3: also in the cohort study" in (results / "logs/select.log").read_text()


def test_other_people_of_the_same_number_are_kept_where_one_says_so(leak: Workflow):
    change = {"pretraining": {"same_ids": "other-people"}}
    (leak.folder / "changed.yaml").write_text(json.dumps(merged(PRETRAINED, change)))
    plan = leak.run("-n", SPLIT, config="changed.yaml")
    assert "pretraining_select" in plan.stdout + plan.stderr, "the choice of scans is redone"
