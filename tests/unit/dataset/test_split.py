"""A split goes by participant, whatever its scheme."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from forms import VOLUME
from hypothesis import given
from hypothesis import strategies as st
from parts import ALL
from sklearn.model_selection import KFold
from targets import LEARNED

from contrage.dataset.parts import make_folds
from contrage.dataset.roles import Visit, check_leakage
from contrage.dataset.split import split
from contrage.errors import LeakageError, SettingsError
from contrage.files import read_json
from contrage.tables import write_tsv

DEFAULT = {
    "scheme": "holdout",
    "test_fraction": 0.2,
    "folds": 5,
    "seed": 42,
    "new_split_per_seed": False,
    "stratify_by_age": False,
}


def folds_of(table, settings, seed):
    """Return training and test part of each fold."""
    visits = [
        Visit(row["scan_id"], row["participant_id"], row["site"], row["age"], {})
        for row in table.to_dict("records")
    ]
    made = make_folds(visits, {**ALL, "split": settings}, seed)
    return [
        tuple(table[table["scan_id"].isin(parts.scans(role))] for role in ("train", "test"))
        for parts in made
    ]


def cohort(people: int, sessions: int = 1, sites: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(people)
    rows = [
        {
            "scan_id": f"sub-{person:03d}_ses-{session}",
            "participant_id": f"sub-{person:03d}",
            "age": float(rng.uniform(18, 90)),
            "site": f"site{person % sites}",
            "row": person * sessions + session,
        }
        for person in range(people)
        for session in range(sessions)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


@given(
    people=st.integers(25, 60),
    sessions=st.integers(1, 3),
    scheme=st.sampled_from(["holdout", "kfold", "leave-site-out"]),
    stratify=st.booleans(),
    seed=st.integers(0, 3),
)
def test_no_participant_is_on_both_sides(people, sessions, scheme, stratify, seed):
    table = cohort(people, sessions)
    settings = {**DEFAULT, "scheme": scheme, "stratify_by_age": stratify}
    tested = []
    for train, test in folds_of(table, settings, seed):
        assert not set(train["participant_id"]) & set(test["participant_id"])
        assert sorted([*train["scan_id"], *test["scan_id"]]) == sorted(table["scan_id"])
        tested += test["scan_id"].tolist()
    if scheme != "holdout":
        assert sorted(tested) == sorted(table["scan_id"])


def test_the_holdout_is_the_authors_first_of_five_shuffled_folds():
    table = cohort(50)
    (_, test), *_ = folds_of(table, DEFAULT, seed=3)
    names = sorted(table["participant_id"])
    _, expected = next(KFold(5, shuffle=True, random_state=42).split(names))
    assert set(test["participant_id"]) == {names[index] for index in expected}


def test_all_seeds_share_one_split_unless_asked_otherwise():
    table = cohort(50)
    one = [folds_of(table, DEFAULT, seed)[0][1]["scan_id"].tolist() for seed in (0, 1)]
    assert one[0] == one[1]
    settings = {**DEFAULT, "new_split_per_seed": True}
    new = [folds_of(table, settings, seed)[0][1]["scan_id"].tolist() for seed in (0, 1)]
    assert new[0] != new[1]


def test_stratified_folds_have_equal_shares_of_each_age_group():
    table = cohort(50)
    settings = {**DEFAULT, "scheme": "kfold", "stratify_by_age": True}
    groups = pd.qcut(table.set_index("participant_id")["age"], 5, labels=False)
    for _, test in folds_of(table, settings, 0):
        assert sorted(groups[test["participant_id"]]) == sorted(list(range(5)) * 2)


def test_leave_site_out_tests_one_site_at_a_time():
    for train, test in folds_of(cohort(20), {**DEFAULT, "scheme": "leave-site-out"}, 0):
        assert test["site"].nunique() == 1
        assert test["site"].iloc[0] not in set(train["site"])


def test_leave_site_out_needs_every_site():
    table = cohort(20)
    table.loc[table.index[3], "site"] = None
    with pytest.raises(SettingsError, match="has no site"):
        folds_of(table, {**DEFAULT, "scheme": "leave-site-out"}, 0)


def test_a_participant_at_two_sites_is_leakage():
    table = cohort(20, sessions=2)
    table.loc[table.index[0], "site"] = "elsewhere"
    with pytest.raises(LeakageError, match="several sites"):
        folds_of(table, {**DEFAULT, "scheme": "leave-site-out"}, 0)


def test_leakage_names_the_participant():
    with pytest.raises(LeakageError, match="sub-2 in training and in test"):
        check_leakage({"train": ["sub-1", "sub-2"], "test": ["sub-2", "sub-3"]})


def run(tmp_path, images, **settings):
    table = cohort(len(images))
    write_tsv(tmp_path / "scans.tsv", table)
    np.save(tmp_path / "array.npy", images)
    split(
        {
            "split": DEFAULT,
            **ALL,
            "target": LEARNED,
            "seed": 0,
            "normalisation": "train",
            "field_of_view": "own",
            "form": VOLUME,
            "batch_size": 8,
            **settings,
        },
        scans=tmp_path / "scans.tsv",
        array=tmp_path / "array.npy",
        output=tmp_path / "split.json",
    )
    return table.set_index("scan_id"), read_json(tmp_path / "split.json")["folds"][0]


@pytest.fixture
def images(rng):
    images = rng.normal(3, 1, (25, 1, 4, 5, 6)).astype(np.float32)
    images[:, :, :1] = 0
    return images


def test_the_statistics_are_those_of_the_training_voxels(tmp_path, images):
    table, fold = run(tmp_path, images)
    voxels = images[table.loc[fold["train"], "row"]]
    voxels = voxels[voxels != 0]
    assert fold["mean"] == pytest.approx([voxels.mean()], rel=1e-6)
    assert fold["sd"] == pytest.approx([voxels.std()], rel=1e-6)
    ages = table.loc[fold["train"], "age"]
    assert fold["age_mean"] == pytest.approx(ages.mean())
    assert fold["age_sd"] == pytest.approx(ages.std(ddof=0))


def test_test_images_do_not_change_the_training_statistics(tmp_path, images):
    table, fold = run(tmp_path, images)
    images[table.loc[fold["test"], "row"]] *= 10
    _, again = run(tmp_path, images)
    assert (fold["mean"], fold["sd"]) == (again["mean"], again["sd"])
    _, cohort_wide = run(tmp_path, images, normalisation="cohort")
    assert cohort_wide["mean"][0] > 2 * fold["mean"][0]


def test_fewer_scans_than_the_batch_is_said_before_training(tmp_path, images):
    with pytest.raises(SettingsError, match=r"batch_size: 21 is more than the 20 training scans"):
        run(tmp_path, images, batch_size=21)


def test_a_training_part_of_one_age_is_refused(tmp_path, images, monkeypatch):
    import contrage.dataset.split as module

    whole = module.read_tsv
    monkeypatch.setattr(module, "read_tsv", lambda path: whole(path).assign(age=30.0))
    with pytest.raises(SettingsError, match=r"training part have the age 30, so there is nothing"):
        run(tmp_path, images)


def test_too_few_participants_for_the_folds_is_said():
    with pytest.raises(SettingsError, match="5 folds need 5 participants"):
        folds_of(cohort(4), DEFAULT, 0)


def spoiled(images: np.ndarray, row: int, count: int, value: float) -> np.ndarray:
    """Give some voxels of one image an absurd value."""
    images = images.copy()
    images[row].flat[np.flatnonzero(images[row])[:count]] = value
    return images


def test_a_scan_that_brings_more_than_a_tenth_of_the_squares_is_named(tmp_path, images, caplog):
    table, sound = run(tmp_path, images)
    assert sound["dominant"] == [] and caplog.text == ""
    scan = sound["train"][3]
    changed = spoiled(images, table.loc[scan, "row"], 2, 1000)
    _, fold = run(tmp_path, changed)
    (found,) = fold["dominant"]
    assert found["scan_id"] == scan and 0.99 < found["share"] <= 1
    assert f"{scan} alone brings 100 % of the squares" in caplog.text
    assert "dataset.normalisation to image" in caplog.text


def test_the_share_is_that_of_a_slow_loop_and_the_even_share_counts_in_small_cohorts(
    tmp_path, images
):
    table, sound = run(tmp_path, images)
    scan = sound["train"][0]
    for value, told in ((7.5, False), (13.0, True)):
        changed = spoiled(images, table.loc[scan, "row"], 9, value)
        _, fold = run(tmp_path, changed)
        voxels = {name: changed[table.loc[name, "row"]] for name in fold["train"]}
        squares = {
            name: ((image[image != 0].astype(float) - fold["mean"]) ** 2).sum()
            for name, image in voxels.items()
        }
        share = squares[scan] / sum(squares.values())
        assert share > 0.1 and (share > 3 / 20) == told
        assert [entry["share"] for entry in fold["dominant"]] == pytest.approx([share] * told)


def test_a_test_scan_dominates_only_where_its_voxels_count_and_no_scan_where_each_has_its_own_sd(
    tmp_path, images
):
    table, sound = run(tmp_path, images)
    scan = sound["test"][0]
    changed = spoiled(images, table.loc[scan, "row"], 2, 1000)
    assert run(tmp_path, changed)[1]["dominant"] == []
    found = run(tmp_path, changed, normalisation="cohort")[1]["dominant"]
    assert [entry["scan_id"] for entry in found] == [scan]
    assert run(tmp_path, changed, normalisation="image")[1]["dominant"] == []
