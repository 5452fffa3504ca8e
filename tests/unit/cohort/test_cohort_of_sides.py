"""A cohort read for a target of two sides: who is on either, and who has no part."""

from __future__ import annotations

from dataclasses import replace

import pytest
from targets import SIDES
from test_cohort_of_target import refused, table

from contrage.cohort.read import read_cohort
from contrage.cohort.register import register
from contrage.tables import read_tsv

CELLS = ["AD", "HC", "MCI", "HC", "", "AD"]


def sides(folder, cells=CELLS, **target):
    settings = table(folder, ["25"] * len(cells), {"diagnosis": cells}, features=["bmi", "bp"])
    return replace(settings, target=replace(SIDES.limited, **target), columns=("diagnosis",))


def test_whoever_has_neither_value_has_no_part_and_is_counted(tmp_path):
    cohort = read_cohort(sides(tmp_path))
    assert [scan.scan_id for scan in cohort.scans] == ["sub-p0", "sub-p1", "sub-p3", "sub-p5"]
    assert [(each.scan_id, each.reason) for each in cohort.excluded] == [
        ("sub-p2", "diagnosis is MCI, neither AD nor HC: no part (role none)"),
        ("sub-p4", "diagnosis is missing, neither AD nor HC: no part (role none)"),
    ]
    assert cohort.notes[-1] == (
        "2 scans have neither AD nor HC in the column diagnosis, and so no part (role none)"
    )


def test_the_table_of_scans_has_the_two_sides_alone(tmp_path):
    outputs = {name: tmp_path / f"{name}.tsv" for name in ("scans", "excluded")}
    register(sides(tmp_path), **outputs)
    assert read_tsv(outputs["scans"])["diagnosis"].tolist() == ["AD", "HC", "HC", "AD"]
    assert len(read_tsv(outputs["excluded"])) == 2


@pytest.mark.parametrize(("side", "value"), [("positive", "FTD"), ("negative", "healthy")])
def test_a_side_that_nobody_is_on_is_refused_with_the_values_there_are(tmp_path, side, value):
    settings = sides(tmp_path, **{side: value})
    assert refused(settings) == (
        f"target.{side}: {settings.path}: no scan has {value!r} in the column diagnosis; there "
        "are AD, HC, MCI"
    )


def test_sides_may_be_numbers(tmp_path):
    cohort = read_cohort(sides(tmp_path, ["1", "2", "2.0", "3", "1", "1"], positive=1, negative=2))
    assert [scan.columns["diagnosis"] for scan in cohort.scans] == ["1", "2", "2.0", "1", "1"]
