"""Counts of people tell of groups, and of nobody alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from targets import AGE, POINTS, SIDES

from contrage.bundle import people
from contrage.evaluation.statistics.conformal import (
    PEOPLE,
    SITE,
    half_width,
    half_width_of_new_sites,
)


@given(st.lists(st.floats(0, 120), min_size=3, max_size=80))
def test_bins_hold_everyone_once_three_at_least_and_have_round_edges(values):
    ages = np.array(values)
    ends = people.edges(ages, AGE, people.WIDTH, people.FEWEST)
    found = people.bins(ages, AGE, people.WIDTH)
    assert sum(each.people for each in found) == len(ages)
    assert min(each.people for each in found) >= people.FEWEST
    assert ends[0] <= ages.min() and ages.max() < ends[-1]
    assert all(end % people.WIDTH == 0 for end in ends)


def test_a_wide_target_has_not_too_many_bins(rng):
    values = rng.uniform(0, 100_000, 3000)
    assert len(people.bins(values, POINTS, people.WIDTH)) <= people.MANY + 1


def test_errors_are_told_by_bin_and_by_site(rng):
    ages = np.repeat([25.0, 35.0, 45.0], 4)
    errors = np.repeat([1.0, 2.0, 4.0], 4)
    found = people.bins(ages, AGE, people.BAND, errors, np.ones(12))
    assert [(each.low, each.people, each.mae) for each in found] == [
        (20, 4, 1.0),
        (30, 4, 2.0),
        (40, 4, 4.0),
    ]
    sites = ["a"] * 6 + ["b"] * 4 + [None, "c"]
    told = people.groups(sites, errors)
    assert [(each.name, each.people) for each in told] == [("", 6), ("a", 6)]
    assert told[1].mae == pytest.approx(errors[:6].mean())


def test_two_sides_are_two_bins():
    sides = np.array([0.0, 1, 1, 0, 1])
    assert [(b.low, b.people) for b in people.bins(sides, SIDES, 5)] == [(0.0, 2), (1.0, 3)]


def test_a_sex_of_two_people_is_not_told():
    assert people.sexes(["F"] * 4 + ["M"] * 3 + ["x", None]) == {"F": 4, "M": 3, "n/a": 2}


def predictions(rng, seed: int) -> pd.DataFrame:
    """Two folds of twenty people, of whom one has two scans; the fold tests one of two sites."""
    lines = []
    for fold in (0, 1):
        for number in range(21):
            person = min(number, 19)
            site = "ab"[person % 2]
            tested = person % 2 == fold
            age = 30.0 + person + (number == 20)
            lines.append(
                {
                    "participant_id": f"sub-{person}",
                    "scan_id": f"sub-{person}_ses-{number}",
                    "site": site,
                    "target": age,
                    "predicted": age + seed + rng.normal(),
                    "split": "test" if tested else "train",
                    "fold": fold,
                }
            )
    return pd.DataFrame(lines)


def held_out(frames: list[pd.DataFrame]) -> people.HeldOut:
    """People of predictions, whose scans' ages are their targets."""
    scans = frames[0].drop_duplicates("scan_id").rename(columns={"target": "age"})
    return people.held_out(frames, scans)


def test_held_out_are_one_scan_a_person_by_the_mean_over_seeds(rng):
    frames = [predictions(rng, 0), predictions(rng, 4)]
    found = held_out(frames)
    assert len(found.people) == 20 and found.sites_are_new
    last = found.people[found.people["participant_id"] == "sub-19"].iloc[0]
    both = [f[(f["scan_id"] == "sub-19_ses-19") & (f["split"] == "test")] for f in frames]
    assert last["predicted"] == pytest.approx(np.mean([f["predicted"].iloc[0] for f in both]))
    assert last["target"] == 49.0
    train = frames[0][(frames[0]["split"] == "train") & (frames[0]["fold"] == 1)]
    assert last["baseline"] == pytest.approx(train["target"].mean())
    assert {name: len(each) for name, each in found.sites().items()} == {"a": 10, "b": 10}


def test_coverage_is_that_of_the_interval_that_other_sites_make(rng):
    found = held_out([predictions(rng, 2)])
    covered = found.covered(0.8, PEOPLE)
    sites, errors = found.people["site"].to_numpy(), np.abs(found.residuals)
    for at, site in enumerate(sites):
        assert covered[at] == (errors[at] <= half_width(errors[sites != site], 0.8))


def test_coverage_of_the_interval_for_new_sites_is_that_of_sites_that_it_was_not_made_of(rng):
    frame = predictions(rng, 2)
    frame["site"] = [f"s{int(person[4:]) % 5}" for person in frame["participant_id"]]
    found = held_out([frame])
    covered, errors = found.covered(0.7, SITE), np.abs(found.residuals)
    sites = found.people["site"].to_numpy()
    for at, site in enumerate(sites):
        others = sites != site
        assert covered[at] == (
            errors[at] <= half_width_of_new_sites(errors[others], sites[others], 0.7)
        )
    assert np.isnan(found.covered(0.95, SITE)).all()  # of four sites nothing holds so many


def test_people_without_a_site_are_in_no_interval_of_other_sites(rng):
    frame = predictions(rng, 2)
    frame.loc[frame["participant_id"] == "sub-4", "site"] = None
    found = held_out([frame])
    lost = (found.people["participant_id"] == "sub-4").to_numpy()
    assert np.isnan(found.covered(0.8, PEOPLE)[lost]).all()
    assert np.isfinite(found.covered(0.8, PEOPLE)[~lost]).all()
    assert not found.sites_are_new


def test_the_first_scan_is_the_same_as_in_tables_and_figures_of_every_target(rng):
    frame = predictions(rng, 0).assign(target=lambda told: -told["target"])
    scans = frame.drop_duplicates("scan_id").assign(age=lambda told: told["target"])
    found = people.held_out([frame], scans).people.set_index("participant_id")
    assert found.loc["sub-19", "target"] == -50.0  # the later id, the earlier age


def test_a_site_that_was_learned_from_is_not_new(rng):
    frame = predictions(rng, 0)
    frame.loc[frame["participant_id"] == "sub-2", "site"] = "b"
    assert not held_out([frame]).sites_are_new


def test_sites_of_few_people_count_without_a_name_and_tell_nothing_of_one(rng):
    frame = predictions(rng, 0)
    frame.loc[frame["participant_id"].isin(("sub-3", "sub-5")), "site"] = "small"
    frame.loc[frame["participant_id"] == "sub-7", "site"] = "one"
    found = held_out([frame])
    sites = found.sites()
    assert {name: len(each) for name, each in sites.items()} == {
        "a": 10,
        "b": 7,
        "(1)": 1,
        "(2)": 2,
    }
    every = found.people["site"].to_numpy()
    values = np.concatenate(list(sites.values()))
    named = np.repeat(list(sites), [len(own) for own in sites.values()])
    of_all = half_width_of_new_sites(found.residuals, every, 0.5)
    assert half_width_of_new_sites(values, named, 0.5) == of_all
    told = people.groups(["a"] * 6 + ["b"] * 2, np.ones(8), np.ones(8))
    assert [(each.people, each.mae) for each in told] == [(2, None), (6, 1.0)]
