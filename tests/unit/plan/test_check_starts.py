"""What a stage may start from; circles, seeds, folds, encoders, shared people are refused."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from given import config as complete

from contrage.cohort.scans import Cohort, Scan
from contrage.dataset.parts import make_folds
from contrage.errors import LeakageError, SettingsError
from contrage.layout import Results
from contrage.plan import folds, jobs, starts
from contrage.plan.check_starts import check_starts
from contrage.plan.experiment import Experiment

KFOLD = {"scheme": "kfold", "folds": 3}


def experiment(name: str = "here", people=range(30), cohort: str = "t", **blocks: Any):
    """An experiment on a table of these people."""
    asked = {
        "experiment": name,
        "cohort": {"source": "table", "image": "table", "path": "a.csv", "name": cohort},
        "dataset": {"split": KFOLD},
        "benchmark": {"losses": ["exp"], "norms": [], "pretrained": []},
        "training": {"encoder": "mlp", "seeds": [0, 1]},
        "report": {"embedding_rows": []},
    }
    for key, block in copy.deepcopy(blocks).items():
        asked[key] = {**asked.get(key, {}), **block}
    scans = [Scan(f"sub-{n:03d}", 20.0 + n, site=f"s{n % 3}") for n in people]
    return Experiment.of(complete(**asked), Cohort(scans, [], []))


def staged(name: str = "here", start: dict[str, Any] | None = None, **blocks: Any):
    rows = {"tuned": {"from": {"row": "exp", **(start or {})}, "stage": {"loss": "l1"}}}
    losses = {"losses": ["exp", "tuned"], "norms": [], "pretrained": []}
    return experiment(name, **{"rows": rows, "benchmark": losses, **blocks})


def refused(*plan: Experiment, error: type[Exception] = SettingsError) -> str:
    with pytest.raises(error) as told:
        check_starts(plan)
    return str(told.value)


def test_a_stage_starts_from_the_same_seed_and_fold_of_a_row_of_its_experiment():
    of = staged()
    check_starts([of])
    model = Results.of("here").model
    assert jobs.start_of_training(of, "tuned", 1, 2) == [model.format(row="exp", seed=1, fold=2)]
    assert jobs.scans_of_start(of, "tuned", 1) == [of.results.scans]
    assert jobs.split_of_start(of, "tuned", 1) == [of.results.split.format(seed=1)]
    assert jobs.start_of_training(of, "exp", 1, 2) == jobs.scans_of_start(of, "exp", 1) == []
    asked = jobs.stage(of, "tuned", 1, 2)
    assert asked.start.experiment == "here" and asked.start.seed == 1 and asked.start.fold == 2
    assert asked.cohort == "t" and asked.train == "all"


def test_a_row_without_a_start_is_asked_for_what_it_ever_was():
    plain, beside = experiment(), staged()
    assert jobs.training(plain, "exp", 0, 1) == jobs.training(beside, "exp", 0, 1)
    assert jobs.feasible(plain).without_head == {} and jobs.feasible(beside).without_head == {}


def test_a_start_of_another_experiment_may_be_one_training_for_all():
    other = experiment("first", people=range(100, 130), cohort="u")
    of = staged(start={"experiment": "first", "seed": 1, "fold": 0})
    check_starts([of, other])
    file = Results.of("first").model.format(row="exp", seed=1, fold=0)
    assert jobs.start_of_training(of, "tuned", 0, 2) == [file]
    assert jobs.stage(of, "tuned", 0, 2).start.seed == 1


def test_a_start_from_people_who_are_tested_here_is_refused():
    shared = range(20, 50)
    other = experiment("first", people=shared, cohort="u")
    of = staged(start={"experiment": "first", "fold": 0})
    said = refused(of, other, error=LeakageError)
    assert said.startswith("rows.tuned.from: sub-0")
    assert "has the role test in fold 0, and exp of first (seed 0, fold 0) has learned" in said
    told = staged(start={"experiment": "first", "fold": 0, "same_ids": "other-people"})
    check_starts([told, other])


def test_one_fold_for_all_of_the_same_people_is_a_leak():
    said = refused(staged(start={"fold": 0}), error=LeakageError)
    assert "in fold 1, and exp of here (seed 0, fold 0) has learned from the same person" in said


def test_splits_that_every_seed_draws_anew_leak_into_one_seed_for_all():
    split = {**KFOLD, "new_split_per_seed": True}
    check_starts([staged(dataset={"split": split})])
    said = refused(staged(start={"seed": 0}, dataset={"split": split}), error=LeakageError)
    assert "(seed 0, fold 0)" in said


def test_people_of_a_training_before_the_start_are_looked_at_too():
    first = experiment("first", people=range(30), cohort="t")
    rows = {"mid": {"from": {"row": "exp", "experiment": "first", "fold": 0},
                    "stage": {"loss": "exp"}}}  # fmt: skip
    benchmark = {"losses": ["mid"]}
    middle = experiment("middle", range(100, 130), "u", rows=rows, benchmark=benchmark)
    last = staged(start={"experiment": "middle", "row": "mid", "fold": 1})
    said = refused(last, middle, first, error=LeakageError)
    assert "exp of first (seed 0, fold 0) has learned from the same person" in said


def test_people_of_a_pretraining_before_the_start_are_looked_at_too():
    """Here are people of the cohort of the pre-training; there, others start from that."""
    start = {"encoder": "mlp", "seeds": [0, 1], "start_from": "pretraining"}
    own = {"cohort": {"source": "table", "image": "table", "path": "b.csv", "name": "p"}}
    asked = {"people": range(100, 130), "cohort": "u", "training": start}
    before = experiment("first-pretraining", range(40), "p")
    of = staged(start={"experiment": "first", "fold": 0})
    said = refused(of, experiment("first", **asked, pretraining=own), before, error=LeakageError)
    assert "exp of first-pretraining (seed 0, fold 0) has learned from the same person" in said
    others = {**own, "same_ids": "other-people"}
    check_starts([of, experiment("first", **asked, pretraining=others), before])
    within = staged(start={"experiment": "first", "fold": 0}, cohort="p", people=range(40))
    plan = within, experiment("first", **asked, pretraining=others), before
    assert "has learned from the same person" in refused(*plan, error=LeakageError)


def test_of_several_experiments_with_rows_the_sentence_says_which():
    one, other = staged("one"), staged("other", start={"row": "rnc"})
    assert refused(one, other).endswith("there are exp, tuned (experiment other)")


def test_a_row_that_is_not_trained_there_is_refused():
    said = refused(staged(start={"row": "rnc"}))
    assert said.startswith("rows.tuned.from.row: here does not train rnc (benchmark.losses); there")


@pytest.mark.parametrize(
    ("start", "training", "message"),
    [
        ({}, {"seeds": [0, 1, 2]},
         "rows.tuned.from.seed: exp of first has no seed 2; there are 0, 1"),
        ({"seed": 7}, {}, "rows.tuned.from.seed: exp of first has no seed 7; there are 0, 1"),
        ({"fold": 3}, {}, "rows.tuned.from.fold: exp of first has no fold 3; there are 0, 1, 2"),
    ],
)  # fmt: skip
def test_seeds_and_folds_of_which_the_other_row_has_none_are_refused(start, training, message):
    other = experiment("first", people=range(100, 130), cohort="u")
    here = {"encoder": "mlp", "seeds": [0, 1], **training}
    assert refused(staged(start={"experiment": "first", **start}, training=here), other) == message


def test_circles_are_refused_within_an_experiment_and_between_two():
    rows = {
        "a": {"from": {"row": "b"}, "stage": {"loss": "l1"}},
        "b": {"from": {"row": "a"}, "stage": {"loss": "l1"}},
    }
    said = refused(experiment(rows=rows, benchmark={"losses": ["a", "b"]}))
    assert said == "rows.a.from: a circle: a of here from b of here from a of here; break it"
    one = staged(start={"experiment": "there", "row": "tuned"})
    other = staged("there", start={"experiment": "here", "row": "tuned"})
    assert "tuned of here from tuned of there from tuned of here" in refused(one, other)
    itself = refused(staged(start={"row": "tuned"}))
    assert "a circle: tuned of here from tuned of here" in itself


def on_images(of: Experiment) -> Experiment:
    of.config["cohort"] |= {"source": "phantom", "image": "stiffness"}
    return of


def test_another_encoder_and_another_grid_are_refused():
    def first(encoder="small", voxel_mm=4) -> Experiment:
        dataset = {"split": KFOLD, "voxel_mm": voxel_mm}
        training = {"encoder": encoder, "seeds": [0, 1]}
        others = {"people": range(100, 130), "cohort": "u"}
        return on_images(experiment("first", **others, dataset=dataset, training=training))

    training = {"encoder": "small", "seeds": [0, 1]}
    of = on_images(staged(start={"experiment": "first", "fold": 0}, training=training))
    check_starts([of, first()])
    assert refused(of, first("sfcn")).startswith(
        "rows.tuned.from: exp of first has the encoder sfcn, and here it is small; weights pass"
    )
    assert "a grid of 8 mm, and here it is 4 mm" in refused(of, first(voxel_mm=8))


def test_other_channels_are_refused():
    blocks = {"training": {"encoder": "small", "seeds": [0, 1]}}
    of, other = (
        staged(start={"experiment": "first"}, **blocks),
        experiment("first", people=range(100, 130), cohort="u", **blocks),
    )
    of.config["cohort"] |= {"source": "arrays", "image": "desikan"}
    other.config["cohort"] |= {"source": "arrays", "image": "destrieux"}
    assert "has channels and shape (7, (148,)), and here it is (7, (68,))" in refused(of, other)


def test_the_same_fold_needs_equal_splits():
    other = experiment("first", dataset={"split": {**KFOLD, "seed": 7}})
    said = refused(staged(start={"experiment": "first"}), other)
    assert said.startswith(
        "rows.tuned.from.fold: same needs equal splits, and dataset.split.seed is 7 in "
        "first, here 42"
    )
    apart = experiment("first", range(100, 130), "u", dataset={"split": {**KFOLD, "seed": 7}})
    check_starts([staged(start={"experiment": "first", "fold": 0}), apart])


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"cohort": "u", "people": range(100, 130)}, "cohort.name is u in first, here t"),
        ({"target": {"range": [0, 90]}}, "target.range is"),
        ({"dataset": {"leave_out": {"sub-001": "ill"}}}, "dataset.leave_out.sub-001 is ill"),
        ({"dataset": {"subset": {"fraction": 0.5, "seed": 0}}}, "dataset.subset.fraction is 0.5"),
    ],
)
def test_the_same_fold_needs_one_cohort_and_all_that_decides_roles_alike(blocks, words):
    blocks = {**blocks, "dataset": {"split": KFOLD, **blocks.get("dataset", {})}}
    said = refused(staged(start={"experiment": "first"}), experiment("first", **blocks))
    assert said.startswith(f"rows.tuned.from.fold: same needs equal splits, and {words}")
    assert "give the number of a fold (fold: 0)" in said
    check_starts([staged(start={"experiment": "first"}), experiment("first")])


def test_the_best_checkpoint_needs_people_of_role_val():
    said = refused(staged(start={"checkpoint": "best"}))
    assert said.startswith("rows.tuned.from.checkpoint: best is the epoch that people of role val")
    inner = {"encoder": "mlp", "seeds": [0], "early_stop": {"on": "inner"}}
    assert "set it to last" in refused(staged(start={"checkpoint": "best"}, training=inner))


def test_one_cohort_has_no_two_people_of_an_id():
    said = refused(staged(start={"same_ids": "other-people"}))
    assert said == (
        "rows.tuned.from.same_ids: other-people, but both learn from the cohort t; remove it"
    )


def write_folds(of: Experiment, file: str, seed: int = 42, bad: str = "") -> None:
    """Write the folds of a finished experiment in which one scan was bad."""
    asked = folds.roles_of(of.config)
    asked = replace(asked, split=replace(asked.split, seed=seed))
    good = [each for each in folds.visits(of.config, of.cohort) if each.scan_id != bad]
    made = [
        {"fold": number, "train": parts.scans("train"), "test": parts.scans("test")}
        for number, parts in enumerate(make_folds(good, asked, 0))
    ]
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(json.dumps({"folds": made}))


def test_the_same_fold_of_a_finished_experiment_needs_its_folds_on_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    of = staged(start={"experiment": "past", "seed": 1})
    start = starts.of_row(of.config, "tuned")
    for file in [start.scans, *(start.model(0, fold) for fold in of.folds)]:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    write_folds(of, start.split(0), bad="sub-007")
    check_starts([of])
    write_folds(of, start.split(0), seed=7)
    assert refused(of).startswith("rows.tuned.from.fold: same needs equal splits, and results/past")
    write_folds(experiment(people=range(100, 130)), start.split(0))
    assert "has other folds than this experiment; give the number of a fold" in refused(of)
    write_folds(of, start.split(0), seed=7)
    told = staged(start={"experiment": "past", "seed": 1, "fold": 0})
    check_starts([told])


def test_an_experiment_outside_the_plan_must_have_finished(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    of = staged(start={"experiment": "past", "seed": 1})
    said = refused(of)
    assert said.startswith("rows.tuned.from.experiment: past is not in this plan, and there is no")
    assert "results/past/dataset/scans.tsv of a finished one (5 of 5 are lacking)" in said
    start = starts.of_row(of.config, "tuned")
    assert start is not None
    for file in [start.scans, start.split(0), *(start.model(0, fold) for fold in of.folds)]:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    write_folds(of, start.split(0))
    check_starts([of])
    Path(start.model(0, 2)).unlink()
    assert "seed-1/fold-2/model.pt of a finished one (1 of 5 are lacking)" in refused(of)
