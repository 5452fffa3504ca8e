"""Means of sites in a random-effects model."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.evaluation.statistics.site_offset import at_same_target, shrunken


def sites_of(counts: list[int], means: list[float], sd: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    values = [rng.normal(mean, sd, n) for mean, n in zip(means, counts, strict=True)]
    names = [f"s{at}" for at, n in enumerate(counts) for _ in range(n)]
    return np.concatenate(values), names


def test_a_site_of_few_people_is_drawn_further():
    values, names = sites_of([200, 200, 200, 3], [0.0, 4.0, -4.0, 4.0], 5.0)
    found = shrunken(values, names, 0.95)
    kept = (found.sites["shrunk"] - found.mean) / (found.sites["value"] - found.mean)
    assert (kept[:3] > 0.97).all() and kept["s3"] < 0.8
    wide = found.sites["high"] - found.sites["low"]
    assert wide["s3"] > 2 * wide["s0"]


def test_sites_that_differ_by_chance_alone_all_have_one_mean():
    values, names = sites_of([10] * 12, [1.0] * 12, 3.0, seed=4)
    found = shrunken(values, names, 0.95)
    assert found.between < 0.8
    assert np.ptp(found.sites["shrunk"]) < 0.5 * np.ptp(found.sites["value"])


def test_the_spread_between_sites_and_the_place_of_a_new_one_are_those_that_were_planted():
    inside, spread = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        means = rng.normal(2, 3, 13)
        values, names = sites_of([25] * 12, list(means[:12]), 4.0, seed)
        found = shrunken(values, names, 0.9)
        inside += found.new_low < means[12] < found.new_high
        spread.append(found.between)
    assert np.mean(spread) == pytest.approx(3, abs=0.3)
    assert 0.8 <= inside / 60 <= 0.99


def test_it_is_the_formula_written_out():
    values, names = sites_of([4, 6, 9], [0.0, 3.0, 8.0], 1.0)
    found = shrunken(values, names, 0.95)
    means = {
        s: np.mean([v for v, n in zip(values, names, strict=True) if n == s]) for s in set(names)
    }
    within = sum((v - means[n]) ** 2 for v, n in zip(values, names, strict=True)) / (19 - 3)
    tau2 = found.between**2
    variances = {s: within / names.count(s) for s in means}
    weights = {s: 1 / (variances[s] + tau2) for s in means}
    q = sum(weights[s] * (means[s] - found.mean) ** 2 for s in means)
    assert q == pytest.approx(2, rel=1e-4)  # Paule and Mandel: Q equals its degrees of freedom
    for site, line in found.sites.iterrows():
        kept = tau2 / (tau2 + variances[site])
        assert line["shrunk"] == pytest.approx(found.mean + kept * (means[site] - found.mean))


def test_one_site_or_one_person_each_tells_nothing():
    assert shrunken([1.0, 2.0], ["a", "a"], 0.95) is None
    assert shrunken([1.0, 2.0, 3.0], ["a", "b", "c"], 0.95) is None


def test_what_follows_from_the_target_is_no_offset():
    rng = np.random.default_rng(1)
    sites = np.repeat(["young", "old"], 100)
    ages = rng.uniform(20, 40, 200) + 40 * (sites == "old")
    errors = -0.4 * (ages - 50) + 3.0 * (sites == "old") + rng.normal(0, 0.5, 200)
    told = at_same_target(errors, ages, sites)
    apart = told[sites == "old"].mean() - told[sites == "young"].mean()
    assert apart == pytest.approx(3.0, abs=0.5)
    assert errors[sites == "old"].mean() < errors[sites == "young"].mean() - 10
