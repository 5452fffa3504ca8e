"""The gap by group."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from contrage.evaluation.statistics.gap.groups import gap_by_group, matched_difference

GROUPS = ["HC", "sMCI", "AD"]


def cohort(rng, people: int = 90, older: float = 0.0, lean: float = 0.0) -> pd.DataFrame:
    """Return one scan a person, gaps 0, 1 and 6; patients older, gaps leaning with age."""
    group = np.array(GROUPS)[np.arange(people) % 3]
    age = rng.normal(70, 6, people) + older * (group != "HC")
    gap = np.select([group == "sMCI", group == "AD"], [1.0, 6.0], 0.0) + lean * (age - 70)
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{at}" for at in range(people)],
            "group": group,
            "target": age,
            "sex": np.where(rng.random(people) < 0.5, "F", "M"),
            "gap": gap + rng.normal(0, 1, people),
        }
    )


def test_means_and_differences_are_those_of_the_groups(rng, statistics):
    frame = cohort(rng)
    table = gap_by_group(frame, GROUPS, statistics).set_index("group")
    for name, part in frame.groupby("group"):
        line = table.loc[name]
        assert (line["n"], line["mean"]) == (30, pytest.approx(part["gap"].mean()))
        assert line["sd"] == pytest.approx(part["gap"].std())
        error = part["gap"].std() / math.sqrt(30)
        assert line["ci_high"] - line["ci_low"] == pytest.approx(3.92 * error, rel=0.15)
    assert table.loc["HC", "difference":].isna().all()
    apart = table.loc["AD", "mean"] - table.loc["HC", "mean"]
    assert table.loc["AD", "difference"] == pytest.approx(apart)
    both = math.sqrt(table.loc["AD", "sd"] ** 2 / 30 + table.loc["HC", "sd"] ** 2 / 30)
    width = table.loc["AD", "difference_high"] - table.loc["AD", "difference_low"]
    assert width == pytest.approx(3.92 * both, rel=0.15)
    assert table.index.tolist() == GROUPS


def test_matching_takes_a_difference_of_age_away(rng, statistics):
    """Patients are eight years older, and a gap falls by .5 with a year of age."""
    frame = cohort(rng, people=900, older=8, lean=-0.5)
    line = gap_by_group(frame, GROUPS, statistics).set_index("group").loc["AD"]
    assert line["difference"] == pytest.approx(6 - 0.5 * 8, abs=0.8)
    assert line["matched"] == pytest.approx(6, abs=0.3)
    assert line["matched_low"] < 6 < line["matched_high"]


def test_the_matched_difference_is_the_coefficient_of_a_regression(rng):
    frame = cohort(rng, older=4, lean=0.3)
    frame = frame[frame["group"] != "sMCI"]
    frame["patient"] = frame["group"] == "AD"
    frame["patient"] = frame["patient"].astype(float)
    model = smf.ols("gap ~ patient + target + sex", frame).fit(cov_type="HC3", use_t=True)
    given = frame["gap"], frame["patient"], frame["target"], frame["sex"], 0.9
    found = matched_difference(*given)
    wanted = [model.params["patient"], *model.conf_int(0.1).loc["patient"]]
    assert found == pytest.approx(wanted)


def test_the_interval_of_the_matched_difference_holds_the_truth(rng):
    hits = 0
    for _ in range(300):
        frame = cohort(rng, people=60, older=4, lean=-0.3)
        frame = frame[frame["group"] != "sMCI"]
        patient = frame["group"] == "AD"
        frame["gap"] += np.where(patient, rng.normal(0, 3, len(frame)), 0)
        _, low, high = matched_difference(
            frame["gap"], patient, frame["target"], frame["sex"], 0.95
        )
        hits += low <= 6 <= high
    assert 0.91 <= hits / 300 <= 0.99


def test_only_the_first_scan_of_a_person_counts(rng, statistics):
    frame = cohort(rng)
    later = frame.assign(target=frame["target"] + 2, gap=frame["gap"] + 50, group="AD")
    both = pd.concat([later, frame]).sample(frac=1, random_state=0)
    once = gap_by_group(frame, GROUPS, statistics)
    found = gap_by_group(both, GROUPS, statistics)
    pd.testing.assert_frame_equal(
        found[["group", "n", "mean", "sd", "difference", "matched"]],
        once[["group", "n", "mean", "sd", "difference", "matched"]],
    )


def test_other_groups_have_no_line_and_no_say(rng, statistics):
    frame = cohort(rng)
    more = frame.assign(participant_id=frame["participant_id"] + "x", group="MCI-censored", gap=99)
    found = gap_by_group(pd.concat([frame, more]), GROUPS, statistics)
    pd.testing.assert_frame_equal(found, gap_by_group(frame, GROUPS, statistics))


def test_one_sex_and_one_age_need_no_matching(rng):
    gap, patient = rng.normal(0, 1, 20), np.arange(20) < 8
    found = matched_difference(gap, patient, np.full(20, 70.0), ["F"] * 20, 0.95)
    assert found[0] == pytest.approx(gap[:8].mean() - gap[8:].mean())
    unknown = matched_difference(gap, patient, np.full(20, 70.0), [None] * 20, 0.95)
    assert unknown == found


def test_a_group_that_cannot_be_told_from_sex_is_not_matched(rng):
    patient = np.arange(20) < 8
    sex = np.where(patient, "F", "M")
    found = matched_difference(rng.normal(0, 1, 20), patient, rng.normal(70, 5, 20), sex, 0.95)
    assert all(math.isnan(each) for each in found)


def test_who_has_no_sex_is_a_category(rng):
    frame = cohort(rng)
    patient = frame["group"] == "AD"
    sex = frame["sex"].where(rng.random(len(frame)) < 0.7, None)
    named = sex.fillna("unknown")
    one, other = (
        matched_difference(frame["gap"], patient, frame["target"], each, 0.95)
        for each in (sex, named)
    )
    assert one == pytest.approx(other)


def test_one_patient_has_a_difference_without_an_interval(rng, statistics):
    frame = cohort(rng, people=31)
    frame.loc[frame["group"] == "AD", "group"] = "sMCI"
    frame.loc[3, "group"] = "AD"
    line = gap_by_group(frame, GROUPS, statistics).set_index("group").loc["AD"]
    assert (
        line["n"] == 1 and np.isfinite(line[["mean", "difference", "matched"]].astype(float)).all()
    )
    assert line[["sd", "ci_low", "difference_low", "matched_low"]].isna().all()


def test_a_group_without_people_is_an_empty_line(rng, statistics):
    frame = cohort(rng)
    line = gap_by_group(frame[frame["group"] != "AD"], GROUPS, statistics).iloc[2]
    assert line["n"] == 0 and line[2:].isna().all()
    alone = gap_by_group(frame[frame["group"] != "HC"], GROUPS, statistics)
    assert alone.loc[1, "n"] == 30 and math.isnan(alone.loc[1, "matched"])


def test_constant_gaps_have_an_interval_of_no_width(rng, statistics):
    frame = cohort(rng).assign(gap=2.0)
    line = gap_by_group(frame, GROUPS, statistics).iloc[2]
    assert (line["ci_low"], line["ci_high"], line["difference"]) == (2, 2, 0)
    assert line["matched"] == pytest.approx(0, abs=1e-9)
