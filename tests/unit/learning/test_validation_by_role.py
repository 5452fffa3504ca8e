"""An early stop judged by people of role val, and people whom no training knows."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning.train import train
from contrage.tables import read_tsv

STOP = {"on": "val", "fraction": 0.25, "patience": None, "every": 1}


def cast(cohort, **roles: list[int]) -> None:
    """Give scans that were tested on other roles."""
    file = cohort.folder / "split.json"
    (fold,) = json.loads(file.read_text())["folds"]
    others = {place for places in roles.values() for place in places}
    fold["test"] = [f"sub-{i:02d}" for i in cohort.test if i not in others]
    for role, places in roles.items():
        fold[role] = [f"sub-{i:02d}" for i in places]
    file.write_text(json.dumps({"folds": [fold]}))


@pytest.fixture
def by_val(settings):
    settings["training"] |= {"epochs": 6, "learning_rate": 0.02, "early_stop": STOP}
    settings["probe"] = {"alphas": [0.01, 1.0, 100.0]}
    return settings


def run(cohort, settings) -> tuple[dict, list[float]]:
    train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    curve = read_tsv(cohort.outputs("run")["curve"])
    saved = torch.load(cohort.outputs("run")["model"], weights_only=True)
    return saved, curve["validation_mae"].tolist() if "validation_mae" in curve else []


def test_people_of_role_val_choose_the_epoch_and_all_training_scans_are_learned_from(
    make_cohort, by_val
):
    cohort, plain = make_cohort("one"), make_cohort("other")
    cast(cohort, val=cohort.test[:3])
    saved, errors = run(cohort, by_val)
    assert len(errors) == 6, "without patience all epochs are trained"
    assert saved["epoch"] == int(np.argmin(errors)) + 1
    by_val["training"] |= {"early_stop": None, "epochs": saved["epoch"]}
    alone, none = run(plain, by_val)
    assert none == []
    for part in ("encoder", "head"):
        for name, value in saved[part].items():
            assert torch.equal(value, alone[part][name]), name


def test_whom_they_are_decides_when_to_stop_but_nobody_elses_targets(make_cohort, by_val):
    cohorts = [make_cohort(name) for name in ("honest", "of-val", "of-others")]
    honest, of_val, of_others = cohorts
    val, others = honest.test[:3], honest.test[3:]
    of_val.ages[val] += 15
    of_others.ages[others] += 15
    of_others.images[others] *= 2
    errors = []
    for cohort in cohorts:
        cohort.write()
        cast(cohort, val=val, external=others[:1], predict=others[1:2])
        errors.append(run(cohort, by_val)[1])
    assert errors[0] == errors[2] != errors[1]
    files = [cohort.outputs("run")["model"].read_bytes() for cohort in (honest, of_others)]
    assert files[0] == files[1]


def test_external_people_and_those_who_are_predicted_alone_change_no_bit_of_a_training(
    make_cohort, settings
):
    one, other = make_cohort("one"), make_cohort("other")
    cast(one, external=one.test[:2], predict=one.test[2:4])
    cast(other, external=other.test[2:4], predict=other.test[:1])
    for cohort in (one, other):
        train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    assert one.outputs("run")["model"].read_bytes() == other.outputs("run")["model"].read_bytes()


def test_a_fold_without_people_of_role_val_is_refused(cohort, by_val):
    told = r"training\.early_stop\.on: val, but nobody in fold 0 of .*split\.json has that role"
    with pytest.raises(SettingsError, match=told):
        train(asked(by_val), **cohort.inputs, **cohort.outputs("run"))
