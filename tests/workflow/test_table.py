"""A table of features goes from the file to the page, with no image on the way."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from predicted_again import differences
from small_study import Workflow, checkout

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("table")]

CONFIG = {
    "experiment": "small",
    "cohort": {
        "source": "table",
        "name": "regions",
        "path": "regions.csv",
        "image": "table",
        "table": {
            "participant": "Subject ID",
            "age": "Age [years]",
            "site": "Scanner",
            "sex": "M/F",
            "exclude": {"Scanner": ["Testing"]},
            "leave_out": ["visit_no"],
            "missing": "median",
        },
    },
    "dataset": {"split": {"scheme": "leave-site-out"}},
    "benchmark": {"losses": ["exp"], "norms": []},
    "training": {"seeds": [0], "epochs": 2, "batch_size": 8, "device": "cpu", "encoder": "mlp"},
    "statistics": {"bootstrap": 200},
    "report": {"embedding_rows": []},
}
LOOKS: dict[str, Any] = {**CONFIG, "evaluations": {"saliency": {"scans": 8}}}


def write_table(path: Path) -> None:
    """Write 40 people of three sites and one of a fourth, with 12 features that age moves."""
    rng = np.random.default_rng(5)
    names = [f"lh G&S {i}" if i % 2 else f"rh-{i}_vol" for i in range(12)]
    lines = [["Subject ID", "Age [years]", "M/F", *names, "visit_no", "Scanner", "remark"]]
    for number in range(41):
        age = rng.uniform(18, 85)
        cells = [f"{2.5 - 0.01 * age + rng.normal(0, 0.1):.4f}" for _ in names]
        cells[3] = "1.0"
        cells[5] = "" if number == 8 else cells[5]
        site = "Testing" if number == 40 else f"site {number % 3}"
        sex = "FM"[number % 2]
        lines.append([f"{number:04d}", f"{age:.1f}", sex, *cells, str(number), site, "fine"])
    path.write_text("\n".join(",".join(line) for line in lines) + "\n")


@pytest.fixture(scope="module")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("table") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(LOOKS))
    return workflow


@pytest.fixture(scope="module")
def done(small: Workflow) -> Workflow:
    finished = small.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return small


def test_every_person_is_tested_by_a_model_that_has_seen_none_of_the_site(done):
    results = done.folder / "results/small"
    table = read_tsv(results / "predictions/exp/seed-0.tsv")
    test = table[table["split"] == "test"]
    assert sorted(test["participant_id"]) == [f"sub-{number:04d}" for number in range(40)]
    assert set(test["fold"]) == {0, 1, 2}
    for _, fold in table.groupby("fold"):
        sites = {side: set(part["site"]) for side, part in fold.groupby("split")}
        assert not sites["train"] & sites["test"]
    baselines = read_tsv(results / "tables/baselines.tsv")
    assert set(baselines["baseline"]) == {"mean", "site-mean", "ridge-features"}


def test_the_page_tells_who_and_what_was_learned_from(done):
    html = (done.folder / "results/small/report.html").read_text()
    text = re.sub(r"<[^>]+>", "", html)
    assert "The cohort has 40 participants (20 women, 20 men) from three sites" in text
    assert "A scan is a row of 12 features, one of which is the same for everyone" in text
    assert "1 value of 1 feature were missing" not in text
    assert "1 value of 1 feature was missing and got the median of the training rows" in text
    assert "One further scan was left out" in text
    assert "Scanner is Testing" in text
    names = {
        entry["name"] for entry in read_json(done.folder / "results/small/figures/figures.json")
    }
    shown = names - {"saliency"}  # drawn where a method has passed
    assert shown - {"error_by_band"} == {
        *("mae", "predicted_vs_true", "bland_altman"),  # ranks are of several losses
        *("intervals", "training_curves", "age_histogram"),
    }


def test_nothing_is_left_to_do_and_an_edit_of_the_table_is_noticed(done):
    assert not done.jobs()
    table = done.folder / "regions.csv"
    before = table.read_text()
    table.write_text(before.replace("fine", "fair"))
    try:
        assert "Reading the table's features into one array" in done.jobs()
    finally:
        table.write_text(before)


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("cohort", {"path": "none.csv"}, "cohort.path: no file 'none.csv'"),
        ("dataset", {"normalisation": "image"}, "dataset.normalisation: image is for images"),
        ("training", {"encoder": "small"}, "training.encoder: small does not fit features"),
        ("cohort", {"table": {}}, "regions.csv: no column 'participant_id'"),
    ],
)
def test_a_mistake_is_named_before_the_first_job(small, part, change, message):
    config: dict[str, Any] = copy.deepcopy(CONFIG)
    config[part].update(change)
    (small.folder / "wrong.yaml").write_text(yaml.safe_dump(config))
    failed = small.run("-n", config="wrong.yaml")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert message in printed
    assert "Traceback" not in printed


def test_a_person_of_the_table_is_predicted_by_the_model_as_in_the_run(done):
    found = differences(done.folder, "small", "exp", done.folder / "regions.csv", most=20)
    assert len(found) == 40 and max(found) < 1e-4


def test_features_are_told_by_name_where_rows_look_and_an_edit_of_that_trains_nothing(done):
    """Two epochs have learned little: a method may not be shown, but then the page says why."""
    results = done.folder / "results/small"
    table = read_tsv(results / "tables/saliency.tsv")
    assert set(table["method"]) == {"integrated_gradients", "occlusion"}
    features = set(
        read_tsv(done.folder / "results/derivatives/regions/array/features_columns.tsv")["feature"]
    )
    assert set(table["region"].dropna()) <= features
    assert (table["region"].notna() | table["note"].notna()).all()
    sanity = read_tsv(results / "tables/saliency_sanity.tsv")
    assert sanity["down_to"].iloc[0] == "readout" and sanity["correlation"].notna().any()
    assert "Where do the differences between predictions come from?" in (
        results / "report.html"
    ).read_text(encoding="utf-8")
    asked = copy.deepcopy(LOOKS)
    asked["evaluations"]["saliency"]["steps"] = 8
    (done.folder / "looks.yaml").write_text(yaml.safe_dump(asked))
    jobs = done.jobs("looks.yaml")
    assert "Asking where exp looks" in jobs
    assert not [job for job in jobs if job.startswith(("Training", "Probing", "Splitting"))]
