"""A table of features is read as it is meant, or refused in a line that says what to mend."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cohorts import asked, opened

from contrage.cohort.feature_table import feature_values
from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError, TableError
from contrage.plan.kinds import check_kind
from contrage.settings.steps.cohort import CohortStep

NAMES = {"participant": "ID", "age": "Age (years)", "site": "Scanner", "missing": "fail"}
HEAD = "ID,Age (years),Scanner,lh G&S,rh_area,comment"
LINES = ["007,31.5,A,2.5,100,fine", "008,44,B,2.25,90,", "Bo_9,70,B,2,80,moved"]


def cohort(folder: Path, text: str, name: str = "table.csv", **names: Any) -> CohortStep:
    """Write a table and return the settings that read it."""
    path = folder / name
    path.write_text(text)
    return asked(source="table", path=str(path), on_bad_scan="fail", table={**NAMES, **names})


def lines(*more: str) -> str:
    return "\n".join([HEAD, *LINES, *more]) + "\n"


def test_participants_keep_their_leading_zeros_and_odd_characters(tmp_path):
    found = read_cohort(cohort(tmp_path, lines()))
    assert [scan.scan_id for scan in found.scans] == ["sub-007", "sub-008", "sub-Bo_9"]
    assert [scan.age for scan in found.scans] == [31.5, 44, 70]
    assert [scan.site for scan in found.scans] == ["A", "B", "B"]
    assert {scan.sex for scan in found.scans} == {None}


def test_tabs_are_read_like_commas(tmp_path):
    commas = read_cohort(cohort(tmp_path, lines()))
    tabs = read_cohort(cohort(tmp_path, lines().replace(",", "\t"), "table.tsv"))
    assert tabs.scans == commas.scans


def test_semicolons_are_read_like_commas(tmp_path):
    commas = read_cohort(cohort(tmp_path, lines()))
    assert read_cohort(cohort(tmp_path, lines().replace(",", ";"))) == commas


def test_features_are_the_columns_of_numbers_that_have_no_other_part(tmp_path):
    assert opened(cohort(tmp_path, lines())).features == ["lh G&S", "rh_area"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"features": ["rh_*"]}, ["rh_area"]),
        ({"leave_out": ["rh_area"]}, ["lh G&S"]),
        ({"features": ["lh*", "rh*"], "leave_out": ["*area"]}, ["lh G&S"]),
    ],
)
def test_columns_are_chosen_by_name_or_pattern(tmp_path, names, expected):
    assert opened(cohort(tmp_path, lines(), **names)).features == expected


def test_excluded_rows_are_listed_with_their_reason_and_need_not_be_whole(tmp_path):
    text = lines("Bo_10,unknown,ADHD,,,")
    found = read_cohort(cohort(tmp_path, text, exclude={"Scanner": ["ADHD"]}))
    assert len(found.scans) == 3
    assert [(e.scan_id, e.stage, e.reason) for e in found.excluded] == [
        ("sub-Bo_10", "table", "Scanner is ADHD")
    ]


def test_two_visits_of_a_participant_stay_one_participant(tmp_path):
    text = lines().replace("007,", "sub-1_ses-a,").replace("008,", "sub-1_ses-b,")
    found = read_cohort(cohort(tmp_path, text)).scans
    assert [scan.participant_id for scan in found] == ["sub-1", "sub-1", "sub-Bo_9"]
    assert [scan.scan_id for scan in found[:2]] == ["sub-1_ses-a", "sub-1_ses-b"]


def test_a_missing_value_is_nan_where_the_median_is_to_stand_in(tmp_path):
    settings = cohort(tmp_path, lines("9,50,A,n/a,70,"), missing="median")
    values = feature_values(opened(settings))
    assert values[0] == [2.5, 100]
    assert values[3][0] != values[3][0]
    assert len(read_cohort(settings).scans) == 4


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        (lines("9,50,A,n/a,70,"), {}, r"values are missing \(1 in all\), the first in column 'lh"),
        (lines("9,50,A,2.0x,70,"), {}, "column 'lh G&S' has '2.0x' among numbers"),
        (lines("9,50,A,inf,70,"), {}, "column 'lh G&S' has 'inf' among numbers"),
        (lines("9,50,A,2"), {}, "line 5 has 4 cells, the header 6"),
        (lines("007,50,A,2,70,"), {}, "sub-007 stands there twice"),
        (lines(",50,A,2,70,"), {}, "no participant's id"),
        (lines("9,old,A,2,70,"), {}, "sub-9: age 'old' is not a number"),
        (lines().replace(",", "|"), {}, "columns must be separated by commas"),
        (lines().replace("rh_area", "lh G&S"), {}, "two columns are named 'lh G&S'"),
        (lines(), {"age": "age"}, r"no column 'age' \(cohort.table.age\)"),
        (lines(), {"site": "place"}, r"no column 'place' \(cohort.table.site\)"),
        (lines(), {"exclude": {"Scanner": ["C"]}}, "no row has Scanner 'C'"),
        (lines(), {"exclude": {"place": ["C"]}}, r"no column 'place' \(cohort.table.exclude\)"),
        (lines(), {"exclude": {"Scanner": ["A", "B"]}}, "no row is left"),
        (lines(), {"leave_out": ["lx*"]}, r"no column matches 'lx\*' \(cohort.table.leave_out\)"),
        (lines(), {"features": ["comment"]}, "no column of numbers is left"),
        ("", {}, "is empty; it needs a line of column names"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, text, names, message):
    with pytest.raises(TableError, match=message) as caught:
        read_cohort(cohort(tmp_path, text, **names))
    assert str(tmp_path / "table.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path):
    settings = cohort(tmp_path, lines())
    (tmp_path / "table.csv").write_bytes(b"PK\x03\x04\xff\xfe\x00xl/workbook.xml")
    with pytest.raises(TableError, match=r"table.csv: is an Excel workbook"):
        read_cohort(settings)


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path):
    with pytest.raises(TableError, match=r"table.xlsx: the file's name must end in .csv"):
        read_cohort(cohort(tmp_path, lines(), "table.xlsx"))


def test_a_table_that_is_not_there_is_named_with_its_key(tmp_path):
    settings = replace(cohort(tmp_path, lines()), path=str(tmp_path / "none.csv"))
    with pytest.raises(SettingsError, match=r"cohort.path: no file .*none.csv"):
        read_cohort(settings)


@pytest.fixture
def config(root) -> dict[str, Any]:
    content = yaml.safe_load((root / "config/config.yaml").read_text())
    content["cohort"].update(source="table", image="table")
    content["training"]["encoder"] = "mlp"
    return content


def test_a_table_with_its_encoder_can_work(config):
    check_kind(config)


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        ("dataset", "normalisation", "image", "dataset.normalisation: image is for images"),
        ("dataset", "normalisation", "cohort", "dataset.normalisation: cohort is for images"),
        ("dataset", "field_of_view", "common", "dataset.field_of_view: a table has none"),
        (
            "training",
            "encoder",
            "small",
            "training.encoder: small does not fit features .* set it to mlp",
        ),
        ("cohort", "image", "T1w", "cohort.image: table goes with cohort.source: table"),
        ("cohort", "source", "bids", "cohort.image: table goes with cohort.source: table"),
    ],
)
def test_what_only_images_have_is_refused_for_a_table(config, part, key, value, message):
    config[part][key] = value
    with pytest.raises(SettingsError, match=message):
        check_kind(config)
