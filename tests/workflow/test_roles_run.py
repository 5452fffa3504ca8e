"""A given split with all roles goes from a table to the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from small_study import Workflow, checkout

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("roles")]

PARTS = ["train"] * 5 + ["validation", "held", "held", "elsewhere", "patient"]
CONFIG: dict[str, Any] = {
    "experiment": "roles",
    "cohort": {"source": "table", "name": "roles", "path": "regions.csv", "image": "table"},
    "dataset": {
        "split": {
            "scheme": "given",
            "column": "part",
            "roles": {
                "train": "train",
                "validation": "val",
                "held": "test",
                "elsewhere": "external",
                "patient": "predict",
                "gone": "none",
            },
        },
        "learn_from": {"group": ["HC"]},
    },
    "benchmark": {"losses": ["exp"], "norms": [], "null": ["exp"]},
    "training": {
        **{"seeds": [0], "epochs": 4, "batch_size": 8, "device": "cpu", "encoder": "mlp"},
        "early_stop": {"on": "val", "every": 2, "patience": None},
    },
    "statistics": {"bootstrap": 200},
    "report": {"embedding_rows": []},
}


def write_table(path: Path) -> None:
    """Write 60 people, ten rows a block: five to learn from, of whom one is a patient after all."""
    rng = np.random.default_rng(5)
    names = [f"region_{number}" for number in range(8)]
    lines = [["participant_id", "age", "site", "part", "group", *names]]
    for number in range(60):
        part = "gone" if number == 4 else PARTS[number % 10]
        age = 95.0 if number == 9 else rng.uniform(30, 80)
        group = "AD" if part == "patient" or number == 12 else "HC"
        site = {"elsewhere": "far", "patient": "near"}.get(part, "near")
        cells = [f"{2.5 - 0.01 * age + rng.normal(0, 0.1):.4f}" for _ in names]
        lines.append([f"{number:03d}", f"{age:.1f}", site, part, group, *cells])
    path.write_text("\n".join(",".join(line) for line in lines) + "\n")


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("roles") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    finished = workflow.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


def test_the_split_has_the_parts_of_the_column(done):
    (fold,) = read_json(done.folder / "results/roles/dataset/splits/seed-0.json")["folds"]
    counts = {role: len(fold[role]) for role in ("train", "val", "test", "external", "predict")}
    assert counts == {"train": 28, "val": 6, "test": 12, "external": 6, "predict": 7}
    assert "sub-012" in fold["predict"] and "sub-004" not in str(fold)


def test_everyone_with_a_part_is_predicted_once_and_the_oldest_patient_flagged(done):
    table = read_tsv(done.folder / "results/roles/predictions/exp/seed-0.tsv")
    assert table["scan_id"].is_unique and len(table) == 59
    assert table[table["out_of_range"] & (table["split"] == "predict")]["scan_id"].tolist() == [
        "sub-009"
    ]
    assert read_json(done.folder / "results/roles/metrics/exp/seed-0.json")["n_test"] == 12


def test_errors_of_the_tables_are_of_test_people_and_external_ones_stand_apart(done):
    results = done.folder / "results/roles"
    table = read_tsv(results / "predictions/exp/seed-0.tsv")
    error = (table["predicted_age"] - table["age"]).abs()
    (mae,) = read_tsv(results / "tables/mae.tsv").to_dict("records")
    assert mae["mae_mean"] == pytest.approx(error[table["split"] == "test"].mean())
    assert mae["n_participants"] == 12
    (line,) = read_tsv(results / "tables/external.tsv").to_dict("records")
    assert line["mae"] == pytest.approx(error[table["split"] == "external"].mean())
    assert (line["site"], line["n_participants"]) == ("all", 6)


def test_the_null_permutes_the_targets_of_training_rows_alone(done):
    results = done.folder / "results/roles"
    given = read_tsv(results / "dataset/scans.tsv").set_index("scan_id")["age"]
    drawn = read_tsv(results / "dataset/null/seed-0_fold-0.tsv").set_index("scan_id")["age"]
    (fold,) = read_json(results / "dataset/splits/seed-0.json")["folds"]
    assert set(given.index[given != drawn]) <= set(fold["train"])
    assert sorted(given[fold["train"]]) == pytest.approx(sorted(drawn[fold["train"]]))


def test_the_page_counts_who_is_beside_training_and_test(done):
    text = re.sub(r"<[^>]+>", "", (done.folder / "results/roles/report.html").read_text())
    text = " ".join(text.split())
    assert "6 participants of role val chose the epochs." in text
    assert "6 participants of role external were predicted as external people" in text
    assert "7 participants of role predict were predicted alone" in text
    assert "Of 1 scan the target lies outside the range that was learned from" in text
    assert "1 scan of the data set had no part" in text
    assert "tables/external.tsv" in text
    assert not done.jobs()


def test_a_value_without_a_role_is_named_before_the_first_job(done):
    wrong = yaml.safe_load(yaml.safe_dump(CONFIG))
    del wrong["dataset"]["split"]["roles"]["gone"]
    (done.folder / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    failed = done.run("-n", config="wrong.yaml")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0 and "Traceback" not in printed
    assert "dataset.split.roles: no role for 'gone' of column part (sub-004)" in printed
