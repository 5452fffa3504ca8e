"""What becomes of two ids that are one person."""

from __future__ import annotations

import pandas as pd
import pytest

from contrage.dataset.one_person import COLUMNS, ids_in_experiment, joined
from contrage.errors import LeakageError
from contrage.tables import write_tsv

PEOPLE = ["sub-3", "sub-1", "sub-2", "sub-2", "sub-9"]


@pytest.fixture
def pairs(tmp_path):
    """A table of pairs, one of them with somebody whom the experiment leaves out."""
    lines = [("sub-2", "sub-1"), ("sub-9", "sub-8")]
    told = [(f"{one}_ses-a", one, other, other, None, 0.9) for one, other in lines]
    told.append(("sub-3", "sub-3", "sub-2", "sub-2", "elsewhere", 0.8))
    write_tsv(tmp_path / "pairs.tsv", pd.DataFrame(told, columns=list(COLUMNS)))
    return tmp_path / "pairs.tsv"


def test_both_have_the_id_of_the_first_in_the_experiments_order(pairs):
    found = ids_in_experiment(pairs, "same", PEOPLE)
    assert found == {"sub-3": "sub-3", "sub-1": "sub-1", "sub-2": "sub-1", "sub-9": "sub-9"}


def test_pairs_of_people_who_are_left_out_stop_nothing(pairs):
    assert ids_in_experiment(pairs, "fail", ["sub-3", "sub-1", "sub-9"])


def test_a_pair_is_refused_where_that_is_asked_with_both_ids(pairs):
    with pytest.raises(LeakageError, match=r"cohort.same_person: sub-2 and sub-1 may be one"):
        ids_in_experiment(pairs, "fail", PEOPLE)


def test_who_is_learned_from_before_is_refused_whatever_is_asked_unless_left_out_there(
    pairs, tmp_path
):
    before = tmp_path / "before.tsv"
    for action in ("same", "fail"):
        write_tsv(before, pd.DataFrame({"scan_id": ["sub-2", "sub-5"]}))
        with pytest.raises(LeakageError, match=r"sub-3 and sub-2 of elsewhere may be one person"):
            ids_in_experiment(pairs, action, ["sub-3", "sub-1"], before)
        assert ids_in_experiment(pairs, action, ["sub-1"], before) == {"sub-1": "sub-1"}
        write_tsv(before, pd.DataFrame({"scan_id": ["sub-5"]}))
        assert len(ids_in_experiment(pairs, action, ["sub-3", "sub-1"], before)) == 2


def test_three_ids_of_one_person_are_joined_whatever_the_order_of_pairs():
    chain = [("d", "c"), ("b", "c"), ("a", "d")]
    for order in (chain, chain[::-1], [chain[1], chain[2], chain[0]]):
        assert joined(order, ["x", "b", "a", "c", "d"]) == {
            "x": "x",
            **dict.fromkeys("abcd", "b"),
        }


def test_no_pairs_leave_everybody_as_they_are(tmp_path):
    write_tsv(tmp_path / "none.tsv", pd.DataFrame(columns=list(COLUMNS)))
    for action in ("same", "fail"):
        assert ids_in_experiment(tmp_path / "none.tsv", action, ["a", "b"]) == {"a": "a", "b": "b"}
