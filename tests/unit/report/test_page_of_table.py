"""The page of a table of features: says what it holds, and has no empty place for images."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from test_page import Page

from contrage.files import read_json
from contrage.tables import read_tsv, write_tsv


@pytest.fixture
def tabular(bare):
    """A made-up experiment on a table of 12 features."""
    bare.config["cohort"] |= {"source": "table", "image": "table"}
    bare.config["training"]["encoder"] = "mlp"
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    images_only = ["coverage", "overlap", "correlation", "flagged", "flag_reason"]
    codes = scans["sex"].map({"F": "0", "M": "1"})
    write_tsv(bare.path("dataset", "scans.tsv"), scans.drop(columns=images_only).assign(sex=codes))
    for seed in (0, 1, 2):
        path = bare.path("baselines", f"seed-{seed}.tsv")
        frame = read_tsv(path)
        frame = frame[frame["baseline"] != "ridge-coverage"]
        write_tsv(path, frame.replace({"baseline": {"ridge-blocks": "ridge-features"}}))
    columns = {"feature": [f"f{i}" for i in range(12)], "missing": 0, "constant": False}
    write_tsv(bare.path("columns.tsv"), pd.DataFrame(columns))
    return bare


def made(report, figures: bool = False) -> Page:
    report.make_tables()
    if figures:
        report.make_figures(drawn=False)
    report.make_page(columns=report.path("columns.tsv"))
    return Page(report.html)


def test_the_page_says_what_the_table_holds(tabular):
    found = made(tabular)
    assert "The cohort has 60 participants (sex not told) from five sites" in found.text
    assert found.text.count("A scan is a row of 12 features; no value is missing.") == 2
    assert "learned from the features with" in found.text
    assert "from region features" in found.text
    assert "12features" in re.sub(r"\s", "", found.text)


def test_missing_and_constant_features_are_told(tabular):
    columns = read_tsv(tabular.path("columns.tsv"))
    columns.loc[[2, 5], "missing"] = [1, 3]
    columns.loc[7, "constant"] = True
    write_tsv(tabular.path("columns.tsv"), columns)
    assert (
        "A scan is a row of 12 features, one of which is the same for everyone and so without "
        "effect; 4 values of 2 features were missing and got the median of the training rows."
    ) in made(tabular).text


def test_ridge_on_the_raw_features_stands_beside_the_losses(tabular):
    table = made(tabular).tables["table-mae"]
    names = [line[0] for line in table]
    assert "Ridge on the raw features" in names
    assert not any("block" in name or "coverage" in name for name in names)


def test_nothing_on_the_page_speaks_of_images(tabular):
    found = made(tabular, figures=True)
    for word in ("stiffness", "coverage", "block means", "template", " mm ", "preprocess"):
        assert word not in found.text.split("Show the configuration")[0].lower(), word
    assert "coverage" not in found.text.split("What each number means")[1].lower()
    assert {"quality", "coverage", "preprocessing"}.isdisjoint(found.ids)
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    names = {entry["name"] for entry in read_json(tabular.path("figures", "figures.json"))}
    assert names == {
        *("mae", "ranks", "predicted_vs_true", "bland_altman"),
        *("training_curves", "age_histogram"),
    }


def test_no_section_is_empty(tabular):
    made(tabular)
    for section in re.findall(r"<section.*?</section>", tabular.html, re.S):
        rest = re.sub(r"<h2.*?</h2>", "", section, flags=re.S)
        assert re.search(r"<(p|table|img|details|dl)\b", rest), section[:80]


def test_codes_of_sex_are_not_taken_for_women_or_men(tabular):
    found = made(tabular)
    assert "women" not in found.text
    assert {line[5] for line in found.tables["table-cohort"][1:]} == {"n/a"}


def test_a_ridge_as_good_as_the_encoders_is_pointed_out(tabular):
    for seed in (0, 1, 2):
        path = tabular.path("baselines", f"seed-{seed}.tsv")
        frame = read_tsv(path)
        ridge = frame["baseline"] == "ridge-features"
        frame.loc[ridge, "predicted_age"] = frame.loc[ridge, "age"] + 1
        write_tsv(path, frame)
    assert "Ridge regression on the raw features errs by 1.00 years" in made(tabular).text
