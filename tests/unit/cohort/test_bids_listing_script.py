"""The comparison with libraries that index a BIDS folder: contrage is right in each case."""

from __future__ import annotations

import importlib
import sys

import pytest


@pytest.fixture
def listing(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module("bids_listing")


def test_every_folder_of_the_comparison_is_listed_as_it_is_meant(listing, tmp_path):
    assert len(listing.CASES) > 30
    for number, case in enumerate(listing.CASES):
        listing.write(tmp_path / str(number), case)
        assert listing.by_contrage(tmp_path / str(number), case.suffix) == case.found, case.name


def test_an_entity_that_a_library_drops_or_an_image_listed_twice_is_seen(listing):
    told = listing.told("sub-01_freq-30_T1w.nii", {"sub": "01"})
    assert told == "sub-01_freq-30_T1w.nii as {'sub': '01'}"
    assert listing.told("sub-01_run-02_T1w.nii", {"sub": "01", "run": "2"}).endswith(".nii")
    found = listing.by_scan(["sub-01", "sub-02"], [("sub-01_T1w.nii", {"sub": "01"})] * 2)
    assert found == {"sub-01": {"sub-01_T1w.nii", "sub-01_T1w.nii twice"}, "sub-02": set()}


def test_contrage_counts_the_images_of_the_comparison_with_and_without_its_kept_list(
    listing, tmp_path
):
    listing.make_cohort(tmp_path / "study", 3)
    for what in ("contrage", "contrage, its list kept"):
        assert listing.COUNTS[what](tmp_path / "study") == [3, 3]


def test_libraries_that_are_not_there_are_named_with_what_installs_them(listing, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bids_listing.py"])
    monkeypatch.setattr(listing.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="bids and bids2table not there; pip install pybids=="):
        listing.main()
