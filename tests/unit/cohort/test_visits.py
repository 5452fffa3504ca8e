"""A scan's diagnosis and a person's group, by the days of visits."""

from __future__ import annotations

import pytest

from contrage.cohort.owners.visits import ClinicVisit, group_of, nearest, of_days

WINDOW, MONTHS = 180, 36
YEAR = 365


def visits(*told: tuple[int, str]) -> list[ClinicVisit]:
    return of_days(ClinicVisit(day, state) for day, state in told)


def test_the_nearest_visit_counts_the_earlier_of_two_and_none_beyond_the_window():
    seen = visits((0, "HC"), (200, "MCI"), (900, "AD"))
    assert nearest(seen, 99, WINDOW).state == "HC"
    assert nearest(seen, 100, WINDOW).state == "HC"
    assert nearest(seen, 101, WINDOW).state == "MCI"
    assert nearest(seen, 380, WINDOW).state == "MCI"
    assert nearest(seen, 381, WINDOW) is None
    assert nearest([], 0, WINDOW) is None


def test_two_diagnoses_on_one_day_are_of_no_use_and_one_twice_is_one():
    seen = visits((0, "MCI"), (0, "AD"), (5, "HC"), (5, "HC"))
    assert [(each.day, each.state) for each in seen] == [(0, None), (5, "HC")]
    assert seen[0].wrong == "two diagnoses on one day: MCI and AD"


@pytest.mark.parametrize(
    ("told", "group"),
    [
        ([(0, "HC"), (YEAR, "HC")], "HC"),
        ([(0, "AD"), (YEAR, "AD")], "AD"),
        ([(0, "MCI"), (YEAR, "MCI"), (3 * YEAR, "AD")], "pMCI"),
        ([(0, "MCI"), (1095, "AD")], "pMCI"),  # 36 months are 1095.75 days
        ([(0, "MCI"), (1096, "AD")], "MCI-censored"),
        ([(0, "MCI"), (1096, "MCI")], "sMCI"),
        ([(0, "MCI"), (1095, "MCI")], "MCI-censored"),
        ([(0, "MCI"), (1100, "MCI"), (1500, "AD")], "MCI-censored"),
        ([(0, "MCI"), (YEAR, "HC"), (1200, "MCI")], "MCI-reverted"),
        ([(0, "MCI"), (YEAR, "HC"), (700, "AD")], "pMCI"),
        ([(-YEAR, "HC"), (0, "MCI"), (1200, "MCI")], "sMCI"),
        ([(0, "MCI")], "MCI-censored"),
    ],
)
def test_groups_follow_from_the_whole_follow_up(told, group):
    assert group_of(visits(*told), 0, WINDOW, MONTHS) == (group, "")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([], "without a diagnosis at the first scan"),
        ([(200, "MCI"), (1300, "MCI")], "without a diagnosis at the first scan"),
        ([(0, "HC"), (YEAR, "MCI")], "healthy at the first scan, and not healthy at every visit"),
        ([(0, "AD"), (YEAR, "MCI")], "demented at the first scan, and not later on"),
        ([(0, "other")], "other at the first scan, and not healthy at every visit"),
    ],
)
def test_who_is_in_no_group_has_a_reason(told, reason):
    assert group_of(visits(*told), 0, WINDOW, MONTHS) == (None, reason)


def test_whoever_is_healthy_at_every_visit_is_a_control_however_far_the_scan_is():
    assert group_of(visits((900, "HC")), 0, WINDOW, MONTHS) == ("HC", "")


def test_a_visit_that_says_nothing_usable_makes_nobody_a_control():
    seen = of_days(
        [ClinicVisit(0, "HC"), ClinicVisit(90, None, "DIAGNOSIS is '7', which is no diagnosis")]
    )
    assert group_of(seen, 0, WINDOW, MONTHS)[0] is None
