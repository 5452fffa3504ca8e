"""Who is learned from, chosen by, reported, or only predicted; and what cannot be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from dataset_steps import roles as dataset
from hypothesis import given
from hypothesis import strategies as st

from contrage.dataset import roles
from contrage.dataset.parts import make_folds
from contrage.dataset.roles import Visit
from contrage.errors import LeakageError, SettingsError

HC = {"diagnosis": ["HC"]}


def people(count: int, diagnosis: str = "HC", site: str = "A", first: int = 0) -> list[Visit]:
    """Two scans of everyone."""
    return [
        Visit(
            f"sub-{n:03d}_ses-{scan}",
            f"sub-{n:03d}",
            site,
            20.0 + (n * 7) % 60 + scan,
            {"diagnosis": diagnosis, "split": "train", "site": site},
        )
        for n in range(first, first + count)
        for scan in (1, 2)
    ]


def parted(value: str, visits: list[Visit]) -> list[Visit]:
    return [replace(each, columns={**each.columns, "split": value}) for each in visits]


def given_split(**more) -> dict:
    values = {"train": "train", "v": "val", "t": "test", "x": "external", "p": "predict"}
    return {"scheme": "given", "roles": {**values, "gone": "none"}, **more}


@pytest.fixture
def cast() -> list[Visit]:
    """Ten people of each role."""
    return [
        *people(10),
        *parted("v", people(10, first=10)),
        *parted("t", people(10, first=20)),
        *parted("x", people(10, site="B", first=30)),
        *parted("p", people(10, "AD", site="A", first=40)),
        *parted("gone", people(2, first=50)),
    ]


def test_a_given_split_is_followed(cast):
    (parts,) = make_folds(cast, dataset(given_split()), 0)
    assert parts.name == "given"
    for role, first in (("train", 0), ("val", 10), ("test", 20), ("external", 30), ("predict", 40)):
        assert parts.scans(role) == [e.scan_id for e in cast[2 * first : 2 * first + 20]]
    assert len(parts.scans("none")) == 4


def test_a_value_without_a_role_is_refused_with_the_scans(cast):
    told = r"dataset\.split\.roles: no role for 'maybe' of column split \(sub-020_ses-1, sub-020"
    with pytest.raises(SettingsError, match=told):
        make_folds([*cast[:40], *parted("maybe", cast[40:])], dataset(given_split()), 0)


def test_a_missing_value_needs_a_role_of_its_own(cast):
    unknown = [replace(e, columns={**e.columns, "split": None}) for e in cast[-4:]]
    with pytest.raises(SettingsError, match=r"dataset\.split\.roles: no role for 'n/a'"):
        make_folds([*cast[:-4], *unknown], dataset(given_split()), 0)
    with_na = given_split()
    with_na["roles"] = {**with_na["roles"], "n/a": "none"}
    (parts,) = make_folds([*cast[:-4], *unknown], dataset(with_na), 0)
    assert parts.scans("none") == [e.scan_id for e in unknown]


def test_a_given_split_without_roles_is_refused_with_the_values(cast):
    told = r"dataset\.split\.roles: scheme given needs a role .* has gone \(4\), p \(20\), t \(20"
    with pytest.raises(SettingsError, match=told):
        make_folds(cast, dataset({"scheme": "given"}), 0)


@pytest.mark.parametrize(("role", "kept"), [("train", "t"), ("test", "train")])
def test_a_given_split_with_nobody_to_learn_from_or_to_report_is_refused(cast, role, kept):
    some = [each for each in cast if each.columns["split"] == kept]
    with pytest.raises(SettingsError, match=rf"dataset\.split\.roles: no scan has the role {role}"):
        make_folds(some, dataset(given_split()), 0)


def test_a_person_in_two_roles_is_leakage(cast):
    cast[21] = parted("t", [cast[21]])[0]
    with pytest.raises(LeakageError, match=r"dataset\.split\.column: split: sub-010 in val and in"):
        make_folds(cast, dataset(given_split()), 0)


def test_a_scan_without_a_part_is_no_second_role(cast):
    cast[1] = parted("gone", [cast[1]])[0]
    (parts,) = make_folds(cast, dataset(given_split()), 0)
    assert parts.roles["sub-000_ses-1"] == "train" and parts.roles["sub-000_ses-2"] == "none"


def test_external_people_of_sites_that_are_learned_from_are_refused_unless_allowed(cast):
    shared = [replace(each, site="A") for each in cast]
    told = r"dataset\.split\.allow_shared_sites: people of role external .* as well \(A\)"
    with pytest.raises(SettingsError, match=told):
        make_folds(shared, dataset(given_split()), 0)
    (parts,) = make_folds(shared, dataset(given_split(allow_shared_sites=True)), 0)
    assert len(parts.scans("external")) == 20


@pytest.mark.parametrize(("value", "role"), [("train", "train"), ("x", "external")])
def test_external_people_ask_for_the_sites_of_those_who_are_learned_from_and_theirs(
    cast, value, role
):
    nowhere = [replace(e, site=None) if e.columns["split"] == value else e for e in cast]
    told = rf"dataset\.split\.allow_shared_sites: the site of people of role {role} is not told"
    with pytest.raises(SettingsError, match=told):
        make_folds(nowhere, dataset(given_split()), 0)
    (parts,) = make_folds(nowhere, dataset(given_split(allow_shared_sites=True)), 0)
    assert len(parts.scans("external")) == 20


def test_without_external_people_nobody_needs_a_site(cast):
    nowhere = [replace(e, site=None) for e in cast if e.columns["split"] != "x"]
    (parts,) = make_folds(nowhere, dataset(given_split()), 0)
    assert len(parts.scans("train")) == 20


def test_a_person_in_two_roles_is_leakage_although_nobody_learns_from_one_of_the_scans(cast):
    cast[1] = replace(cast[1], columns={**cast[1].columns, "diagnosis": "AD", "split": "t"})
    with pytest.raises(LeakageError, match=r"split: sub-000 in training and in test"):
        make_folds(cast, dataset(given_split(), learn_from=HC), 0)


def test_a_column_that_every_scan_has_is_not_asked_of_the_tables():
    asked = dataset(learn_from={"age": [30], "sex": ["F"], "diagnosis": ["HC"]})
    assert roles.columns(asked) == {"diagnosis": "dataset.learn_from"}


def test_in_a_given_split_whoever_does_not_match_is_predicted_alone(cast):
    patients = [
        replace(e, columns={**e.columns, "diagnosis": "AD"}) for e in cast[:6] + cast[40:44]
    ]
    mixed = [*patients[:6], *cast[6:40], *patients[6:], *cast[44:]]
    (parts,) = make_folds(mixed, dataset(given_split(), learn_from=HC), 0)
    assert {parts.roles[each.scan_id] for each in patients} == {"predict"}
    assert len(parts.scans("train")) == 14 and len(parts.scans("test")) == 16


@given(
    healthy=st.integers(20, 40),
    patients=st.integers(1, 15),
    scheme=st.sampled_from(["holdout", "kfold", "leave-site-out"]),
    stratify=st.booleans(),
    seed=st.integers(0, 3),
)
def test_deleting_all_others_changes_nothing_for_those_who_are_learned_from(
    healthy, patients, scheme, stratify, seed
):
    own = [replace(e, site=f"s{int(e.participant_id[4:]) % 3}") for e in people(healthy)]
    others = [replace(e, site=f"s{n % 4}") for n, e in enumerate(people(patients, "AD", first=500))]
    drawn = {"stratify_by_age": stratify, "new_split_per_seed": True}
    chosen = dataset({"scheme": scheme, **drawn}, learn_from=HC)
    both = sorted([*own, *others], key=lambda each: each.target)
    alone = [each for each in both if each.columns["diagnosis"] == "HC"]
    found, without = make_folds(both, chosen, seed), make_folds(alone, chosen, seed)
    for parts, expected in zip(found, without, strict=True):
        assert parts.scans("train") == expected.scans("train")
        assert parts.scans("test") == expected.scans("test")
    times = Counter(scan for parts in found for scan in parts.scans("predict"))
    assert times == Counter(each.scan_id for each in others)


def test_another_patient_moves_nobody():
    chosen = dataset({"scheme": "kfold"}, learn_from=HC)
    some, more = people(8, "AD", first=500), people(9, "AD", first=500)
    few, many = (make_folds([*people(20), *each], chosen, 0) for each in (some, more))
    for parts, others in zip(few, many, strict=True):
        assert set(parts.scans("predict")) <= set(others.scans("predict"))


def test_both_scans_of_a_patient_are_predicted_by_one_model():
    chosen = dataset({"scheme": "kfold"}, learn_from=HC)
    for parts in make_folds([*people(20), *people(9, "AD", first=500)], chosen, 0):
        assert all(n == 2 for n in Counter(s[:7] for s in parts.scans("predict")).values())


def test_a_patient_is_predicted_by_the_model_that_has_not_seen_the_site():
    own = [replace(e, site=f"s{int(e.participant_id[4:]) % 3}") for e in people(30)]
    patients = [replace(e, site="s1") for e in people(5, "AD", first=500)]
    chosen = dataset({"scheme": "leave-site-out"}, learn_from=HC)
    made = make_folds([*own, *patients], chosen, 0)
    assert [(p.name, len(p.scans("predict"))) for p in made] == [("s0", 0), ("s1", 10), ("s2", 0)]


def test_a_person_with_scans_of_both_kinds_is_predicted_with_all_of_them():
    later = people(20)
    later[5] = replace(later[5], columns={"diagnosis": "MCI"})
    (parts,) = make_folds(later, dataset(learn_from={"diagnosis": ["HC"]}), 0)
    assert parts.scans("predict") == ["sub-002_ses-1", "sub-002_ses-2"]


def test_stratification_is_within_those_who_are_learned_from():
    own = people(50)
    old = [replace(each, target=each.target + 200) for each in people(30, "AD", first=500)]
    chosen = dataset({"scheme": "kfold", "stratify_by_age": True}, learn_from=HC)
    order = sorted({each.participant_id: each.target for each in own}.items(), key=lambda i: i[1])
    group = {person: rank * 5 // 50 for rank, (person, _) in enumerate(order)}
    for parts in make_folds([*old, *own], chosen, 0):
        tested = {scan[:7] for scan in parts.scans("test")}
        assert sorted(group[person] for person in tested) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_learn_from_a_value_that_nobody_has_is_refused_with_those_that_there_are():
    told = r"dataset\.learn_from\.diagnosis: no scan has 'CN'; there are AD, HC"
    with pytest.raises(SettingsError, match=told):
        make_folds(
            [*people(9), *people(9, "AD", first=9)], dataset(learn_from={"diagnosis": ["CN"]}), 0
        )


def test_learn_from_that_nobody_matches_with_all_scans_is_refused():
    visits = people(3)
    visits[1::2] = [replace(e, columns={"diagnosis": "AD"}) for e in visits[1::2]]
    with pytest.raises(SettingsError, match=r"dataset\.learn_from: nobody matches it with all"):
        make_folds(visits, dataset(learn_from=HC), 0)


def test_learn_from_that_leaves_fewer_scans_than_a_batch_is_refused():
    told = r"dataset\.learn_from: diagnosis: HC leaves 15 scans .*training\.batch_size: 16"
    with pytest.raises(SettingsError, match=told):
        roles.check_learners(15, HC, 16)
    roles.check_learners(16, HC, 16)
    roles.check_learners(15, {}, 16)


def test_numbers_of_a_configuration_match_cells_of_a_table():
    visits = [replace(e, columns={"group": str(n % 2)}) for n, e in enumerate(people(1)[:1] * 2)]
    assert roles.learners([visits[1]], {"group": [1]}) == {"sub-000"}
    assert roles.learners([visits[1]], {"group": [1.0]}) == {"sub-000"}


def test_missing_targets_are_learned_from_by_nobody_and_tested_on_all_the_same():
    visits = people(40)
    chosen = dataset({"scheme": "kfold"}, missing_targets=[[30, 35], [50, 51.5]])
    target = {each.scan_id: each.target for each in visits}
    plain = make_folds(visits, dataset({"scheme": "kfold"}), 0)
    for parts, before in zip(make_folds(visits, chosen, 0), plain, strict=True):
        gone = {scan for scan in before.scans("train") if 30 <= target[scan] < 35}
        gone |= {scan for scan in before.scans("train") if 50 <= target[scan] < 51.5}
        assert gone and set(parts.scans("none")) == gone
        assert parts.scans("train") == [s for s in before.scans("train") if s not in gone]
        assert parts.scans("test") == before.scans("test")


def test_an_interval_is_half_open():
    assert not roles.outside(45, [[45, 50]]) and roles.outside(50, [[45, 50]])


def test_missing_targets_that_empty_the_training_part_are_refused():
    with pytest.raises(SettingsError, match=r"dataset\.missing_targets: all 64 training scans"):
        make_folds(people(40), dataset(missing_targets=[[0, 200]]), 0)


@given(
    count=st.integers(10, 40),
    fractions=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
    stratify=st.sampled_from([None, "site"]),
    seed=st.integers(0, 5),
)
def test_a_smaller_subset_is_within_a_larger_one_and_tests_stay(count, fractions, stratify, seed):
    visits = [*people(count), *people(5, site="B", first=300)]
    small, large = sorted(fractions)
    kept = {"stratify": stratify}
    found = [
        make_folds(visits, dataset({"scheme": "kfold"}, subset={"fraction": f, **kept}), seed)
        for f in (small, large, 1)
    ]
    for of_small, of_large, whole in zip(*found, strict=True):
        assert set(of_small.scans("train")) <= set(of_large.scans("train"))
        assert set(of_large.scans("train")) <= set(whole.scans("train"))
        assert of_small.scans("test") == whole.scans("test")


def test_of_each_stratum_the_fraction_is_kept_rounded_up():
    visits = [*people(13), *people(6, site="B", first=300), *parted("t", people(3, first=400))]
    chosen = dataset(given_split(), subset={"fraction": 0.25, "stratify": "site"})
    (parts,) = make_folds(visits, chosen, 0)
    kept = Counter("B" if scan[4] == "3" else "A" for scan in parts.scans("train"))
    assert kept == {"A": 2 * 4, "B": 2 * 2}
    assert roles.at_most(30, 0.1) == 3 and roles.at_most(31, 0.1) == 4


def test_another_seed_keeps_others():
    kept = [
        make_folds(people(40), dataset(subset={"fraction": 0.5, "seed": seed}), 0)[0].scans("train")
        for seed in (0, 0, 1)
    ]
    assert kept[0] == kept[1] != kept[2]
