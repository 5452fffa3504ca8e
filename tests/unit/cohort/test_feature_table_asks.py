"""Columns that are no features, and rows of one person twice, are asked about first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cohorts import asked, opened

from contrage.cohort.feature_table import feature_values
from contrage.cohort.read import read_cohort
from contrage.errors import TableError
from contrage.settings.steps.cohort import CohortStep

AGES = np.random.default_rng(3).uniform(20, 80, 40).round(1)


@pytest.fixture
def settings(tmp_path: Path):
    """Write a table of 40 people with three good features and further columns; its settings."""

    def write(columns: dict[str, Any], rows: str = "", **table: Any) -> CohortStep:
        rng = np.random.default_rng(0)
        good = {f"f{k}": (0.05 * AGES + rng.normal(0, 1, 40)).round(4) for k in range(3)}
        cells = {"participant_id": [f"p{k:02d}" for k in range(40)], "age": AGES, **good, **columns}
        lines = [",".join(cells)]
        lines += [",".join(map(str, row)) for row in zip(*cells.values(), strict=True)]
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines) + f"\n{rows}", encoding="utf-8")
        of_table = {"missing": "median", **table}
        return asked(source="table", path=str(path), on_bad_scan="fail", table=of_table)

    return write


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("age_months", (AGES * 12).round()),
        ("born", 2026 - np.floor(AGES)),
        ("x", AGES**2),
        ("age_group", AGES // 10),
        ("predicted_age", AGES + np.random.default_rng(1).normal(0, 4, 40)),
    ],
)
def test_age_in_another_dress_is_named_and_can_be_left_out_or_accepted(settings, column, values):
    with pytest.raises(TableError, match=f"age is among the features: '{column}'"):
        read_cohort(settings({column: values}))
    assert len(read_cohort(settings({column: values}, leave_out=[column])).scans) == 40
    assert len(read_cohort(settings({column: values}, accept=[column])).scans) == 40


@pytest.mark.parametrize("column", ["", "Unnamed: 0", "index"])
def test_numbers_of_rows_are_asked_about(settings, column):
    with pytest.raises(TableError, match="a column counts the rows"):
        read_cohort(settings({column: range(40)}))
    assert len(read_cohort(settings({column: range(40)}, leave_out=[column])).scans) == 40


def test_codes_of_missing_values_are_asked_about_and_are_missing_once_they_are_named(settings):
    volume = np.random.default_rng(2).uniform(3, 4, 40).round(3)
    volume[[4, 9]] = -999
    with pytest.raises(TableError, match=r"'volume' \(-999 in 2 rows"):
        read_cohort(settings({"volume": volume}))
    wanted = settings({"volume": volume}, missing_values=[-999])
    assert len(read_cohort(wanted).scans) == 40
    found = np.array(feature_values(opened(wanted)))[:, 3]
    assert np.flatnonzero(np.isnan(found)).tolist() == [4, 9]


def test_equal_rows_of_two_people_are_refused_left_out_or_kept_as_asked(settings):
    wanted = settings({})
    lines = Path(wanted.path).read_text(encoding="utf-8").splitlines()
    twin = lines[5].replace("p04", "zz")
    wanted = settings({}, rows=f"{twin}\n")
    with pytest.raises(TableError, match=r"sub-p04: has the same features as sub-zz: one person"):
        read_cohort(wanted)
    cohort = read_cohort(replace(wanted, on_bad_scan="exclude"))
    assert [each.scan_id for each in cohort.excluded] == ["sub-p04", "sub-zz"]
    kept = read_cohort(replace(wanted, duplicates="keep"))
    assert len(kept.scans) == 41
    assert "sub-p04 has the same features as sub-zz" in kept.notes[0]
    visit = settings({}, rows=twin.replace("zz", "p04_ses-b") + "\n")
    assert len(read_cohort(visit).scans) == 41, "two visits of one person are no duplicates"


def test_the_json_beside_a_table_are_read(settings, tmp_path):
    wanted = settings({"sex": ["1", "2"] * 20})
    (tmp_path / "table.json").write_text(
        '{"age": {"Units": "months"}, "sex": {"Levels": {"1": "male", "2": "female"}}}'
    )
    cohort = read_cohort(wanted)
    assert cohort.scans[0].age == pytest.approx(AGES[0] / 12)
    assert cohort.notes == [f"ages given in months, and told in years: {tmp_path / 'table.json'}"]
    assert [scan.sex for scan in cohort.scans[:2]] == ["M", "F"]
    assert str(tmp_path / "table.json") in cohort.tables
    further = read_cohort(replace(wanted, columns=("F0",)))
    assert float(further.scans[0].columns["F0"])
    assert "f0" not in opened(replace(wanted, columns=("F0",))).features


@pytest.mark.parametrize(("one", "other"), [("p05", "p5"), ("p05", "P05")])
def test_ids_that_differ_by_zeros_or_capitals_alone_are_asked_about(settings, one, other):
    wanted = settings({})
    path = Path(wanted.path)
    lines = path.read_text(encoding="utf-8").splitlines()
    new = lines[20].replace("p19", other).replace(",", ",0", 1)
    path.write_text("\n".join([*lines, new.replace("0.", "1.")]) + "\n", encoding="utf-8")
    with pytest.raises(TableError, match=f"differ by zeros or capitals alone: {one}, {other}"):
        read_cohort(wanted)
    assert len(read_cohort(replace(wanted, duplicates="keep")).scans) == 41
