"""Maps that are read in another unit than the cohort's, or lie far from it, are told."""

from __future__ import annotations

from contrage.cohort.agreement import disagreements


def record(kpa: float, unit: str = "kPa", declared: str = "auto", status: str = "ok") -> dict:
    return {"status": status, "unit": unit, "unit_declared": declared, "median_kpa": kpa}


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
