"""What each job reads and is asked for, without Snakemake."""

from __future__ import annotations

import copy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from targets import LEARNED

from contrage.cohort.scans import Cohort, Scan
from contrage.layout import Results
from contrage.plan import jobs, pretraining, report
from contrage.plan.experiment import Experiment
from contrage.settings.build import as_plain
from contrage.settings.door import complete, load_schema


@pytest.fixture(scope="module")
def demo(root: Path) -> dict:
    """The demo with two seeds and a searched row."""
    schema = load_schema(root / "workflow/schemas/config.schema.yaml")
    ranges = {"temperature": {"low": 0.01, "high": 1.0, "kind": "log"}}
    asked = {
        "experiment": "x",
        "benchmark": {
            "losses": ["l1", "exp", "dynlocrep"],
            "null": ["exp"],
            "pretrained": [],
            "norms": [],
        },
        "dataset": {"split": {"scheme": "kfold", "folds": 2, "new_split_per_seed": True}},
        "training": {"seeds": [3, 5], "epochs": 4},
        "search": {"draws": 3, "rows": {"exp": ranges}},
        "report": {"embedding_rows": ["dynlocrep"], "embedding_epochs": [1, 4, 9]},
    }
    return complete(asked, schema)


def experiment(demo: dict, **changes) -> Experiment:
    config = copy.deepcopy(demo)
    for block, change in changes.items():
        config[block] |= change
    scans = [Scan(f"sub-{n:02d}", None, 20.0 + n, None, "A") for n in range(20)]
    return Experiment.of(config, Cohort(scans, [], []))


def test_a_training_is_asked_for_its_own_row_alone(demo):
    of = experiment(demo)
    asked = jobs.training(of, "exp", 3, 1)
    assert asked.row == "exp" and asked.seed == 3 and asked.loss["loss"] == "exp"
    assert not {"seeds", "start_from"} & set(vars(asked.training)), "more seeds retrain nothing"
    other = experiment(demo, losses={"l1": {"kind": "mse"}}, report={"embedding_epochs": [2]})
    assert jobs.training(other, "exp", 3, 1) == asked
    assert jobs.training(other, "l1", 3, 1) != jobs.training(of, "l1", 3, 1)


@pytest.mark.parametrize("row", ["l1", "exp", "dynlocrep"])
def test_another_unit_range_or_bin_of_the_target_is_no_other_training(demo, row):
    of = experiment(demo, target={"column": "points", "unit": "points"})
    change = {"column": "points", "unit": "marks", "range": [-5, 200], "bin": 10}
    assert jobs.training(experiment(demo, target=change), row, 3, 1) == jobs.training(of, row, 3, 1)
    assert as_plain(jobs.training(of, row, 3, 1).target).keys() == LEARNED.keys()
    named = experiment(demo, target={"column": "other", "unit": "points"})
    assert jobs.training(named, row, 3, 1) != jobs.training(of, row, 3, 1)


@pytest.mark.parametrize("loss", ["supcon", "adacon", "supremix"])
def test_a_loss_that_makes_labels_is_told_how_wide_these_are_unless_its_settings_say_it(demo, loss):
    told = {"benchmark": {"losses": [loss]}, "target": {"bin": 10}}
    asked = jobs.training(experiment(demo, **told), loss, 3, 1)
    assert asked.loss == {"loss": loss, "bin_width": 10}
    unlike = experiment(demo, **told | {"target": {"bin": 5}})
    assert jobs.training(unlike, loss, 3, 1).loss["bin_width"] == 5
    own = experiment(demo, **told, losses={loss: {"bin_width": 2}})
    assert jobs.training(own, loss, 3, 1).loss == {"loss": loss, "bin_width": 2}


def test_features_are_kept_of_the_first_training_of_a_watched_row(demo):
    of = experiment(demo)
    kept = {
        (row, seed, fold): jobs.training(of, row, seed, fold).snapshot_epochs
        for row in of.all_rows
        for seed in of.seeds
        for fold in of.folds
    }
    assert {job: epochs for job, epochs in kept.items() if epochs} == {
        ("dynlocrep", 3, 0): (1, 4),
    }  # fmt: skip


def test_a_draw_and_a_training_for_the_penalty_are_the_main_ones_but_for_a_name(demo):
    of = experiment(demo)
    main = jobs.training(of, "exp", 3, 0)
    drawn, apart = jobs.draw(of, "exp", 3, 0, 2), jobs.unseen(of, "exp", 3, 0)
    assert drawn.row == "exp (draw 2)" and apart.row == "exp (for its penalty)"
    assert drawn.loss == jobs.drawn_losses(of, "exp")[2] != main.loss
    for each in (drawn, apart):
        other = {"row": main.row, "loss": main.loss, "snapshot_epochs": main.snapshot_epochs}
        assert replace(each, **other) == main
    assert apart.loss == main.loss
    watched = jobs.unseen(of, "dynlocrep", 3, 0)
    assert watched.snapshot_epochs == ()


def test_a_null_takes_the_settings_searched_for_the_row_it_is_like(demo):
    of = experiment(demo)
    place = of.results.best.format(row="exp", seed=5, fold=1)
    assert jobs.best_of_search(of, "exp", 5, 1) == [place]
    assert jobs.best_of_search(of, "exp-null", 5, 1) == [place]
    assert jobs.best_of_search(of, "l1", 5, 1) == []


def test_a_null_reads_permuted_targets_of_its_fold_and_all_others_the_same_table(demo):
    of = experiment(demo)
    assert jobs.scans_of_training(of, "l1", 5, 1) == of.results.scans
    assert jobs.scans_of_probe(of, "l1") == [of.results.scans]
    permuted = "results/x/dataset/null/seed-5_fold-1.tsv"
    assert jobs.scans_of_training(of, "exp-null", 5, 1) == permuted
    assert len(jobs.scans_of_probe(of, "exp-null")) == len(of.seeds) * len(of.folds)
    assert "/unseen/permuted/" in jobs.unseen_scans(of, "exp-null", 5, 1)
    assert "/unseen/given/" in jobs.unseen_split(of, "exp", 5, 1)


def test_nothing_is_trained_for_the_penalty_unless_it_is_chosen_on_unseen_people(demo):
    assert jobs.unseen_features(experiment(demo), "exp") == []
    of = experiment(demo, probe={"alpha": "unseen"})
    assert len(jobs.unseen_features(of, "exp")) == len(jobs.unseen_splits(of, "exp")) == 4


def test_code_of_a_training_is_that_of_its_loss_and_encoder(demo):
    of = experiment(demo)
    assert jobs.training_modules(of, "exp-null") == (
        "contrage.learning.train", "contrage.losses.exp", "contrage.learning.encoders.small",
    )  # fmt: skip
    assert jobs.feasible_modules(of, "exp")[1] == "contrage.losses.exp"


def test_the_first_job_hears_of_schedules_that_no_search_will_change(demo):
    asked = jobs.feasible(experiment(demo))
    assert list(asked.rows) == ["dynlocrep"]
    searched = {"rows": {"dynlocrep": {"nn_final": [3, 5]}}}
    assert jobs.feasible(experiment(demo, search=searched)).rows == {}
    assert asked.without_head == {}
    headless = jobs.feasible(experiment(demo, training={"head": []}))
    assert set(headless.without_head) == {"l1", "exp", "dynlocrep", "exp-null"}


def test_code_of_the_first_job_is_that_of_the_losses_and_the_encoder_that_it_loads(demo, tmp_path):
    own = "contrage.learning.feasible"
    assert jobs.modules_of_feasible(experiment(demo)) == (own, "contrage.losses.dynlocrep")
    headless = experiment(demo, training={"head": []})
    assert jobs.modules_of_feasible(headless)[1:] == (
        "contrage.losses.dynlocrep", "contrage.losses.exp", "contrage.losses.l1",
    )  # fmt: skip
    file = tmp_path / "model.pt"
    file.touch()
    started = experiment(demo, training={"start_from": str(file)})
    assert jobs.modules_of_feasible(started)[-1] == "contrage.learning.encoders.small"


def test_values_of_wildcards_are_numbers_where_they_count(demo):
    wildcards = {"row": "exp", "seed": "3", "fold": "0", "draw": "11"}
    assert jobs.values(jobs.training, wildcards) == {"row": "exp", "seed": 3, "fold": 0}
    assert jobs.values(jobs.draw, wildcards)["draw"] == 11


def test_benchmarks_are_those_of_this_experiments_rows(demo):
    of = experiment(demo)
    folders = {"results": "results/x", "derivatives": "results/derivatives/c"}
    of_rules = {
        "train": Results.of("x").benchmark("train", "{row}/seed-{seed}_fold-{fold}"),
        "search_train": Results.of("x").benchmark("search_train", "{row}/draw-{draw}"),
        "check": "results/derivatives/c/benchmarks/check/{folder}/{scan}.tsv",
        "pretraining_train": "results/x-pretraining/benchmarks/train/{row}/{seed}.tsv",
    }
    asked = report.runtimes(of, folders, of_rules.values())
    found = {each.file: each for each in asked.benchmarks}
    assert len(found) == 3
    train = found["benchmarks/train/{row}/seed-{seed}_fold-{fold}.tsv"].values
    assert train == {"row": tuple(of.all_rows), "seed": (3, 5), "fold": (0, 1)}
    drawn = found["benchmarks/search_train/{row}/draw-{draw}.tsv"].values
    assert drawn == {"row": ("exp",), "draw": (0, 1, 2)}
    assert found["benchmarks/check/{folder}/{scan}.tsv"].of == "derivatives"


def test_the_report_asks_for_the_pretraining_where_a_row_starts_from_it(demo):
    assert pretraining.results(demo) == []
    own = copy.deepcopy(demo)
    own["benchmark"]["pretrained"] = ["exp"]
    assert pretraining.results(own) == [
        "results/x-pretraining/metrics/exp/seed-0.json",
        "results/x-pretraining/dataset/scans.tsv",
        "results/x-pretraining/dataset/excluded.tsv",
        "results/x-pretraining/training/feasible.json",
    ]
    of = experiment(own)
    assert jobs.start_of_training(of, "exp", 3, 0) == []
    (start,) = jobs.start_of_training(of, "exp-pretrained", 3, 0)
    assert start == "results/x-pretraining/training/exp/seed-0/fold-0/model.pt"


def test_a_file_to_start_from_is_told_to_the_first_job(demo, tmp_path):
    file = tmp_path / "model.pt"
    of = experiment(demo, training={"start_from": str(file)})
    assert pretraining.plain_start(of.config) == [str(file)]
    assert jobs.feasible(of).start.file == str(file)
    assert jobs.start_of_training(of, "l1", 5, 0) == [str(file)]


def test_reading_the_plan_loads_no_library_of_a_stage():
    heavy = ["torch", "pandas", "nibabel", "ants", "scipy", "sklearn", "matplotlib", "monai"]
    modules = "contrage.plan.jobs, contrage.plan.report, contrage.plan.people"
    script = f"import sys, {modules}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
