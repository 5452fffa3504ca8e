"""A study on a table of features, from its configuration to its page."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import Workflow, checkout
from test_table import CONFIG, write_table

from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("study")]

COHORT = {**CONFIG["cohort"], "on_bad_scan": "exclude"}
STUDY: dict[str, Any] = {
    "study": "s",
    "description": "Whether more people help.",
    "base": {
        **{key: value for key, value in CONFIG.items() if key not in ("experiment", "cohort")},
        "cohort": COHORT,
        "dataset": {"split": {"scheme": "kfold", "folds": 2}},
        "benchmark": {"losses": ["l1", "exp"], "norms": [], "pretrained": [], "null": []},
    },
    "overlays": {
        "plain": {"evaluations": {"cohorts": {"columns": ["sex"]}}},
        "long": {"training": {"epochs": 3}},
    },
    "grids": {"size": {"dataset.subset.fraction": [0.6]}},
    "tables": {"age": {"overlays": ["plain", "long"], "values": ["mae", "r2"]}},
    "curves": {"scaling": {"grid": "size", "overlays": ["plain"], "y": "mae", "log": "mae"}},
    "figures": {
        "errors": {"kind": "report", "table": "mae", "overlays": "plain"},
    },
    "claims": {
        "any": {"asked": "Errors are errors.", "table": "age", "value": "mae", "within": [0, 99]}
    },
}


@pytest.fixture(scope="module")
def small(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("study") / "contrage")
    write_table(workflow.folder / "regions.csv")
    write(workflow, "s.yaml", STUDY)
    return workflow


@pytest.fixture(scope="module")
def done(small: Workflow) -> Workflow:
    finished = small.run("--scheduler", "greedy", config="s.yaml")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return small


def write(workflow: Workflow, name: str, study: dict[str, Any]) -> None:
    (workflow.folder / name).write_text(yaml.safe_dump(study))


def planned(workflow: Workflow, config: str, *options: str) -> set[str]:
    """Return the rules that a run would run."""
    told = workflow.run("-n", *options, config=config)
    assert told.returncode == 0, told.stdout + told.stderr
    text = told.stdout + told.stderr
    if "Nothing to be done" in text:
        return set()
    lines = text[text.index("Job stats:") :].splitlines()[3:]
    rules = [line.split()[0] for line in lines[: lines.index(next(x for x in lines if not x))]]
    return set(rules) - {"total", "everything"}


def test_a_study_puts_its_experiments_side_by_side_on_a_page(done):
    results = done.folder / "results"
    html = (results / "s/study.html").read_text()
    assert "Whether more people help." in html and "Errors are errors." in html
    assert "not in this run" not in html
    for name in ("plain", "long", "size-0.6"):
        assert (results / f"s-{name}/report.html").is_file()
        assert f'href="../s-{name}/report.html"' in html
    found = read_tsv(results / "s/tables/age.tsv")
    assert len(found) == 4 and found["mae"].notna().all()
    for _, line in found.iterrows():
        own = read_tsv(results / f"s-{line.overlay}/tables/mae.tsv").set_index("loss")
        assert line.mae == own.loc[line.row, "mae_mean"]
    points = read_tsv(results / "s/tables/scaling.tsv").set_index(["overlay", "row"])
    assert points.loc[("plain", "l1"), "n_train"] == 20
    assert points.loc[("size-0.6", "l1"), "n_train"] == 12
    assert len(read_tsv(results / "s/tables/scaling_exponents.tsv")) == 2
    listed = json.loads((results / "s/figures/figures.json").read_text())
    assert [each["name"] for each in listed] == ["scaling", "errors"]


def test_experiments_on_one_cohort_share_it(done):
    assert [each.name for each in (done.folder / "results/derivatives").iterdir()] == ["regions"]


def test_a_finished_study_has_nothing_to_do(done):
    assert planned(done, "s.yaml") == set()


def test_another_overlay_reruns_no_other_one(done):
    more = copy.deepcopy(STUDY)
    more["overlays"]["small-batch"] = {"training": {"batch_size": 4}}
    more["tables"]["age"]["overlays"].append("small-batch")
    write(done, "more.yaml", more)
    rules = planned(done, "more.yaml")
    own = {rule for rule in rules if rule.startswith("s_small_batch_")}
    assert rules - own == {"study_tables", "study_figures", "study_page"}
    assert "s_small_batch_train" in own


def test_an_edit_of_an_evaluation_makes_its_table_anew_and_trains_nothing(done):
    file = done.folder / "workflow/contrage/evaluation/elements/cohorts.py"
    before = file.read_text()
    file.write_text(f"{before}\n# edited\n")
    rules = planned(done, "s.yaml")
    file.write_text(before)
    assert rules == {
        "s_plain_evaluate",
        "s_plain_page",
        "s_plain_figures",
        "study_figures",
        "study_page",
    }


def test_another_table_trains_nothing(done):
    more = copy.deepcopy(STUDY)
    more["tables"]["correlation"] = {"values": ["r"], "title": "r"}
    write(done, "more.yaml", more)
    assert planned(done, "more.yaml") <= {"study_tables", "study_figures", "study_page"}


def test_a_run_of_one_overlay_leaves_the_others_as_they_are(done):
    assert planned(done, "s.yaml", "--config", "study_only=long") <= {
        "study_tables",
        "study_figures",
        "study_page",
    }
    told = done.run("--config", "study_only=long", config="s.yaml")
    assert told.returncode == 0, told.stdout + told.stderr
    html = (done.folder / "results/s/study.html").read_text()
    assert "2 of 3 experiments are not in this run" in html
    assert html.index("Cells of plain, size-0.6 are empty") < html.index("<table")
    assert planned(done, "s.yaml") == {"study_tables", "study_figures", "study_page"}


def test_a_run_may_end_at_a_rule_of_an_experiment(done):
    (done.folder / "results/s-plain/tables/mae.tsv").unlink()
    rules = planned(done, "s.yaml", "--until", "s_plain_tables")
    assert rules == {"s_plain_tables"}
    assert done.run(config="s.yaml").returncode == 0


def test_a_table_of_what_no_experiment_has_is_refused_before_the_first_job(small):
    wrong = copy.deepcopy(STUDY)
    wrong["tables"]["age"]["table"] = "gap"
    write(small, "wrong.yaml", wrong)
    told = small.run("-n", config="wrong.yaml")
    assert told.returncode != 0
    assert "tables.age.table: plain has no table gap, only mae" in told.stdout + told.stderr


def test_paths_that_lack_are_told_in_one_list(small):
    lacking = copy.deepcopy(STUDY)
    lacking["cohorts"] = {"a": {"path": "not/a.csv"}, "b": {"path": "not/b.csv"}}
    lacking["overlays"] = {"one": {"cohort": "a"}, "two": {"cohort": "b"}}
    lacking |= {"tables": {}, "curves": {}, "figures": {}, "claims": {}, "grids": {}}
    lacking["base"]["cohort"] = {k: v for k, v in COHORT.items() if k != "name"}
    write(small, "lacking.yaml", lacking)
    told = small.run("-n", config="lacking.yaml")
    said = told.stdout + told.stderr
    assert told.returncode != 0 and "s lacks 2 paths of cohorts" in said
    assert "a: not/a.csv (of one)" in said and "b: not/b.csv (of two)" in said
