"""A file in the folder of schemes is a scheme, and does what every scheme must."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from dataset_steps import roles
from parts import DATASET, SPLIT
from targets import AGE

from contrage.dataset import schemes
from contrage.dataset.parts import make_folds
from contrage.dataset.roles import ROLES, Visit
from contrage.dataset.shares import Training
from contrage.errors import SettingsError
from contrage.settings.blocks.roles import RolesSettings
from contrage.settings.blocks.split import SplitSettings

PARTS = ["train", "train", "train", "test", "external"]
GIVEN = {"roles": {"train": "train", "test": "test", "external": "external"}}


def visits(people: int = 40, scans: int = 2) -> list[Visit]:
    return [
        Visit(
            f"sub-{n:02d}_ses-{scan}",
            f"sub-{n:02d}",
            f"site{n % 5}",
            20.0 + n,
            {"split": PARTS[n % 5]},
        )
        for n in range(people)
        for scan in range(scans)
    ]


def settings(scheme: str) -> SplitSettings:
    return dataset(scheme).split


def test_the_names_of_the_schema_are_the_files_of_the_folder():
    assert schemes.available() == sorted(DATASET["split"]["properties"]["scheme"]["enum"])


def test_the_roles_of_the_schema_are_those_that_there_are():
    enum = DATASET["split"]["properties"]["roles"]["additionalProperties"]["enum"]
    assert tuple(enum) == ROLES


def test_an_unknown_scheme_is_named_with_those_that_there_are():
    with pytest.raises(
        SettingsError, match=r"dataset\.split\.scheme: there is no scheme 'hold-out"
    ):
        schemes.load("hold-out")


@pytest.mark.parametrize("scheme", schemes.available())
def test_every_scheme_gives_every_scan_one_part_of_each_fold(scheme):
    everyone, module = visits(), schemes.load(scheme)
    made = module.folds(everyone, settings(scheme), 0)
    assert len(made) == module.count(iter(everyone), settings(scheme))
    for parts in made:
        assert list(parts.roles) == [each.scan_id for each in everyone]
        assert {"train", "test"} <= set(parts.roles.values()) <= set(ROLES)


@pytest.mark.parametrize("scheme", schemes.available())
def test_every_scheme_knows_beforehand_what_it_can_learn_from(scheme):
    everyone, module = visits(), schemes.load(scheme)
    sizes = [len(p.scans("train")) for p in make_folds(everyone, dataset(scheme), 0)]
    part = module.at_best(everyone, settings(scheme), AGE)
    assert isinstance(part, Training)
    assert part.scans >= min(sizes)
    assert module.most(everyone, settings(scheme), 0.0) >= max(sizes)
    assert module.most(everyone, settings(scheme), 0.5) < module.most(
        everyone, settings(scheme), 0.0
    )


def dataset(scheme: str) -> RolesSettings:
    return roles({"scheme": scheme, **(GIVEN if scheme == "given" else {})})


@pytest.mark.parametrize("scheme", schemes.available())
def test_every_scheme_places_others_in_a_fold_that_there_is(scheme):
    everyone, module = visits(), schemes.load(scheme)
    made = module.folds(everyone, settings(scheme), 0)
    others = [
        Visit(f"sub-p{n}", f"sub-p{n}", f"site{n}", 60.0, {"split": "test"}) for n in range(9)
    ]
    placed = module.place(others, made, settings(scheme), 0)
    assert set(placed) == {each.scan_id for each in others}
    assert set(placed.values()) <= set(range(len(made)))


@pytest.mark.parametrize("scheme", schemes.available())
def test_whether_a_seed_decides_is_said(scheme):
    module = schemes.load(scheme)
    new = replace(settings(scheme), new_split_per_seed=True)
    found = [[p.roles for p in module.folds(visits(), new, seed)] for seed in (0, 1)]
    assert (found[0] != found[1]) == module.DRAWN
    assert set(module.IGNORES) <= set(SPLIT)
    assert {key: SPLIT[key] for key in module.IGNORES} == module.IGNORES


def test_a_plan_reads_the_schemes_without_pandas_and_scikit_learn():
    code = (
        "import sys; from contrage.dataset import parts, schemes; "
        "[schemes.load(name) for name in schemes.available()]; "
        "assert not {'pandas', 'sklearn', 'numpy'} & set(sys.modules), set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
