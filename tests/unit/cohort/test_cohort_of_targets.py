"""A cohort read for several targets: whoever has any of them is in it."""

from __future__ import annotations

import pytest
from cohorts import asked
from given import block
from targets import POINTS_BLOCK

from contrage.cohort.read import read_cohort
from contrage.cohort.targets import for_target
from contrage.errors import SettingsError, TableError
from contrage.plan.cohort_settings import settings_of
from contrage.settings.build import as_plain, build
from contrage.settings.steps.cohort import CohortStep
from contrage.target_words import TargetInWords

SIDES = {"column": "group", "kind": "binary", "positive": "AD", "negative": "HC", "range": None}
LINES = """participant_id,age,progression,group,bmi,bp
p0,31,25,HC,24.1,90.2
p1,,151,AD,22.9,85.5
p2,44,,MCI,27.3,99.9
p3,50,75.5,HC,21.8,81.7
p4,,,MCI,25.2,93.6
p5,72,141,AD,23.4,88.8
"""


def settings(tmp_path, targets, on_bad_scan="exclude"):
    (tmp_path / "table.csv").write_text(LINES, encoding="utf-8")
    own = block(
        "cohort",
        source="table",
        path=str(tmp_path / "table.csv"),
        on_bad_scan=on_bad_scan,
        columns=["group", "progression"],
        table={"missing": "fail"},
    )
    first, *others = [block("target", **each) for each in targets]
    needs = {"needs_anatomical": False, "needs_mask": False, "needs_magnitude": False}
    return settings_of(own, target=first, also=others, asked_by={}, raw="raw", **needs)


def people(cohort):
    return [scan.participant_id for scan in cohort.scans]


def limited(target):
    return TargetInWords(**block("target", **target)).limited


def test_whoever_has_any_target_is_in_it_and_nobody_else(tmp_path):
    cohort = read_cohort(settings(tmp_path, [{}, SIDES, POINTS_BLOCK]))
    assert people(cohort) == ["sub-p0", "sub-p2", "sub-p3", "sub-p5", "sub-p1"]
    (lost,) = cohort.excluded
    assert lost.scan_id == "sub-p4"
    for word in ("age is missing", "group is MCI, neither AD nor HC", "progression is missing"):
        assert word in lost.reason


def test_every_target_sees_the_people_whom_a_cohort_of_its_own_would_have(tmp_path):
    together = read_cohort(settings(tmp_path, [{}, SIDES, POINTS_BLOCK]))
    for target in ({}, SIDES, POINTS_BLOCK):
        alone = read_cohort(settings(tmp_path, [target]))
        seen = for_target(together, limited(target))
        assert sorted(people(seen)) == sorted(people(alone))
        assert {e.scan_id for e in seen.excluded} == {e.scan_id for e in alone.excluded}
        ages = {scan.participant_id: scan.age for scan in alone.scans}
        assert {scan.participant_id: scan.age for scan in seen.scans} == ages


def test_two_ranges_of_ages_are_two_targets(tmp_path):
    asked_for = [{"range": [0, 45]}, {"range": [40, 120]}]
    cohort = read_cohort(settings(tmp_path, asked_for))
    assert sorted(people(cohort)) == ["sub-p0", "sub-p2", "sub-p3", "sub-p5"]
    assert people(for_target(cohort, limited({"range": [0, 45]}))) == ["sub-p0", "sub-p2"]


def test_a_bad_row_of_any_target_is_refused_where_bad_rows_are(tmp_path):
    with pytest.raises(TableError, match=r"^target\.column: .*sub-p2: progression is missing"):
        read_cohort(settings(tmp_path, [SIDES, POINTS_BLOCK], on_bad_scan="fail"))
    with pytest.raises(TableError, match="age is missing"):
        read_cohort(settings(tmp_path, [SIDES, {}], on_bad_scan="fail"))


def test_a_side_that_nobody_is_on_is_refused_whatever_else_is_predicted(tmp_path):
    with pytest.raises(SettingsError, match=r"^target\.positive"):
        read_cohort(settings(tmp_path, [{}, SIDES | {"positive": "FTD"}]))


def test_neither_the_order_of_targets_nor_equal_ones_change_what_a_cohort_is_asked_for(tmp_path):
    one = settings(tmp_path, [{}, SIDES, POINTS_BLOCK])
    assert settings(tmp_path, [POINTS_BLOCK, SIDES, {}, SIDES]) == one
    assert one.columns == ("group", "progression") and len(one.also) == 2
    assert build(CohortStep, as_plain(one)) == one


def test_of_one_target_the_settings_say_nothing_of_others(tmp_path):
    alone = settings(tmp_path, [{}, {"unit": "years"}])
    assert alone == settings(tmp_path, [{}]) and alone.also == ()
    assert "also" not in as_plain(alone) and as_plain(alone) == as_plain(asked_alone(tmp_path))


def asked_alone(tmp_path):
    path = str(tmp_path / "table.csv")
    own = {"columns": ["group", "progression"], "table": {"missing": "fail"}}
    return asked(source="table", path=path, on_bad_scan="exclude", **own)
