"""What a random search draws."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contrage.errors import SettingsError
from contrage.plan.draws import check_ranges, draw_settings

KNOWN = ["temperature", "nn_final", "norm"]
WHOLE = st.tuples(st.integers(-50, 50), st.integers(-50, 50)).map(sorted)
NUMBERS = st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)).map(sorted)
POSITIVE = st.tuples(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3)).map(sorted)


def span(ends: tuple[float, float], kind: str) -> dict:
    return {"low": ends[0], "high": ends[1], "kind": kind}


RANGES = st.one_of(
    WHOLE.map(lambda ends: span(ends, "integer")),
    NUMBERS.map(lambda ends: span(ends, "float")),
    POSITIVE.map(lambda ends: span(ends, "log")),
    st.lists(st.sampled_from(["manhattan", "cosine", 3, True]), min_size=1),
)
SEARCHES = st.dictionaries(st.sampled_from(KNOWN), RANGES, min_size=1)


@given(ranges=SEARCHES, seed=st.integers(0, 9))
def test_every_value_is_in_its_range_and_of_its_kind(ranges, seed):
    check_ranges("dynlocrep", ranges, KNOWN)
    for drawn in draw_settings(ranges, 5, seed, "dynlocrep"):
        assert drawn.keys() == ranges.keys()
        for name, value in drawn.items():
            wanted = ranges[name]
            if isinstance(wanted, list):
                assert value in wanted
            else:
                assert wanted["low"] <= value <= wanted["high"]
                assert isinstance(value, int if wanted["kind"] == "integer" else float)


@given(ranges=SEARCHES, seed=st.integers(0, 9), few=st.integers(0, 10), more=st.integers(0, 20))
def test_more_draws_keep_those_that_there_are(ranges, seed, few, more):
    first = draw_settings(ranges, few, seed, "exp")
    assert draw_settings(ranges, few + more, seed, "exp")[:few] == first


@given(ranges=SEARCHES, other=RANGES, seed=st.integers(0, 9))
def test_another_setting_leaves_the_others_as_they_were(ranges, other, seed):
    before = draw_settings(ranges, 5, seed, "exp")
    after = draw_settings({**ranges, "sigma": other}, 5, seed, "exp")
    assert [{name: drawn[name] for name in ranges} for drawn in after] == before


def test_seed_row_and_setting_each_draw_differently():
    ranges = {"temperature": span((0, 1), "float"), "sigma": span((0, 1), "float")}
    drawn = draw_settings(ranges, 20, 0, "exp")
    assert drawn != draw_settings(ranges, 20, 1, "exp")
    assert drawn != draw_settings(ranges, 20, 0, "threshold")
    assert [one["temperature"] for one in drawn] != [one["sigma"] for one in drawn]


def test_the_same_search_draws_the_same_on_every_machine():
    ranges = {"nn_final": span((1, 15), "integer"), "temperature": span((0.01, 1), "log")}
    assert draw_settings(ranges, 2, 0, "dynlocrep") == [
        {"nn_final": 4, "temperature": 0.1105},
        {"nn_final": 12, "temperature": 0.2341},
    ]


def test_all_ends_and_choices_come_up_about_equally_often():
    ranges = {"whole": span((1, 5), "integer"), "choice": ["a", "b", "c"]}
    drawn = draw_settings(ranges, 3000, 0, "exp")
    for name, values in (("whole", [1, 2, 3, 4, 5]), ("choice", ["a", "b", "c"])):
        counts = [sum(one[name] == value for one in drawn) for value in values]
        assert min(counts) > 0.8 * 3000 / len(values)


def test_log_is_even_in_the_logarithm():
    drawn = draw_settings({"temperature": span((0.01, 1), "log")}, 2000, 0, "exp")
    below = sum(math.log10(one["temperature"]) < -1 for one in drawn)
    assert below == pytest.approx(1000, abs=100)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"nn_finl": [1]}, "search.rows.exp: its loss has no setting nn_finl; it has temperature"),
        ({}, "search.rows.exp: name at least one setting"),
        ({"norm": []}, "search.rows.exp.norm: the list of choices is empty"),
        ({"nn_final": span((9, 3), "integer")}, "exp.nn_final: low 9 is above high 3"),
        ({"nn_final": span((1.5, 3), "integer")}, "low 1.5 is no whole number"),
        ({"temperature": span((0, 1), "log")}, "low 0 has no logarithm"),
        ({"temperature": span((0, 1), "linear")}, "kind 'linear' is none of integer, float, log"),
        ({"temperature": span((0, float("inf")), "float")}, "high inf is no number"),
        ({"temperature": span(("1e-2", 1), "float")}, "low '1e-2' is no number"),
        ({"temperature": {"low": 1, "kind": "float"}}, "high None is no number"),
    ],
)
def test_a_range_that_cannot_be_drawn_from_is_named(ranges, message):
    with pytest.raises(SettingsError, match=message):
        check_ranges("exp", ranges, KNOWN)
