"""Intervals of real people: of a random split, of new sites, and what making them of sites does.

A nominal 90 % was measured before this code was written, by one part of the people of a model that
is calibrated and another that is tested: some 90.5 % of a random split, some 80.6 % of new sites,
33 % of the worst one.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from real_regions import People
from sklearn.model_selection import KFold, LeaveOneGroupOut, train_test_split

from contrage.evaluation.covered import AskedIntervals, intervals
from contrage.evaluation.held_out import COLUMNS
from contrage.evaluation.statistics.conformal import (
    PEOPLE,
    SITE,
    Intervals,
    Measured,
    half_width,
    half_width_of_new_sites,
)

LEVEL = 0.9
ASKED = AskedIntervals(LEVEL, None, 10.0, 0.95)


class Errors(NamedTuple):
    """Absolute errors of everybody, tested in five folds, and with their site left out."""

    known: np.ndarray
    left_out: np.ndarray


@pytest.fixture(scope="module")
def people(shared: Path) -> People:
    return People.read(shared)


@pytest.fixture(scope="module")
def errors(people: People) -> Errors:
    found = Errors(np.zeros(len(people.ages)), np.zeros(len(people.ages)))
    ways = (KFold(5, shuffle=True, random_state=42), LeaveOneGroupOut())
    for way, own in zip(ways, found, strict=True):
        for train, test in way.split(people.features, people.ages, people.sites):
            (own[test],) = people.errors(train, test)
    return found


def measured(people: People, residuals: np.ndarray, seen: bool) -> Intervals:
    told = {"participant_id": np.arange(len(residuals)).astype(str), "site": people.sites}
    told |= {"target": people.ages, "predicted": np.nan, "residual": residuals, "seen": seen}
    return intervals(pd.DataFrame(told), pd.DataFrame(columns=list(COLUMNS)), ASKED)


def only(found: Intervals, kind: str, new: str, value: str = "all") -> Measured:
    (line,) = [
        each
        for each in found.measured
        if (each.interval, each.new, each.value) == (kind, new, value)
    ]
    return line


def worst(found: Intervals, kind: str) -> Measured:
    sites = [each for each in found.measured if each.part == "site" and each.new == "site"]
    return min((each for each in sites if each.interval == kind), key=lambda each: each.share)


@pytest.mark.parametrize(
    ("way", "share", "least"),
    [(KFold(5, shuffle=True, random_state=42), 0.902, None), (LeaveOneGroupOut(), 0.803, 1 / 3)],
    ids=["random split", "new sites"],
)
def test_an_interval_of_people_holds_a_random_split_and_not_new_sites(people, way, share, least):
    """A quarter of whom is not tested is not learned from either, and makes the interval."""
    held = np.zeros(len(people.ages), bool)
    for rest, test in way.split(people.features, people.ages, people.sites):
        train, kept = train_test_split(rest, test_size=0.25, random_state=42)
        of_kept, of_test = people.errors(train, kept, test)
        held[test] = of_test <= half_width(of_kept, LEVEL)
    assert held.mean() == pytest.approx(share, abs=0.005)
    if least is not None:
        by_site = pd.Series(held).groupby(people.sites).mean()
        assert by_site.min() == pytest.approx(least, abs=0.01) and by_site.idxmin() == "Munchen"


def test_of_a_random_split_the_interval_holds_people_and_too_few_of_the_old(people, errors):
    found = measured(people, errors.known, seen=True)
    assert found.half_width == pytest.approx(11.19, abs=0.05)
    assert only(found, PEOPLE, "person").share == pytest.approx(0.9003, abs=0.0005)
    shares = {"20 to 30": 0.938, "50 to 60": 0.755, "70 to 90": 0.522}
    for band, share in shares.items():
        assert only(found, PEOPLE, "person", band).share == pytest.approx(share, abs=0.02), band
    assert only(found, PEOPLE, "person", "70 to 90").high < 0.8
    assert only(found, PEOPLE, "site").seen == "all"


def test_an_interval_that_is_made_of_sites_holds_new_sites(people, errors):
    """By models that have not seen the site: wider for people, and again for sites."""
    found = measured(people, errors.left_out, seen=False)
    widths = found.half_width, found.half_width_of_new_sites
    assert widths == pytest.approx((14.47, 17.17), abs=0.05)
    of_people, of_sites = only(found, PEOPLE, "site"), only(found, SITE, "site")
    assert of_people.share == pytest.approx(0.896, abs=0.005) and of_people.seen == "none"
    assert of_sites.share == pytest.approx(0.949, abs=0.005) and of_sites.low > 0.88
    assert (worst(found, PEOPLE).value, worst(found, SITE).value) == ("ICBM", "Munchen")
    shares = worst(found, PEOPLE).share, worst(found, SITE).share
    assert shares == pytest.approx((0.65, 0.73), abs=0.02)


def test_made_of_sites_that_the_models_had_seen_it_is_too_narrow_for_new_ones(people, errors):
    """The page says so: 95.5 % of these sites, and of the same ones left out of training 89 %."""
    found = measured(people, errors.known, seen=True)
    assert only(found, SITE, "site").share == pytest.approx(0.955, abs=0.005)
    held = []
    for site in np.unique(people.sites):
        own = people.sites == site
        width = half_width_of_new_sites(errors.known[~own], people.sites[~own], LEVEL)
        held += list(errors.left_out[own] <= width)
    assert np.mean(held) == pytest.approx(0.89, abs=0.01)
    of_people = np.mean(errors.left_out <= found.half_width)
    assert of_people == pytest.approx(0.81, abs=0.01)
