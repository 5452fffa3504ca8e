"""People named by `dataset.external`: never learned from, predicted by the model of every fold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dataset_steps import roles as dataset
from dataset_steps import split_step
from hypothesis import given
from hypothesis import strategies as st

from contrage.dataset import roles
from contrage.dataset.parts import make_folds
from contrage.dataset.roles import Visit
from contrage.errors import SettingsError
from contrage.settings.build import as_plain

FAR = {"cohort": ["far"]}
SCHEMES = ["holdout", "kfold", "leave-site-out"]
GIVEN = {"scheme": "given", "roles": {"a": "train", "b": "test"}}


def people(count: int, cohort: str, group: str = "HC", first: int = 0) -> list[Visit]:
    """Two scans of everyone, at three sites of the cohort."""
    return [
        Visit(
            f"sub-{n:03d}_ses-{scan}",
            f"sub-{n:03d}",
            f"{cohort}-{n % 3}",
            20.0 + (n * 7) % 60 + scan,
            {"cohort": cohort, "group": group, "split": "ab"[n % 2]},
        )
        for n in range(first, first + count)
        for scan in (1, 2)
    ]


NEAR, AWAY = people(20, "near"), people(6, "far", first=100)
SICK = people(4, "far", "AD", first=200)


@pytest.mark.parametrize("split", [*({"scheme": name} for name in SCHEMES), GIVEN])
def test_they_are_external_in_every_fold_of_every_scheme(split):
    made = make_folds([*NEAR, *AWAY], dataset(split, external=FAR), 0)
    alone = make_folds(NEAR, dataset(split), 0)
    assert len(made) == len(alone) == {"holdout": 1, "given": 1, "kfold": 5}.get(split["scheme"], 3)
    for parts, expected in zip(made, alone, strict=True):
        assert parts.scans("external") == [each.scan_id for each in AWAY]
        own = {scan: role for scan, role in parts.roles.items() if role != "external"}
        assert own == dict(expected.roles) and parts.name == expected.name


@given(
    away=st.integers(1, 12),
    scheme=st.sampled_from(SCHEMES),
    stratify=st.booleans(),
    seed=st.integers(0, 3),
    order=st.randoms(use_true_random=False),
)
def test_neither_their_number_nor_their_sites_change_who_is_learned_from(
    away, scheme, stratify, seed, order
):
    sites = ["far-7", "far-8", "far-9"]
    others = [replace(e, site=order.choice(sites)) for e in people(away, "far", first=100)]
    both = [*NEAR, *others]
    order.shuffle(both)
    drawn = {"scheme": scheme, "stratify_by_age": stratify, "new_split_per_seed": True}
    made = make_folds(both, dataset(drawn, external=FAR), seed)
    alone = make_folds([e for e in both if e in NEAR], dataset(drawn), seed)
    for parts, expected in zip(made, alone, strict=True):
        for role in ("train", "test"):
            assert parts.scans(role) == expected.scans(role)


def test_the_column_of_a_given_split_says_nothing_of_them():
    unknown = [replace(e, columns={**e.columns, "split": None}) for e in AWAY]
    (parts,) = make_folds([*NEAR, *unknown], dataset(GIVEN, external=FAR), 0)
    assert len(parts.scans("external")) == 12


def test_who_matches_with_some_scans_is_not_external():
    mixed = replace(AWAY[0], columns={**AWAY[0].columns, "cohort": "near"}, site="near-0")
    visits = [*NEAR, mixed, replace(AWAY[1], site="near-1"), *AWAY[2:]]
    for parts in make_folds(visits, dataset({"scheme": "kfold"}, external=FAR), 0):
        assert len(parts.scans("external")) == 10
        assert {parts.roles[AWAY[0].scan_id], parts.roles[AWAY[1].scan_id]} <= {"train", "test"}


def test_who_does_not_match_learn_from_is_predicted_once_wherever_from():
    asked = dataset({"scheme": "kfold"}, external=FAR, learn_from={"group": ["HC"]})
    made = make_folds([*NEAR, *AWAY, *SICK], asked, 0)
    predicted = [scan for parts in made for scan in parts.scans("predict")]
    assert sorted(predicted) == [each.scan_id for each in SICK]
    assert all(len(parts.scans("external")) == 12 for parts in made)


@pytest.mark.parametrize(
    ("visits", "changes", "told"),
    [
        ([*NEAR, *AWAY], {"external": {"cohort": ["far", "elsewhere"]}},
         r"^dataset\.external\.cohort: no scan has 'elsewhere'; there are far, near"),
        ([*NEAR, *AWAY], {"external": {"cohort": ["far"], "group": ["HC"], "split": ["a"]},
                          "learn_from": {"cohort": ["near"]}},
         r"^dataset\.external: none of the 3 people who match it .* match dataset\.learn_from"),
        ([*NEAR, *AWAY], {"external": {"group": ["HC"]}}, r"^dataset\.external: everybody matches"),
        ([*NEAR, *SICK], {"external": {"cohort": ["far"], "group": ["HC"]}},
         r"^dataset\.external: nobody matches it with all scans \(cohort: far, group: HC\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_key(visits, changes, told):
    with pytest.raises(SettingsError, match=told):
        make_folds(visits, dataset({"scheme": "kfold"}, **changes), 0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sites_that_are_learned_from_are_refused_unless_asked_for(scheme):
    shared = [*NEAR, *(replace(each, site="near-1") for each in AWAY)]
    told = r"^dataset\.split\.allow_shared_sites: people of role external .* as well \(near-1\)"
    with pytest.raises(SettingsError, match=told):
        make_folds(shared, dataset({"scheme": scheme}, external=FAR), 0)
    asked = dataset({"scheme": scheme, "allow_shared_sites": True}, external=FAR)
    assert all(len(parts.scans("external")) == 12 for parts in make_folds(shared, asked, 0))


def test_a_site_that_is_not_told_is_refused_unless_asked_for():
    nowhere = [*NEAR, *(replace(each, site=None) for each in AWAY)]
    told = r"^dataset\.split\.allow_shared_sites: the site of people of role external is not told"
    with pytest.raises(SettingsError, match=told):
        make_folds(nowhere, dataset({"scheme": "kfold"}, external=FAR), 0)


def test_their_column_is_carried_and_named_with_its_key():
    assert roles.columns(dataset(external={"cohort": ["far"], "site": ["A"]})) == {
        "cohort": "dataset.external"
    }
    with pytest.raises(SettingsError, match=r"no column 'cohort', which dataset\.external names"):
        roles.visit({"scan_id": "a", "participant_id": "a"}, dataset(external=FAR), 30.0)


def test_a_split_without_them_is_asked_for_as_before():
    assert "external" not in as_plain(split_step())
    assert as_plain(split_step(external=FAR))["external"] == {"cohort": ["far"]}
