"""Cohorts as their owners hand them out go from their files to the page: phantoms of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import Workflow, checkout

from contrage.cohort.phantom.tables.study import write_study
from contrage.settings.blocks.phantom_tables import PhantomPartSettings, PhantomTablesSettings
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("owners")]

PEOPLE = {
    "openbhb": {"train": 24, "internal_test": 8, "external_test": 6},
    "adni": {"HC": 12, "sMCI": 3, "pMCI": 3, "AD": 4, "MCI-censored": 1},
    "icbm": {"HC": 24},
    "oasis3": {"HC": 20, "AD": 4, "conflicting": 1},
}
SOURCES = {"openbhb": "openbhb", "adni": "adni", "icbm": "loni", "oasis3": "oasis3"}
OFFICIAL = {"train": "train", "internal_test": "test", "external_test": "external"}
DATASET: dict[str, dict[str, Any]] = {
    "openbhb": {"split": {"scheme": "given", "column": "split", "roles": OFFICIAL}},
    "adni": {"learn_from": {"group": ["HC"]}},
    "icbm": {},
    "oasis3": {"learn_from": {"group": ["HC"]}},
}


def config(cohort: str) -> dict[str, Any]:
    """Return a configuration that learns from the regional volumes of a cohort."""
    columns = ["diagnosis", "group", "date"]
    training = {"seeds": [0], "epochs": 2, "batch_size": 8, "device": "cpu", "encoder": "mlp"}
    return {
        "experiment": cohort,
        "cohort": {
            **{"source": SOURCES[cohort], "name": cohort, "path": f"owners/{cohort}"},
            **{"image": "vbm_roi", "columns": columns, "openbhb": {"people": None}},
        },
        "dataset": DATASET[cohort],
        "benchmark": {"losses": ["exp"], "norms": []},
        "training": training,
        "statistics": {"bootstrap": 200},
        "report": {"embedding_rows": []},
    }


@pytest.fixture(scope="module")
def owners(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("owners") / "contrage")
    gaps = {"sMCI": 1.0, "pMCI": 4.0, "AD": 6.0}
    parts = {
        cohort: {
            part: PhantomPartSettings(number, gaps.get(part, 0.0), 0.0, 0.0)
            for part, number in people.items()
        }
        for cohort, people in PEOPLE.items()
    }
    planted = PhantomTablesSettings(
        **{"seed": 2025, "ageing": 1.0, "effect": 0.018, "brain_age_sd": 1.5, "pattern": 0.35},
        **{"pattern_features": 40, "factor": 0.35, "factor_lean": 0.3, "between_people": 0.8},
        **{"between_scans": 0.25, "site": 0.35, "external_shift": 5.0, "oasis3_shift": 1.5},
        **{"packed": 0, "parts": parts},
    )
    write_study(planted, workflow.folder / "owners")
    for cohort in PEOPLE:
        (workflow.folder / f"{cohort}.yaml").write_text(yaml.safe_dump(config(cohort)))
    return workflow


@pytest.mark.parametrize("cohort", ["icbm", "oasis3"])
def test_every_cohort_can_be_planned(owners, cohort):
    done = owners.run("--dry-run", config=f"{cohort}.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "arrays" in done.stdout and "train" in done.stdout


def test_patients_of_adni_are_predicted_by_models_of_controls(owners):
    done = owners.run(config="adni.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = owners.folder / "results/adni"
    scans = read_tsv(results / "dataset/scans.tsv").set_index("scan_id")
    predictions = read_tsv(results / "predictions/exp/seed-0.tsv")
    learned = predictions[predictions["split"] == "train"]["scan_id"]
    assert set(scans.loc[learned, "group"]) == {"HC"}
    patients = predictions[predictions["split"] == "predict"]["scan_id"]
    groups = set(scans.loc[patients, "group"])
    assert groups == {"sMCI", "pMCI", "AD", "MCI-censored"} and patients.is_unique
    assert "MCI-censored" in (results / "report.html").read_text(encoding="utf-8")


def test_the_official_split_of_openbhb_tests_inside_and_outside(owners):
    done = owners.run(config="openbhb.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    predictions = read_tsv(owners.folder / "results/openbhb/predictions/exp/seed-0.tsv")
    counts = predictions["split"].value_counts().to_dict()
    assert counts == {"train": 24, "test": 8, "external": 6}
