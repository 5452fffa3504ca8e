"""Half widths of intervals: the formulas, MAPIE's, slow ones, and what they hold in simulations."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from contrage.evaluation.statistics.conformal import (
    PEOPLE,
    SITE,
    half_width,
    half_width_of_new_sites,
    without_each,
    without_each_site,
)

LEVEL = 0.9
LEVELS = (0.5, 0.55, 0.8, 0.9, 0.95)
PEOPLE_AT_SITES = some.lists(
    some.tuples(some.integers(0, 9), some.sampled_from("abcdefghijkl")), min_size=1, max_size=40
)


def test_worked_half_widths():
    assert half_width(np.arange(1, 10), LEVEL) == 9
    assert half_width(np.arange(1, 20), LEVEL) == 18
    assert half_width(np.arange(1, 100), 0.55) == 55  # 100 · 0.55 is a little more than 55
    assert half_width([-3.0, 2.0, 1.0], 0.5) == 2


@pytest.mark.parametrize(("level", "least"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19)])
def test_of_too_few_people_or_sites_an_interval_has_no_end(level, least):
    few, enough = np.arange(least - 1), np.arange(least)
    assert half_width(few, level) == half_width_of_new_sites(few, few, level) == math.inf
    assert half_width(enough, level) == half_width_of_new_sites(enough, enough, level) == least - 1


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("people", [20, 57, 100, 333])
def test_the_half_width_is_that_of_mapie(rng, level, people):
    regression = pytest.importorskip("mapie.regression", reason="MAPIE is not installed")
    from sklearn.dummy import DummyRegressor

    values = rng.standard_t(3, people)
    nothing = np.zeros((people, 1))
    model = DummyRegressor(strategy="constant", constant=0.0).fit(nothing, values)
    theirs = regression.SplitConformalRegressor(model, confidence_level=level, prefit=True)
    _, found = theirs.conformalize(nothing, values).predict_interval(nothing[:1])
    low, high = found.ravel()
    assert -low == high == pytest.approx(half_width(values, level), abs=1e-12)


def slow(residuals, sites, level: str) -> float:
    """Add up the sites' parts up to each residual in fractions; the first that is enough."""
    values = dict.fromkeys(sites)
    for site in values:
        values[site] = [r for r, s in zip(residuals, sites, strict=True) if s == site]
    for edge in sorted(residuals):
        below = [Fraction(sum(r <= edge for r in own), len(own)) for own in values.values()]
        if sum(below) / (len(below) + 1) >= Fraction(level):
            return edge
    return math.inf


@given(PEOPLE_AT_SITES, some.sampled_from(LEVELS))
def test_the_half_width_of_new_sites_is_that_of_fractions(people, level):
    residuals, sites = zip(*people, strict=True)
    assert half_width_of_new_sites(residuals, sites, level) == slow(residuals, sites, str(level))


@given(some.lists(some.integers(0, 9), min_size=1, max_size=40), some.sampled_from(LEVELS))
def test_sites_of_one_person_each_are_people(residuals, level):
    sites = range(len(residuals))
    assert half_width_of_new_sites(residuals, sites, level) == half_width(residuals, level)


@given(PEOPLE_AT_SITES, some.sampled_from(LEVELS))
def test_a_persons_half_width_is_that_of_all_others(people, level):
    residuals = np.array([each for each, _ in people], float)
    slowly = [half_width(np.delete(residuals, at), level) for at in range(len(residuals))]
    assert without_each(residuals, level).tolist() == slowly


@given(PEOPLE_AT_SITES, some.sampled_from(LEVELS))
def test_a_sites_half_width_is_that_of_all_other_sites(people, level):
    residuals, sites = zip(*people, strict=True)
    for kind in (PEOPLE, SITE):
        found = without_each_site(residuals, sites, level, kind)
        for width, (_, site) in zip(found, people, strict=True):
            others = [each for each in people if each[1] != site]
            values, names = zip(*others, strict=True) if others else ((), ())
            of_sites = half_width_of_new_sites(values, names, level)
            assert width == (of_sites if kind == SITE else half_width(values, level))


@pytest.mark.parametrize("level", LEVELS)
def test_over_all_people_the_share_is_so_by_construction(rng, level):
    for people in (25, 100, 333):
        for errors in (rng.normal(0, 5, people), rng.standard_cauchy(people)):
            held = np.abs(errors) <= without_each(errors, level)
            assert held.sum() == math.ceil(round(people * level, 9))


def test_a_new_person_is_held_as_often_as_is_said(rng):
    """Skewed errors with a heavy tail: 90 % of new people, within the noise of 20,000 draws."""
    draws = rng.standard_t(2, (20_000, 30)) ** 3
    held = [abs(each[-1]) <= half_width(each[:-1], LEVEL) for each in draws]
    assert np.mean(held) == pytest.approx(LEVEL, abs=0.007)  # 27 of 30


SIZES = [4] * 9 + [150, 300]
"""People of eleven sites: most of them are at two."""


def new_sites(rng: np.random.Generator, offset: float) -> tuple[float, float]:
    """Return which part of people of a new site both intervals hold, where sites have offsets."""
    site = np.repeat(np.arange(len(SIZES)), SIZES)
    held: dict[str, list[float]] = {PEOPLE: [], SITE: []}
    for _ in range(1500):
        errors = rng.normal(0, 1, site.size) + offset * rng.normal(0, 1, len(SIZES))[site]
        new = rng.normal(0, 1, 50) + offset * rng.normal()
        widths = {
            PEOPLE: half_width(errors, LEVEL),
            SITE: half_width_of_new_sites(errors, site, LEVEL),
        }
        for kind, width in widths.items():
            held[kind].append(np.mean(np.abs(new) <= width))
    return float(np.mean(held[PEOPLE])), float(np.mean(held[SITE]))


def test_people_of_a_new_site_are_held_by_the_interval_of_sites_alone(rng):
    of_people, of_sites = new_sites(rng, offset=3.0)
    assert of_people < LEVEL - 0.05
    assert LEVEL - 0.01 <= of_sites <= 1


def test_where_sites_are_alike_both_intervals_hold_people_of_a_new_one(rng):
    of_people, of_sites = new_sites(rng, offset=0.0)
    assert of_people == pytest.approx(LEVEL, abs=0.01)
    assert LEVEL - 0.01 <= of_sites <= 1
