"""A phantom of region tables is made by the run itself, and external people by all fold models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import Workflow, checkout

from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom-tables")]

FOLDER = Path("results/phantom/stand-in")
FAR = ["127", "941"]


def config(seed: int = 2025) -> dict[str, Any]:
    parts = {"adni": {"HC": {"people": 24}, "AD": {"people": 6, "gap": 6, "pattern": 1}}}
    training = {"seeds": [0], "epochs": 1, "batch_size": 8, "device": "cpu", "encoder": "mlp"}
    return {
        "experiment": "small",
        "cohort": {
            **{"source": "adni", "name": "adni", "image": "vbm_roi", "columns": ["group"]},
            "phantom_tables": {"name": FOLDER.name, "seed": seed, "parts": parts},
        },
        "dataset": {
            **{"learn_from": {"group": ["HC"]}, "external": {"site": FAR}},
            "split": {"scheme": "kfold", "folds": 2},
        },
        "benchmark": {"losses": ["l1"], "norms": [], "null": []},
        "training": training,
        "statistics": {"bootstrap": 200},
        "report": {"embedding_rows": []},
    }


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("phantom-tables") / "contrage")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(config()))
    done = workflow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return workflow


def written(workflow: Workflow) -> dict[str, int]:
    """When each file of the phantom was written."""
    folder = workflow.folder / FOLDER
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def test_external_people_have_a_line_of_every_folds_model(made):
    lines = read_tsv(made.folder / "results/small/predictions/l1/seed-0.tsv")
    external = lines[lines["split"] == "external"]
    assert set(external["site"].astype(str)) == set(FAR)
    assert (external.groupby("scan_id")["fold"].agg(sorted).map(tuple) == (0, 1)).all()
    learned = lines[lines["split"].isin(["train", "test"])]
    assert not set(external["participant_id"]) & set(learned["participant_id"])
    patients = lines[lines["split"] == "predict"]
    assert (patients.groupby("scan_id").size() == 1).all() and len(patients)
    table = read_tsv(made.folder / "results/small/tables/external.tsv").set_index("site")
    assert table.loc["all", ["n_folds", "n_scans"]].tolist() == [2, external["scan_id"].nunique()]


def test_neither_jobs_nor_another_run_write_the_phantom_again(made):
    before = written(made)
    first, last = min(before.values()), max(before.values())
    scans = made.folder / "results/derivatives/adni/scans.tsv"
    assert first <= last < scans.stat().st_mtime_ns
    assert made.jobs() == set() and written(made) == before


def test_another_seed_has_it_made_anew_and_all_that_follows(made):
    before = written(made)
    (made.folder / "other.yaml").write_text(yaml.safe_dump(config(seed=7)))
    jobs = made.jobs("other.yaml")
    assert {
        "Writing the cohort's table",
        "Checking the prepared arrays and stacking them into one",
        "Splitting by participant, seed 0",
    } <= jobs
    after = written(made)
    assert after.keys() == before.keys() and min(after.values()) > max(before.values())
