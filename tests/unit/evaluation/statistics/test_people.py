"""First scans, weights of scans, and intervals over people."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from contrage.evaluation.statistics.people import bootstrap_interval, first_scans, scan_weights

SCANS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 5)), min_size=1, max_size=20)


@given(SCANS)
def test_the_first_scan_of_each_person_is_what_a_loop_finds(scans):
    first: dict[str, int] = {}
    for at, (person, time) in enumerate(scans):
        if person not in first or time < scans[first[person]][1]:
            first[person] = at
    people, times = zip(*scans, strict=True)
    assert first_scans(people, times).tolist() == sorted(first.values())


def test_times_may_be_dates():
    assert first_scans(["a", "b", "a"], ["2011-05-01", "2010-01-01", "2009-12-31"]).tolist() == [
        1,
        2,
    ]


@given(SCANS)
def test_a_persons_scans_weigh_one_together(scans):
    people = [person for person, _ in scans]
    weights = scan_weights(people)
    for person in set(people):
        own = [w for w, name in zip(weights, people, strict=True) if name == person]
        assert sum(own) == pytest.approx(1) and len(set(own)) == 1


def test_the_interval_of_a_mean_is_that_of_scipy(rng, statistics):
    values = rng.normal(3, 1, 40)
    wanted = bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", rng=statistics.seed
    ).confidence_interval
    found = bootstrap_interval([40], lambda drawn: values[drawn].mean(-1), statistics)
    assert found == pytest.approx(tuple(wanted), abs=1e-12)


def test_groups_are_drawn_each_by_itself(rng, statistics):
    seen = []

    def record(*drawn):
        seen.extend(each.shape[1] for each in drawn)
        assert all(each.max() < each.shape[1] for each in drawn)
        return np.zeros(len(drawn[0]))

    assert bootstrap_interval([3, 7], record, statistics) == (0, 0)
    assert set(seen) == {3, 7}


def test_with_fewer_than_two_people_of_a_group_there_is_no_interval(statistics):
    for sizes in ([1], [0], [5, 1]):
        found = bootstrap_interval(sizes, lambda *drawn: np.zeros(len(drawn[0])), statistics)
        assert all(math.isnan(each) for each in found)


def test_draws_that_are_undefined_do_not_count(rng, statistics):
    values = np.array([1.0, 2.0, 3.0])

    def undefined_of_one_alone(drawn):
        alike = (drawn == drawn[:, :1]).all(1)
        return np.where(alike, np.nan, values[drawn].mean(-1))

    low, high = bootstrap_interval([3], undefined_of_one_alone, statistics)
    assert 1 < low < 2 < high < 3
    nothing = bootstrap_interval([3], lambda drawn: np.full(len(drawn), np.nan), statistics)
    assert all(math.isnan(each) for each in nothing)


def test_a_higher_confidence_is_wider_and_a_seed_gives_the_same(rng, statistics):
    values = rng.normal(0, 1, 30)

    def interval(settings):
        return bootstrap_interval([30], lambda drawn: values[drawn].mean(-1), settings)

    low, high = interval(statistics)
    lower, higher = interval(replace(statistics, confidence=0.99))
    assert lower < low < high < higher
    assert interval(statistics) == (low, high)
