"""The target: which numbers are learned, and in which words they are told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from targets import AGE, BLOCK, POINTS, SIDES

from contrage.errors import SettingsError, TableError
from contrage.settings.build import as_plain
from contrage.target_words import TargetInWords

PLACE = "scans.tsv"


def lines(*cells):
    return [{"scan_id": f"sub-{at}", "progression": cell} for at, cell in enumerate(cells)]


def test_a_target_is_what_the_configuration_states():
    assert AGE.column == "age"
    assert AGE.range == (0.0, 120.0)
    assert (AGE.unit, AGE.bin, AGE.kind) == ("years", 1, "continuous")


def test_words_of_age_are_what_they_were():
    assert AGE.axis() == "Age (years)"
    assert AGE.axis("Error") == "Error (years)"
    assert AGE.told("3.2") == "3.2 years"
    assert AGE.predicted == "predicted_age"
    assert (AGE.mean_key, AGE.sd_key) == ("age_mean", "age_sd")


def test_predictions_have_the_decimals_that_the_scale_needs_and_of_ages_six():
    assert AGE.decimals == replace(AGE, bin=0.5).decimals == POINTS.decimals == 6
    assert replace(POINTS, bin=0.01, range=None).decimals == 8
    assert replace(POINTS, bin=1, range=[0, 1e-9]).decimals == 15
    assert replace(POINTS, bin=1e-10, range=None).decimals == 16


def test_words_follow_the_column_and_its_unit():
    assert replace(POINTS, column="bone_age", unit="months").axis() == "Bone age (months)"
    assert POINTS.told("3.2") == "3.2 points"
    assert POINTS.predicted == "predicted_progression"
    assert replace(POINTS, unit="").axis() == "Progression"
    assert replace(POINTS, unit="").told("3.2") == "3.2"


def test_values_of_scans_are_numbers():
    assert POINTS.of(lines("25", "346.5", 3), PLACE) == [25.0, 346.5, 3.0]


def test_a_binary_target_is_1_for_the_positive_side_and_0_for_the_negative():
    scans = [{"scan_id": "sub-1", "diagnosis": "AD"}, {"scan_id": "sub-2", "diagnosis": "HC"}]
    assert SIDES.of(scans, PLACE) == [1.0, 0.0]
    assert replace(SIDES, positive="1", negative="2").value("1.0") == 1.0
    with pytest.raises(ValueError, match="diagnosis is MCI, neither AD nor HC"):
        SIDES.value("MCI")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "progression is missing"),
        ("n/a", "progression is missing"),
        (None, "progression is missing"),
        ("many", "progression 'many' is not a number"),
        ("3,5", "progression '3,5' is not a number; write a decimal point"),
        ("nan", "progression is missing"),
        ("inf", "target.range: progression inf is outside 0 to 400"),
        ("401", "target.range: progression 401 is outside 0 to 400"),
    ],
)
def test_a_cell_that_cannot_be_used_says_why(cell, reason):
    with pytest.raises(ValueError, match=f"^{reason}$"):
        POINTS.value(cell)


def test_scans_without_a_value_are_named():
    with pytest.raises(TableError) as refused:
        POINTS.of(lines("25", "n/a", "many"), PLACE)
    assert str(refused.value) == (
        "target.column: scans.tsv: sub-1: progression is missing; "
        "sub-2: progression 'many' is not a number"
    )


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(TableError) as refused:
        replace(POINTS, column="score_1").of(lines("25"), PLACE)
    assert str(refused.value) == (
        "target.column: scans.tsv has no column 'score_1'; there are scan_id, progression"
    )


def test_a_constant_target_is_refused():
    with pytest.raises(SettingsError) as refused:
        POINTS.check_varies([7.0, 7.0, 7.0], "of fold 0")
    assert str(refused.value) == (
        "target.column: all 3 scans of fold 0 have the progression 7, so there is nothing to "
        "learn; choose another target, or add people"
    )
    POINTS.check_varies([7.0, 8.0], "of fold 0")


def test_each_step_is_told_the_part_that_decides_its_result():
    of_learned = {"column": "progression", "kind": "continuous", "positive": None, "negative": None}
    assert as_plain(POINTS.learned) == of_learned
    assert as_plain(POINTS.limited) == {**of_learned, "range": [0, 400]}
    assert as_plain(POINTS.written) == {**of_learned, "decimals": 6}
    named = replace(POINTS, unit="mm")
    assert (named.learned, named.limited, named.written) == (
        *(POINTS.learned, POINTS.limited, POINTS.written),
    )


def test_a_binary_target_has_neither_unit_nor_range():
    stated = {**BLOCK, "column": "dx", "kind": "binary", "positive": 1, "negative": 2}
    assert (stated["unit"], stated["range"]) == ("years", [0, 120])
    sides = TargetInWords(**stated)
    assert (sides.unit, sides.range, sides.learned.said(1)) == ("", None, "1")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"range": (5, 5)}, "target.range: [5, 5] holds no number"),
        ({"column": "scan_id"}, "target.column: scan_id is a column of the workflow's own tables"),
        (
            {"column": "sex"},
            "target.column: sex is a column of the workflow's own tables; rename it",
        ),
        ({"column": "Age"}, "target.column: Age: write age, which is the age of a scan whatever"),
        ({"column": "predicted_x"}, "target.column: predicted_x is a column of the workflow's own"),
        ({"column": "age", "kind": "binary"}, "target.kind: an age is a number"),
        ({"column": "age"}, "target.unit: an age is a number of years; cohort.age_unit says"),
        ({"positive": "AD"}, "target.positive: a continuous target has no such value"),
        ({"kind": "binary"}, "target.positive: a binary target needs such a value"),
        (
            {"kind": "binary", "positive": "1", "negative": "1.0"},
            "target.negative: 1.0 is target.positive as well",
        ),
    ],
)
def test_parts_that_contradict_each_other_are_refused_by_their_key(change, sentence):
    with pytest.raises(SettingsError) as refused:
        replace(POINTS, **change)
    assert str(refused.value).startswith(sentence)
