"""What the table of participants shows to be impossible is said before the first job."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dataset_steps import roles
from targets import POINTS_BLOCK, SIDES_BLOCK

from contrage.cohort import leave_out
from contrage.cohort.scans import Cohort, Exclusion, Scan
from contrage.dataset.hold_out import hold_out
from contrage.dataset.parts import make_folds
from contrage.dataset.roles import Visit
from contrage.errors import ContrageError, LeakageError, SettingsError
from contrage.plan.people import check_plan, left_out_otherwise
from contrage.plan.pretraining import merged


def cohort(people: int, sites: int = 3, visits: int = 1) -> Cohort:
    return Cohort(
        [
            Scan(
                f"sub-{n:02d}", 30.0 + n, f"v{visit}" if visits > 1 else None, site=f"s{n % sites}"
            )
            for n in range(people)
            for visit in range(visits)
        ]
    )


def refusal(config: dict, change: dict, found: Cohort) -> str:
    with pytest.raises(ContrageError) as caught:
        check_plan(merged(config, change), found)
    return str(caught.value)


@pytest.mark.parametrize(("side", "other"), [("AD", "HC"), ("HC", "AD")])
def test_a_given_training_part_of_one_side_is_told_with_fold_and_side(config, side, other):
    parts = ["train"] * 30 + ["test"] * 20
    cells = [side] * 30 + [side, other] * 10
    scans = [
        Scan(f"sub-{n:02d}", None, site=f"s{part}", columns={"diagnosis": cell, "part": part})
        for n, (part, cell) in enumerate(zip(parts, cells, strict=True))
    ]
    roles = {"train": "train", "test": "test"}
    split = {"scheme": "given", "column": "part", "roles": roles}
    change = {"target": SIDES_BLOCK, "dataset": {"split": split}}
    assert refusal(config, change, Cohort(scans)) == (
        f"target.column: all 30 scans in the training part (fold 0) have the diagnosis {side}, so "
        "there is nothing to learn; choose another target, or add people"
    )


SITES = {"dataset": {"split": {"scheme": "leave-site-out"}}}


@pytest.mark.parametrize(
    ("change", "people", "said"),
    [
        (
            {"dataset": {"split": {"scheme": "kfold", "folds": 10}}},
            6,
            "dataset.split.folds: 10 folds need 10 participants, there are 6",
        ),
        ({}, 4, "dataset.split.test_fraction: 0.2 is one of 5 parts, which need 5 participants"),
        (
            {"dataset": {"split": {"stratify_by_age": True}}, "training": {"batch_size": 4}},
            9,
            "dataset.split.stratify_by_age: 9 participants are too few for 5 folds",
        ),
        ({}, 19, "training.batch_size: 16, but no more than 15 scans are for training"),
        ({"training": {"batch_size": 3}}, 60, "training.batch_size: 3 scans are too few to share"),
        ({"training": {"gpus_per_job": 5}}, 60, "among 5 processes; make it 20 or more"),
        (
            {"training": {"early_stop": {"on": "inner", "fraction": 0.2}, "batch_size": 4}},
            8,
            "training.early_stop.fraction: 0.2 of the 6 training participants are 1",
        ),
        (
            {"training": {"early_stop": {"on": "inner", "fraction": 0.5}}},
            30,
            "training.batch_size: 16, but no more than 12 scans are for training",
        ),
        (
            {"search": {"rows": {"exp": {"sigma": [1, 2]}}}, "training": {"batch_size": 4}},
            8,
            "search.validation_fraction: 0.2 of the 6 training participants are 1",
        ),
        (
            {"search": {"rows": {"exp": {"sigma": [1, 2]}}}},
            21,
            "training.batch_size: 16, but no more than 13 scans are for the search to learn from",
        ),
        (
            merged(SITES, {"training": {"batch_size": 16}}),
            23,
            "training.batch_size: 16, but no more than 15 scans are for training",
        ),
    ],
)
def test_what_the_number_of_people_forbids_is_named_with_its_key(config, change, people, said):
    assert refusal(config, change, cohort(people)).startswith(said) or said in refusal(
        config, change, cohort(people)
    )


@pytest.mark.parametrize("key", ["rows.own", "rows.own.stage"])
def test_a_batch_of_a_rows_own_is_held_against_the_people_with_its_key(config, key):
    own = {"loss": "l1", "batch_size": 512}
    row = own if key == "rows.own" else {"from": {"row": "exp"}, "stage": own}
    change = {"rows": {"own": row}, "benchmark": {"losses": ["exp", "own"]}}
    assert refusal(config, change, cohort(60)).startswith(f"{key}.batch_size: 512")
    own["batch_size"] = 16
    check_plan(merged(config, change), cohort(60))


def test_whoever_only_has_images_prepared_may_have_few_people(config):
    check_plan(config, cohort(1), trains=False)
    with pytest.raises(SettingsError, match=r"dataset\.leave_out"):
        change = {"dataset": {"leave_out": {"sub-9": "a typo"}}}
        check_plan(merged(config, change), cohort(1), trains=False)


def test_the_demo_is_not_refused(config):
    check_plan(config, cohort(60))


def test_one_site_no_site_and_two_sites_of_a_person_are_named(config):
    assert "needs two sites or more, there is one (s0)" in refusal(config, SITES, cohort(60, 1))
    found = cohort(60)
    found.scans[7] = replace(found.scans[7], site=None)
    assert "but sub-07 has no site" in refusal(config, SITES, found)
    found.scans[7:9] = [replace(scan, site=None) for scan in found.scans[7:9]]
    assert "but sub-07, sub-08 have no site" in refusal(config, SITES, found)
    nowhere = Cohort([replace(scan, site=None) for scan in found.scans])
    assert "the table names none" in refusal(config, SITES, nowhere)
    moved = cohort(30, visits=2)
    moved.scans[0] = replace(moved.scans[0], site="elsewhere")
    with pytest.raises(LeakageError, match="sub-00 was scanned at several sites"):
        check_plan(merged(config, SITES), moved)


def test_everybody_of_one_age_is_refused(config):
    found = Cohort([replace(scan, age=30.0) for scan in cohort(60).scans])
    said = refusal(config, {}, found)
    assert said.startswith("cohort: all 60 scans that are used have the age 30")
    table = {"cohort": {"source": "table"}}
    assert refusal(config, table, found).startswith("cohort.table.age: all 60 scans")


def test_everybody_of_one_target_is_refused_whatever_the_ages(config):
    found = cohort(30)
    alike = [replace(scan, age=None, columns={"progression": "7"}) for scan in found.scans]
    change = {"target": POINTS_BLOCK}
    assert refusal(config, change, replace(found, scans=alike)) == (
        "target.column: all 30 scans that are used have the progression 7, so there is "
        "nothing to learn; choose another target, or add people"
    )
    varied = [
        replace(scan, columns={"progression": str(at)}) for at, scan in enumerate(found.scans)
    ]
    check_plan(merged(config, change), replace(found, scans=varied))
    one_site = [
        replace(scan, columns={"progression": "7" if scan.site != "s0" else str(at)})
        for at, scan in enumerate(found.scans)
    ]
    said = refusal(config, merged(SITES, change), replace(found, scans=one_site))
    assert said == (
        "dataset.split.scheme: leave-site-out, but without s0 everybody has the progression 7, so "
        "there is nothing to learn"
    )


def test_a_site_without_which_everybody_has_one_age_is_refused(config):
    found = cohort(60, sites=2)
    one_age = [replace(s, age=30.0) if s.site == "s1" else s for s in found.scans]
    assert "without s0 everybody has the age 30" in refusal(config, SITES, Cohort(one_age))


@pytest.mark.parametrize("key", ["sub-07", "07", 7, "7"])
def test_an_id_to_leave_out_is_found_as_people_write_it(config, key):
    found = cohort(20)
    check_plan(merged(config, {"training": {"batch_size": 4}}), found)
    few = {"training": {"batch_size": 16}, "dataset": {"leave_out": {key: "moved"}}}
    assert "no more than 15 scans" in refusal(config, few, found)


def test_a_mistyped_id_to_leave_out_is_refused_with_the_nearest(config):
    change = {"dataset": {"leave_out": {"sub-071": "moved"}}}
    said = refusal(config, change, cohort(60))
    assert said.startswith("dataset.leave_out: nobody in the cohort phantom has the id 'sub-071'")
    assert "did you mean sub-0" in said


def test_a_number_that_two_people_have_is_asked_about(config):
    found = Cohort([*cohort(60).scans, Scan("sub-007", 40.0)])
    change = {"dataset": {"leave_out": {"0007": "moved"}}}
    assert "0007 may be sub-007 or sub-07; write which" in refusal(config, change, found)


def test_whom_the_table_cannot_use_may_be_left_out_as_well(config):
    found = cohort(60)
    found.excluded.append(Exclusion("sub-99_ses-a", "table", "age is missing"))
    check_plan(merged(config, {"dataset": {"leave_out": {"sub-99": "withdrew"}}}), found)


def test_one_person_under_two_names_may_have_one_reason_only(config):
    same = {"dataset": {"leave_out": {"sub-07": "moved", "7": "moved"}}}
    check_plan(merged(config, same), cohort(60))
    change = {"dataset": {"leave_out": {"sub-07": "moved", "7": "withdrew"}}}
    assert refusal(config, change, cohort(60)) == (
        "dataset.leave_out: sub-07 and 7 are one person, sub-07, with different reasons; keep one"
    )


def test_a_pretrainings_own_list_is_checked_like_any_other(config):
    change = {"experiment": "demo-pretraining", "dataset": {"leave_out": {"sub-071": "moved"}}}
    said = refusal(config, change, cohort(60))
    assert said.startswith("dataset.leave_out: nobody in the cohort phantom has the id")


def test_whose_id_differs_by_zeros_alone_is_left_out_of_pretraining_and_named(config):
    assert left_out_otherwise(config, cohort(60)) == []
    others = {f"sub-{n}": leave_out.of_both("maps") for n in range(50)}
    change = {"experiment": "demo-pretraining", "dataset": {"leave_out": others}}
    said = refusal(config, change, cohort(60))
    assert said.startswith("training.batch_size: 16, but no more than 8 scans")
    (line,) = left_out_otherwise(merged(config, change), cohort(60))
    assert "left out of the pre-training: sub-0 is sub-00, sub-1 is sub-01" in line
    assert line.endswith("and 5 more")


def test_a_pretraining_leaves_out_others_and_says_whose_keys_are_meant(config):
    others = {"dataset": {"leave_out": {"sub-other": "also in the cohort maps"}}}
    change = merged({"experiment": "demo-pretraining"}, others)
    check_plan(merged(config, change), cohort(60))
    said = refusal(config, change, cohort(10))
    assert said.startswith("training.batch_size: 16, but no more than 8 scans")


def draws(count: int):
    """Random cohorts and settings, among them many that cannot work."""
    chance = np.random.default_rng(0)
    for _ in range(count):
        people, visits = int(chance.integers(2, 30)), int(chance.integers(1, 3))
        scans = [
            Scan(f"sub-{n:02d}", float(chance.integers(30, 40)), f"v{v}", site=f"s{n % 4}")
            for n in range(people)
            for v in range(int(chance.integers(1, visits + 1)))
        ]
        yield (
            Cohort(scans),
            {
                "scheme": str(chance.choice(["holdout", "kfold", "leave-site-out"])),
                "test_fraction": float(chance.choice([0.5, 0.3, 0.2, 0.1])),
                "folds": int(chance.integers(2, 12)),
                "stratify_by_age": bool(chance.random() < 0.3),
            },
            {
                "batch_size": int(chance.integers(4, 20)),
                "early_stop": {"on": "inner", "fraction": 0.2} if chance.random() < 0.4 else None,
            },
        )


def works(scans: list[Scan], split: dict, training: dict) -> bool:
    """Whether the steps themselves would go through with these settings, for some seed."""
    visits = [Visit(s.scan_id, s.participant_id, s.site, s.age, {}) for s in scans]
    dataset = roles({**split, "seed": 0, "new_split_per_seed": True})
    for seed in range(5):
        try:
            for parts in make_folds(visits, dataset, seed):
                train = [each for each in visits if parts.roles[each.scan_id] == "train"]
                out: set[str] = set()
                if stop := training["early_stop"]:
                    chance = np.random.default_rng(seed)
                    out = hold_out(
                        [s.participant_id for s in train], stop["fraction"], chance, "key"
                    )
                own = [each for each in train if each.participant_id not in out]
                if len(own) < training["batch_size"] or len({s.target for s in train}) < 2:
                    raise SettingsError("too few")
        except SettingsError:
            continue
        return True
    return False


def test_nothing_that_works_is_refused_and_with_one_scan_each_nothing_else_passes(config):
    refused = passed = 0
    for found, split, training in draws(400):
        change = {"dataset": {"split": split}, "training": training}
        try:
            check_plan(merged(config, change), found)
        except ContrageError as error:
            assert not works(found.scans, split, training), (str(error), split, training)
            refused += 1
        else:
            passed += 1
            each = len({s.participant_id for s in found.scans}) == len(found.scans)
            assert works(found.scans, split, training) or not each, (split, training)
    assert refused > 50 and passed > 50
