"""Who can be learned from is known from the tables before the first job."""

from __future__ import annotations

import pytest

from contrage.cohort.scans import Cohort, Scan
from contrage.errors import ContrageError
from contrage.plan import folds
from contrage.plan.experiment import Experiment
from contrage.plan.people import check_plan
from contrage.plan.pretraining import merged

PARTS = ["train", "train", "v", "t", "x"]
ROLES = {"train": "train", "v": "val", "t": "test", "x": "external"}
GIVEN = {"dataset": {"split": {"scheme": "given", "roles": ROLES}}}
HC = {"dataset": {"learn_from": {"diagnosis": ["HC"]}}}


def cohort(people: int = 60, patients: int = 0) -> Cohort:
    return Cohort(
        [
            Scan(
                f"sub-{n:03d}",
                20.0 + n % 60,
                site="B" if PARTS[n % 5] == "x" else "A",
                columns={
                    "split": PARTS[n % 5],
                    "diagnosis": "AD" if n >= people else "HC",
                },
            )
            for n in range(people + patients)
        ]
    )


def refusal(config: dict, found: Cohort, *changes: dict) -> str:
    for change in changes:
        config = merged(config, change)
    with pytest.raises(ContrageError) as caught:
        folds.check_split(config)
        check_plan(config, found)
    return str(caught.value)


def test_a_given_split_is_one_fold_and_its_training_part_is_counted(config):
    config = merged(config, GIVEN)
    assert folds.fold_numbers(config, cohort()) == [0]
    assert folds.most_training_scans(config, cohort()) == 24
    assert folds.most_training_scans(config, cohort(), 0.25) == 18
    found = folds.smallest_training(config, cohort())
    assert (found.people, found.scans) == (24, 24)
    assert folds.search_seed(config, 7) == config["training"]["seeds"][0]


def test_folds_are_made_of_those_who_are_learned_from(config):
    config = merged(config, HC)
    assert folds.most_training_scans(config, cohort(50, 200)) == 40
    found = folds.smallest_training(config, cohort(50, 200))
    assert (found.people, found.scans) == (40, 40)
    sites = merged(config, {"dataset": {"split": {"scheme": "leave-site-out"}}})
    assert folds.fold_numbers(sites, cohort(50, 200)) == [0, 1]


def test_a_subset_and_missing_targets_leave_fewer(config):
    half = merged(config, {"dataset": {"subset": {"fraction": 0.5}}})
    assert folds.smallest_training(half, cohort()).scans == 30
    assert folds.most_training_scans(merged(half, GIVEN), cohort()) == 12
    gap = merged(config, {"dataset": {"missing_targets": [[30, 80]]}})
    assert folds.smallest_training(gap, cohort()).scans == 10
    assert folds.smallest_training(merged(gap, GIVEN), cohort()).scans == 4


def test_columns_that_roles_are_read_from_are_kept_with_those_of_the_cohort(config):
    assert folds.carried_columns(config) == []
    more = {"cohort": {"columns": ["handedness"]}, "dataset": {"subset": {"stratify": "site"}}}
    config = merged(merged(merged(config, GIVEN), HC), more)
    assert folds.carried_columns(config) == ["handedness", "split", "diagnosis"]


def test_a_table_of_external_people_is_made_where_a_value_has_the_role(config):
    assert "external" not in Experiment.of(config, cohort()).tables
    assert "external" in Experiment.of(merged(config, GIVEN), cohort()).tables


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [{"dataset": {"split": {"scheme": "given", "roles": {"train": "train", "t": "test"}}}}],
            "dataset.split.roles: no role for 'v' of column split (sub-002, sub-007, sub-012 and",
        ),
        (
            [{"dataset": {"split": {"scheme": "given", "column": "part", "roles": ROLES}}}],
            "cohort.columns: the scans have no column 'part', which dataset.split.column",
        ),
        (
            [{"dataset": {"learn_from": {"diagnosis": ["CN"]}}}],
            "dataset.learn_from.diagnosis: no scan has 'CN'; there are HC",
        ),
        (
            [GIVEN, {"training": {"batch_size": 30}}],
            "training.batch_size: 30, but no more than 24 scans are for training",
        ),
        (
            [{"dataset": {"missing_targets": [[0, 200]]}}],
            "dataset.missing_targets: all 60 training scans are in [[0, 200]], so that none",
        ),
        (
            [GIVEN, {"dataset": {"missing_targets": [[0, 200]]}}],
            "dataset.missing_targets: all 24 training scans are in [[0, 200]], so that none",
        ),
        (
            [{"dataset": {"missing_targets": [[30, 80]]}}],
            "dataset.missing_targets: [[30, 80]] leaves 10 scans to learn from, fewer than a batch",
        ),
        (
            [{"dataset": {"subset": {"fraction": 0.99}}}],
            "dataset.subset.fraction: 0.99 of the people, rounded up, is everybody",
        ),
        (
            [GIVEN, {"dataset": {"subset": {"fraction": 0.2, "stratify": "participant_id"}}}],
            "dataset.subset.fraction: 0.2 of the people in each participant_id, rounded up, is",
        ),
        (
            [{"dataset": {"missing_targets": [[50, 45]]}}],
            "dataset.missing_targets: [50, 45] holds no number; the smaller one comes first",
        ),
        (
            [{"dataset": {"subset": {"fraction": 0.1}}}],
            "dataset.subset.fraction: 0.1 leaves 6 scans to learn from, fewer than a batch",
        ),
        (
            [{"training": {"early_stop": {"on": "val", "fraction": 0.2}}}],
            "training.early_stop.on: val, but no value has that role (dataset.split.roles, with",
        ),
        (
            [{"dataset": {"split": {"roles": {"a": "train"}}}}],
            "dataset.split.roles: does nothing with scheme holdout; remove it, or",
        ),
        (
            [{"dataset": {"split": {"scheme": "kfold", "allow_shared_sites": True}}}],
            "dataset.split.allow_shared_sites: does nothing with scheme kfold",
        ),
        (
            [{"dataset": {"split": {"scheme": "kfold", "column": "part"}}}],
            "dataset.split.column: does nothing with scheme kfold",
        ),
        (
            [{"dataset": {"split": {"scheme": "leave-site-out", "new_split_per_seed": True}}}],
            "dataset.split.new_split_per_seed: does nothing with scheme leave-site-out",
        ),
        (
            [GIVEN, {"dataset": {"split": {"new_split_per_seed": True}}}],
            "dataset.split.new_split_per_seed: does nothing with scheme given",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_job_with_its_key(config, changes, said):
    told = refusal(config, cohort(), *changes)
    assert told.startswith(said), told


FAR = {"dataset": {"external": {"site": ["B"]}}}


def test_external_people_are_not_counted_as_learned_from_and_have_a_table(config):
    far = merged(config, FAR)
    assert folds.most_training_scans(far, cohort()) < folds.most_training_scans(config, cohort())
    assert "external" in Experiment.of(far, cohort()).tables
    sites = {"dataset": {"split": {"scheme": "kfold", "folds": 3}}}
    assert folds.fold_numbers(merged(far, sites), cohort()) == [0, 1, 2]
    by_column = merged(config, {"dataset": {"external": {"diagnosis": ["HC"]}}})
    assert folds.carried_columns(by_column) == ["diagnosis"]
    assert folds.asked_by(by_column) == {"diagnosis": "dataset.external"}


def test_external_people_of_two_kinds_are_refused(config):
    told = refusal(config, cohort(), GIVEN, FAR)
    assert told.startswith("dataset.external: dataset.split.roles names people of role external")


def test_external_people_of_sites_that_are_learned_from_are_refused_before_the_first_job(config):
    patients = {"dataset": {"external": {"diagnosis": ["AD"]}}}
    told = refusal(config, cohort(60, 20), patients)
    assert told.startswith("dataset.split.allow_shared_sites: people of role external are from")
    allowed = merged(
        config,
        patients | {"dataset": {**patients["dataset"], "split": {"allow_shared_sites": True}}},
    )
    folds.check_split(allowed)
    check_plan(allowed, cohort(60, 20))


def test_fewer_scans_to_learn_from_than_a_batch_are_refused(config):
    told = refusal(config, cohort(12, 60), HC)
    assert told == (
        "dataset.learn_from: diagnosis: HC leaves 12 scans to learn from, fewer than a batch "
        "(training.batch_size: 16)"
    )


def test_people_who_are_tested_on_are_not_counted_as_learned_from(config):
    told = refusal(config, cohort(18, 60), HC)
    assert told.startswith("dataset.learn_from: diagnosis: HC leaves 14 scans to learn from")


def test_a_batch_that_no_setting_makes_too_large_is_its_own_mistake(config):
    half = {"dataset": {"subset": {"fraction": 0.5}}}
    told = refusal(config, cohort(18), half)
    assert told.startswith("training.batch_size: 16, but no more than 9 scans are for training")


def test_an_early_stop_by_people_whom_the_table_does_not_have_is_refused(config):
    nobody = Cohort([scan for scan in cohort().scans if scan.columns["split"] != "v"])
    stop = {"training": {"early_stop": {"on": "val", "fraction": 0.2}}}
    told = refusal(config, nobody, GIVEN, stop)
    assert told.startswith("training.early_stop.on: val, but no scan has that role")
    config = merged(merged(config, GIVEN), stop)
    folds.check_split(config)
    check_plan(config, cohort(100))


def test_external_people_of_sites_that_are_learned_from_are_refused(config):
    one = Cohort([scan for scan in cohort().scans if scan.site != "B"])
    more = [Scan("sub-900", 40.0, site="A", columns={"split": "x", "diagnosis": "HC"})]
    told = refusal(config, Cohort([*one.scans, *more]), GIVEN)
    assert told.startswith("dataset.split.allow_shared_sites: people of role external are from")


def test_a_person_in_two_roles_is_refused(config):
    twice = [
        Scan("sub-900", 40.0, session=part, site="A", columns={"split": part, "diagnosis": "HC"})
        for part in ("train", "t")
    ]
    told = refusal(config, Cohort([*cohort().scans, *twice]), GIVEN)
    assert told == (
        "dataset.split.column: split: sub-900 in training and in test; a split must go by "
        "participant"
    )
