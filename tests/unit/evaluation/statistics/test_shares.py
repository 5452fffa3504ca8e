"""How certain a share of people is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from contrage.evaluation.statistics.shares import share_interval, share_interval_of_sites


@pytest.mark.parametrize(("held", "people"), [(0, 7), (3, 7), (7, 7), (90, 100), (899, 1000)])
def test_the_exact_interval_is_that_of_the_beta_distribution(held, people):
    low, high = share_interval(np.arange(people) < held, 0.95)
    assert low == pytest.approx(beta.ppf(0.025, held, people - held + 1) if held else 0)
    assert high == pytest.approx(beta.ppf(0.975, held + 1, people - held) if held < people else 1)


def test_sites_of_one_person_each_are_people(rng):
    is_in = rng.random(400) < 0.9
    found = share_interval_of_sites(is_in, np.arange(400), 0.95)
    assert found == pytest.approx(share_interval(is_in, 0.95), abs=0.0005)


def test_people_who_are_alike_count_for_less():
    is_in = np.repeat([True, True, False, True, True], 20)
    low, high = share_interval_of_sites(is_in, np.repeat(np.arange(5), 20), 0.95)
    plain = share_interval(is_in, 0.95)
    assert low < plain[0] - 0.1 and high > plain[1] + 0.05
    assert low < share_interval(is_in[::20], 0.95)[0]  # five sites: less certain than five people


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_all_or_nobody_has_one_end(share):
    is_in = np.full(60, share == 1)
    low, high = share_interval_of_sites(is_in, np.repeat(np.arange(6), 10), 0.95)
    assert (low == 0 and 0 < high < 0.3) if share == 0 else (high == 1 and 0.7 < low < 1)


def test_one_site_says_nothing_of_others():
    assert share_interval_of_sites([True] * 9 + [False], ["a"] * 10, 0.95) == (0.0, 1.0)


def test_the_interval_over_sites_holds_the_true_share(rng):
    """Sites whose shares vary from beta(4.5, 0.5): that of people alone is far too narrow."""
    held, held_plainly, site = [], [], np.repeat(np.arange(20), 30)
    for _ in range(200):
        is_in = rng.random(site.size) < rng.beta(4.5, 0.5, 20)[site]
        low, high = share_interval_of_sites(is_in, site, 0.95)
        held.append(low <= 0.9 <= high)
        low, high = share_interval(is_in, 0.95)
        held_plainly.append(low <= 0.9 <= high)
    assert np.mean(held) > 0.9 and np.mean(held_plainly) < 0.75
