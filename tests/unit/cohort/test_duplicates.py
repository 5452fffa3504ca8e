"""One scan under two ids is named under both; visits of one person are only told."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.cohort.duplicates import digest_of, same_arrays, same_file, same_rows, same_sessions


def record(digest: str, name: str = "stiffness", status: str = "ok", file: str = "x") -> dict:
    return {"status": status, "inputs": {name: {"sha256": file, "voxels_sha256": digest}}}


def test_one_image_under_two_ids_is_named_under_both():
    records = {"sub-1": record("a"), "sub-2": record("b"), "sub-3": record("a")}
    found = same_file(records, "stiffness")
    assert list(found) == ["sub-1", "sub-3"]
    assert "has the same stiffness image as sub-3: one person under" in found["sub-1"]
    assert "as sub-1" in found["sub-3"]


def test_voxels_decide_and_where_there_is_no_digest_of_them_the_file():
    files = {f"sub-{n}": {"status": "ok", "inputs": {"stiffness": {"sha256": "f"}}} for n in (1, 2)}
    assert list(same_file(files, "stiffness")) == ["sub-1", "sub-2"]
    packed = {"sub-1": record("a", file="x"), "sub-2": record("a", file="y")}
    assert list(same_file(packed, "stiffness")) == ["sub-1", "sub-2"]


def test_only_the_image_that_is_learned_from_counts():
    records = {"sub-1": record("a", "anatomical"), "sub-2": record("a", "anatomical")}
    assert same_file(records, "stiffness") == {}
    assert list(same_file(records, "T1w")) == ["sub-1", "sub-2"]


def test_visits_of_one_person_are_told_and_refused_nothing():
    records = {"sub-1_ses-a": record("a"), "sub-1_ses-b": record("a"), "sub-2": record("b")}
    assert same_file(records, "stiffness") == {}
    assert same_sessions(records, "stiffness") == [
        "sub-1_ses-a, sub-1_ses-b have the same stiffness image: was a file copied twice?"
    ]


def test_bad_scans_have_reasons_of_their_own():
    records = {"sub-1": record("a", status="failed"), "sub-2": record("a", status="failed")}
    assert same_file(records, "stiffness") == {}


@pytest.fixture
def people() -> list[str]:
    return [f"sub-{n}" for n in range(60)]


@pytest.mark.parametrize("features", [3, 4, 150])
def test_a_row_of_a_table_under_two_ids_is_named(people, rng, features):
    values = rng.normal(size=(60, features)).round(3)
    values[7] = values[31]
    assert set(same_rows(people, values)) == {"sub-7", "sub-31"}


def test_missing_values_are_equal_and_too_few_known_ones_are_no_sign(people, rng):
    values = rng.normal(size=(60, 6))
    values[7] = values[31]
    values[[7, 31], 2] = np.nan
    assert set(same_rows(people, values)) == {"sub-7", "sub-31"}
    values[[7, 31], 2:] = np.nan
    assert same_rows(people, values) == {}


def test_visits_of_one_person_may_be_equal(rng):
    values = rng.normal(size=(10, 5))
    values[1] = values[0]
    scans = ["sub-1_ses-a", "sub-1_ses-b", *(f"sub-{n}" for n in range(2, 10))]
    assert same_rows(scans, values) == {}


@pytest.mark.parametrize("features", [3, 5, 8, 12])
def test_scores_of_few_steps_are_often_equal_by_chance(people, rng, features):
    for _ in range(20):
        assert same_rows(people, rng.integers(0, 3, (60, features))) == {}
        assert same_rows(people, rng.normal(25, 2, (60, features)).round()) == {}


def test_constant_features_are_no_sign(people, rng):
    values = np.hstack([np.ones((60, 5)), rng.integers(0, 2, (60, 1))])
    assert same_rows(people, values) == {}


def test_an_array_under_two_ids_is_named(rng):
    array = rng.normal(size=(4, 3, 3, 3))
    array[3] = array[0]
    digests = [digest_of(values) for values in array]
    names = ["sub-1", "sub-2", "sub-3", "sub-4"]
    assert set(same_arrays(dict(zip(names, digests, strict=True)))) == {"sub-1", "sub-4"}
    sessions = ["sub-1_ses-a", "sub-2", "sub-3", "sub-1_ses-b"]
    assert same_arrays(dict(zip(sessions, digests, strict=True))) == {}


def test_of_many_others_a_few_are_named_and_all_are_counted():
    digests = dict.fromkeys(["sub-2_ses-a", "sub-1", "sub-2_ses-b", *"abcdefg"], "x")
    found = same_arrays(digests)
    assert list(found) == list(digests)
    assert "as sub-1, a, b, c, d and 3 more: one person" in found["sub-2_ses-a"]
    assert found["sub-2_ses-b"] == found["sub-2_ses-a"]
    assert "as sub-2_ses-a, sub-1, sub-2_ses-b, b, c and 4 more:" in found["a"]
