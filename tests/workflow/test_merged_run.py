"""Cohorts are merged, learned from together and told apart: tables, and prepared arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from small_study import Workflow, checkout, edited

from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("merged")]

FEATURES = ["thickness", "volume", "area", "folding", "depth"]
TABLE = {"source": "table", "image": "table", "columns": ["group"]}
CONFIG: dict[str, Any] = {
    "experiment": "both",
    "cohorts": {
        "north": {**TABLE, "path": "north.csv"},
        "south": {**TABLE, "path": "south.csv", "on_bad_scan": "exclude"},
        "of-no-use": {"source": "bids", "path": "nowhere"},
    },
    "cohort": ["north", "south"],
    "merge": {"same_ids": "same-people"},
    "dataset": {"split": {"scheme": "kfold", "folds": 2}, "learn_from": {"cohort": ["north"]}},
    "benchmark": {"losses": ["l1"], "norms": [], "pretrained": []},
    "training": {"seeds": [0], "epochs": 2, "batch_size": 8, "device": "cpu", "encoder": "mlp"},
    "statistics": {"bootstrap": 200},
    "report": {"embedding_rows": []},
}
MAKES_NORTH = {"Writing the cohort's table", "Reading the table's features into one array"}


def values(age: float, rng: np.random.Generator) -> list[str]:
    return [f"{3 - 0.01 * (n + 1) * age + rng.normal(0, 0.1):.4f}" for n in range(len(FEATURES))]


def write_table(path: Path, people: list[str], features: list[str], seed: int) -> None:
    """Write a person a row, features in an order of its own; the site is called 1 everywhere."""
    rng = np.random.default_rng(seed)
    lines = [["participant_id", "age", "sex", "site", "group", *features]]
    for number, name in enumerate(people):
        age = float(rng.integers(20, 80))
        told = dict(zip(FEATURES, values(age, rng), strict=True))
        cells = [told[each] for each in features]
        said = "forty" if name == "bad" else str(age)
        lines.append([name, said, "FM"[number % 2], "1", "HC", *cells])
    path.write_text("".join(",".join(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("merged") / "contrage")
    folder = workflow.folder
    write_table(folder / "north.csv", [f"{n:03d}" for n in range(24)], FEATURES, 1)
    south = ["7", *(f"S{n:03d}" for n in range(18)), "bad"]
    write_table(folder / "south.csv", south, FEATURES[::-1], 2)
    (folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    finished = workflow.run("--scheduler", "greedy")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


def test_everyone_is_there_with_the_cohort_and_a_site_of_its_own(done):
    scans = read_tsv(done.folder / "results/both/dataset/scans.tsv")
    assert scans["cohort"].value_counts().to_dict() == {"north": 24, "south": 19}
    assert set(scans["site"]) == {"north-1", "south-1"}
    assert set(scans["group"]) == {"HC"}
    assert "sub-south-S003" in set(scans["participant_id"])


def test_who_was_left_out_of_a_member_stands_in_the_merged_table(done):
    left_out = read_tsv(done.folder / "results/both/tables/excluded.tsv")
    assert left_out["scan_id"].tolist() == ["sub-south-bad"]
    assert "forty" in left_out["reason"].iloc[0]


def test_rows_have_the_members_values_each_feature_in_its_place(done):
    folder = done.folder / "results/derivatives"
    found = np.load(folder / "north-south/array/features.npy")
    north, south = (np.load(folder / name / "array/features.npy") for name in ("north", "south"))
    assert found[:24].tobytes() == north.tobytes()
    np.testing.assert_array_equal(found[24:], south[:, ::-1])
    named = read_tsv(folder / "north-south/array/features_columns.tsv")["feature"]
    assert named.tolist() == FEATURES


def test_one_person_of_two_cohorts_has_one_id_and_one_role(done):
    results = done.folder / "results/both"
    scans = read_tsv(results / "dataset/scans.tsv").set_index("scan_id")["participant_id"]
    both = sorted(scans.index[scans == "sub-north-007"])
    assert both == ["sub-north-007", "sub-north-007_ses-south"]
    for fold in read_json(results / "dataset/splits/seed-0.json")["folds"]:
        played = ("train", "test", "predict")
        own = [set(both) & set(fold[role]) for role in played if role in fold]
        assert sorted(map(len, own)) in ([0, 0, 0], [0, 0, 2])
        people = [{scans[name] for name in fold[role]} for role in ("train", "test")]
        assert not people[0] & people[1]


def test_only_the_cohort_that_was_asked_for_is_learned_from_and_the_other_predicted(done):
    results = done.folder / "results/both"
    for fold in read_json(results / "dataset/splits/seed-0.json")["folds"]:
        assert all(name.startswith("sub-north-") for name in fold["train"])
    told = read_tsv(results / "predictions/l1/seed-0.tsv")
    predicted = told.loc[told["split"] == "predict", "scan_id"]
    assert sorted(predicted) == sorted({*predicted}), "each is predicted once"
    assert sum(name.startswith("sub-south-") for name in predicted) == 18
    assert len(read_tsv(results / "tables/mae.tsv")) == 1


def test_nothing_is_planned_again_and_an_edit_of_one_member_leaves_the_other(done):
    assert done.jobs() == set()
    text = (done.folder / "south.csv").read_text()
    with edited(done.folder / "south.csv", ""):
        (done.folder / "south.csv").write_text(text.replace("S003,", "S903,"))
        listed = done.run("-n")
    jobs = [line for line in listed.stdout.splitlines() if line.startswith("cohort_")]
    names = {line.split()[0] for line in jobs}
    assert names == {"cohort_south_cohort", "cohort_south_features"}
    for needed in ("merge", "select", "split", "train", "page"):
        assert any(line.startswith(f"{needed} ") for line in listed.stdout.splitlines()), needed
    assert done.jobs() == set()


def test_the_same_person_is_asked_about_where_nothing_is_said(done):
    asked = {**CONFIG, "merge": {"same_ids": "refuse"}}
    (done.folder / "asked.yaml").write_text(yaml.safe_dump(asked))
    refused = done.run("-n", config="asked.yaml")
    assert refused.returncode != 0
    said = (
        "merge.same_ids: sub-007 of north, sub-7 of south: is it one person? Set it to same-people"
    )
    assert said in refused.stdout + refused.stderr


def write_arrays(folder: Path, people: int, seed: int) -> None:
    """Write regional volumes of people in OpenBHB's layout."""
    rng = np.random.default_rng(seed)
    lines = ["participant_id\tage\tsex\tsite"]
    for number in range(people):
        age, name = float(rng.integers(20, 80)), f"sub-{seed}{number:02d}"
        lines.append(f"{name}\t{age}\tF\t1")
        own = folder / name / "ses-1"
        own.mkdir(parents=True)
        array = (3 - 0.01 * age + rng.normal(0, 0.1, (1, 1, 284))).astype(np.float32)
        np.save(own / f"{name}_preproc-cat12vbm_desc-gm_ROI.npy", array)
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")


def test_prepared_arrays_are_merged_and_learned_from(root, tmp_path):
    workflow = checkout(root, tmp_path / "contrage")
    for seed, name in ((1, "east"), (2, "west")):
        write_arrays(workflow.folder / name, 12, seed)
    volumes = {"source": "arrays", "image": "vbm_roi"}
    config = {
        **CONFIG,
        "experiment": "volumes",
        "cohorts": {name: {**volumes, "path": name} for name in ("east", "west")},
        "cohort": {"members": ["east", "west"], "name": "everyone"},
        "dataset": {"split": {"scheme": "kfold", "folds": 2}},
    }
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(config))
    done = workflow.run("--scheduler", "greedy", "--until", "probe")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = workflow.folder / "results/derivatives"
    (whole,) = (folder / "everyone/array").glob("*.npy")
    parts = [next((folder / name / "array").glob("*.npy")) for name in ("east", "west")]
    found = np.load(whole)
    assert found.tobytes() == b"".join(np.load(part).tobytes() for part in parts)
    told = read_tsv(workflow.folder / "results/volumes/predictions/l1/seed-0.tsv")
    assert (told["split"] == "test").sum() == 24
