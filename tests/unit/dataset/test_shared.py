"""Who of two sets of people is in both."""

from __future__ import annotations

import pytest

from contrage.dataset.shared import COUNTED, UNSEEN, Somebody, in_both, person


@pytest.mark.parametrize(
    ("tested", "learned", "same_people", "found"),
    [
        (("a", "sub-1"), ("a", "sub-1"), False, ["sub-1"]),
        (("a", "sub-1"), ("a", "sub-01"), True, []),  # within a cohort ids are to the letter
        (("a", "sub-1"), ("b", "sub-1"), True, ["sub-1"]),
        (("a", "sub-1"), ("b", "sub-001"), True, ["sub-1"]),
        (("a", "sub-1"), ("b", "sub-1"), False, []),
        (("a", "sub-1"), ("b", "sub-2"), True, []),
    ],
)
def test_ids_are_to_the_letter_in_one_cohort_and_safe_in_two(tested, learned, same_people, found):
    assert in_both([Somebody(*tested)], [Somebody(*learned)], same_people) == found


def test_in_a_merged_cohort_an_id_is_its_members():
    members = ["adni", "adni-go", "icbm"]
    assert person("sub-adni-01", "all", members) == Somebody("adni", "sub-01")
    assert person("sub-adni-go-01", "all", members) == Somebody("adni-go", "sub-01")
    assert person("sub-01", "all", members) == Somebody("all", "sub-01")
    assert person("sub-adni-01", "own") == Somebody("own", "sub-adni-01")


def test_everybody_with_a_part_either_decides_weights_or_must_be_new_to_them():
    assert set(COUNTED) == {"train", "val"}
    assert set(UNSEEN) == {"test", "external", "predict"}
