"""Maps that are read in another unit than the cohort's, or are unlike the others, are told."""

from __future__ import annotations

import random

import pytest

from contrage.cohort.agreement import disagreements


def record(
    kpa: float,
    unit: str = "kPa",
    declared: str = "auto",
    status: str = "ok",
    spread: float | None = None,
) -> dict:
    found = {"status": status, "unit": unit, "unit_declared": declared, "median_kpa": kpa}
    return found | ({"inputs": {"stiffness": {"spread": spread}}} if spread else {})


def ratio(value: float, spread: float = 0.4) -> dict:
    facts = {"median": value, "spread": spread}
    return {"status": "ok", "unit": None, "median_kpa": None, "inputs": {"dampingratio": facts}}


def test_a_map_in_another_unit_than_the_others_is_told():
    records = {f"sub-{n}": record(2.5 + 0.1 * n) for n in range(3)} | {"sub-t1": record(2.4, "Pa")}
    found = disagreements(records)
    assert list(found) == ["sub-t1"]
    assert "read as Pa (2.4 kPa), 3 others as kPa (median 2.6 kPa)" in found["sub-t1"]


def test_a_unit_that_is_declared_is_believed():
    records = {f"sub-{n}": record(2.5, "Pa", "Pa") for n in range(3)}
    assert disagreements(records | {"sub-9": record(2.4, "Pa", "Pa")}) == {}


def test_a_median_far_from_the_others_is_told():
    records = {f"sub-{n}": record(2.5 + 0.1 * n) for n in range(6)} | {"sub-t1": record(0.8)}
    assert "its median is 0.8 kPa, that of the cohort 2.7 kPa" in disagreements(records)["sub-t1"]


def test_a_cohort_of_all_ages_and_other_images_agree():
    records = {f"sub-{n}": record(1.8 + 0.1 * n) for n in range(15)}
    assert disagreements(records) == {}
    assert disagreements({"sub-1": {"status": "ok", "unit": None, "median_kpa": None}}) == {}
    assert disagreements({"sub-1": record(2), "sub-2": record(200, "Pa", status="failed")}) == {}


def test_both_what_the_unit_and_what_the_median_says_are_told():
    records = {f"sub-{n}": record(2.5 + 0.1 * n) for n in range(6)}
    said = disagreements(records | {"sub-t1": record(0.809, "Pa")})["sub-t1"]
    assert "this one was read as Pa (0.809 kPa)" in said and "; its median is 0.809 kPa" in said


def test_a_wave_speed_is_told_by_its_square_in_a_cohort_of_one_age_and_of_all():
    young = {f"sub-{n}": record(2.5 + 0.02 * n, spread=0.31) for n in range(9)}
    everyone = {f"sub-{n}": record(3.1 - 0.13 * n, spread=0.31) for n in range(9)}
    for records in (young, everyone):
        found = disagreements(records | {"sub-v": record(1.598, spread=0.31)})
        assert list(found) == ["sub-v"] and "wave speed (m/s)" in found["sub-v"]


def test_a_map_half_as_varied_as_the_others_is_told_though_its_median_fits():
    records = {f"sub-{n}": record(2.5 + 0.1 * n, spread=0.3 + 0.01 * n) for n in range(8)}
    found = disagreements(records | {"sub-log": record(2.6, spread=0.16)})
    assert list(found) == ["sub-log"]
    assert (
        "its values spread by 16% about their median, those of the cohort's maps by 33%"
        in (found["sub-log"])
    )


def test_maps_of_the_damping_ratio_are_compared_as_well():
    records = {f"sub-{n}": ratio(0.18 + 0.01 * n) for n in range(8)}
    assert disagreements(records) == {}
    said = disagreements(records | {"sub-fa": ratio(0.42)})["sub-fa"]
    assert "its median is 0.42, that of the cohort 0.22; is it a map of the damping ratio" in said


@pytest.mark.parametrize("people", [5, 8, 30, 300])
def test_sound_maps_that_vary_as_those_of_people_are_seldom_told(people):
    chance, told = random.Random(people), 0
    for _ in range(40):
        records = {
            f"sub-{n}": record(
                chance.lognormvariate(1.0, 0.08), spread=chance.lognormvariate(-1.2, 0.11)
            )
            for n in range(people)
        }
        told += len(disagreements(records))
    assert told <= 0.002 * 40 * people


def test_few_maps_are_compared_by_their_unit_alone():
    assert disagreements({f"sub-{n}": record(k) for n, k in enumerate((1, 2, 3, 9))}) == {}
