"""How the gap changes over the years."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress

from contrage.evaluation.statistics.gap.correct import CorrectionLine
from contrage.evaluation.statistics.gap.slopes import (
    person_slopes,
    pooled_slope,
    slopes_by_group,
)

GROUPS = ["HC", "AD"]
VISITS = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(60, 65), st.floats(-9, 9)), min_size=1, max_size=15
)


def cohort(rng, people: int = 60, slope: float = 1.5, noise: float = 0.4) -> pd.DataFrame:
    """Return 3 to 5 visits a person over some years; of half of them the gap grows."""
    person = np.repeat(np.arange(people), rng.integers(3, 6, people))
    start = rng.uniform(60, 80, people)
    later = rng.uniform(0, 4.5, len(person))
    patient = person % 2 == 1
    gap = rng.normal(0, 3, people)[person] + slope * patient * later
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{each:02d}" for each in person],
            "group": np.where(patient, "AD", "HC"),
            "target": start[person] + later,
            "gap": gap + rng.normal(0, noise, len(person)),
        }
    )


def test_worked_numbers():
    found = person_slopes(list("pppqq"), [70, 71, 72, 65, 65.5], [2, 3, 5, 1, 1.2])
    assert found["slope"].tolist() == pytest.approx([1.5, 0.4], abs=1e-6)
    assert found["weight"].tolist() == pytest.approx([2, 0.125], abs=1e-6)
    assert found["n_scans"].tolist() == [3, 2]
    slope, weight = found["slope"].to_numpy(), found["weight"].to_numpy()
    assert pooled_slope(slope, weight) == pytest.approx(1.4352941, abs=1e-6)
    assert slope.mean() == pytest.approx(0.95, abs=1e-6)


def test_worked_numbers_of_the_three_gaps():
    """Prediction 75, then 76.2, at 72 and 73 years: raw and residual gaps grow too slowly."""
    line, age, said = CorrectionLine(36.4, 0.48, 5), np.array([72.0, 73]), np.array([75, 76.2])
    found = {
        "raw": said - age,
        "residual": line.residual(age, said),
        "cole": line.cole(age, said),
    }
    slopes = {kind: person_slopes(["p", "p"], age, gap)["slope"][0] for kind, gap in found.items()}
    assert slopes == pytest.approx({"raw": 0.2, "residual": 0.72, "cole": 1.5}, abs=1e-6)


@given(VISITS)
def test_slopes_are_those_of_scipys_lines_person_by_person(visits):
    people, times, gap = zip(*visits, strict=True)
    found = person_slopes(people, times, gap).set_index("participant_id")
    for person in "abc":
        own = [(t, g) for p, t, g in visits if p == person]
        when = [t for t, _ in own]
        if len(own) < 2 or max(when) - min(when) < 0.4999:
            assert person not in found.index
        elif max(when) - min(when) > 0.5001:
            line = found.loc[person]
            assert line["slope"] == pytest.approx(linregress(*zip(*own, strict=True)).slope)
            assert line["weight"] == pytest.approx(np.var(when) * len(own))
            assert line["n_scans"] == len(own)


def test_the_pooled_slope_is_that_of_a_regression_with_everyones_own_intercept(rng):
    frame = cohort(rng, people=12)
    found = person_slopes(frame["participant_id"], frame["target"], frame["gap"])
    intercepts = pd.get_dummies(frame["participant_id"]).to_numpy(float)
    wanted = sm.OLS(frame["gap"].to_numpy(), np.column_stack([frame["target"], intercepts])).fit()
    pooled = pooled_slope(found["slope"].to_numpy(), found["weight"].to_numpy())
    assert pooled == pytest.approx(wanted.params[0])


@given(st.floats(-5, 5), st.floats(-80, 80))
def test_neither_the_first_year_nor_a_constant_gap_matters(constant, start):
    times, gap = np.array([0, 0.7, 2.2]), np.array([1.0, 4, 2])
    before = person_slopes(list("ppp"), times, gap)
    after = person_slopes(list("ppp"), times + start, gap + constant)
    assert after["slope"][0] == pytest.approx(before["slope"][0])
    assert after["weight"][0] == pytest.approx(before["weight"][0])


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        ([70.0], False),
        ([70.0, 70.0], False),
        ([70.0, 70.49], False),
        ([70.0, 70.2, 70.4], False),
        ([70.0, 70.5], True),
        ([63.6, 64.1], True),  # as decimals .4999999999999929 apart
        ([70.0, 70.2, 70.6], True),
    ],
)
def test_only_people_with_scans_half_a_year_apart_have_a_slope(times, counts):
    found = person_slopes(["p"] * len(times), times, range(len(times)))
    assert len(found) == counts


def test_groups_have_their_planted_slopes(rng, statistics):
    frame = cohort(rng, people=200)
    table = slopes_by_group(frame, GROUPS, statistics).set_index("group")
    assert table.loc["HC", "slope"] == pytest.approx(0, abs=0.1)
    assert table.loc["AD", "slope"] == pytest.approx(1.5, abs=0.1)
    assert table.loc["AD", "mean"] == pytest.approx(1.5, abs=0.15)
    assert table.loc["AD", "difference"] == pytest.approx(
        table.loc["AD", "slope"] - table.loc["HC", "slope"]
    )
    assert table.loc["AD", "ci_low"] < table.loc["AD", "slope"] < table.loc["AD", "ci_high"]
    assert table.loc["AD", "difference_low"] > 1
    assert table.loc["HC", "difference":].isna().all()
    assert (table["n"] > 90).all(), "few have all their visits within half a year"
    assert (table["n_scans"] >= 3 * table["n"]).all() and table["n_scans"].sum() <= len(frame)


def test_the_interval_is_that_of_a_loop_over_people(rng, statistics):
    frame = cohort(rng, people=40)
    line = slopes_by_group(frame, GROUPS, statistics).iloc[1]
    own = frame[frame["group"] == "AD"]
    found = person_slopes(own["participant_id"], own["target"], own["gap"])
    drawn, means = [], []
    for _ in range(2000):
        some = found.iloc[rng.integers(0, len(found), len(found))]
        drawn.append((some["slope"] * some["weight"]).sum() / some["weight"].sum())
        means.append(some["slope"].mean())
    for low, high, draws in (("ci_low", "ci_high", drawn), ("mean_low", "mean_high", means)):
        wanted = np.quantile(draws, [0.025, 0.975])
        assert [line[low], line[high]] == pytest.approx(wanted, abs=0.12 * np.ptp(wanted))


def test_intervals_of_a_difference_hold_the_truth(rng, statistics):
    hits = 0
    for _ in range(100):
        line = slopes_by_group(cohort(rng, people=50), GROUPS, statistics).iloc[1]
        hits += line["difference_low"] <= 1.5 <= line["difference_high"]
    assert hits / 100 >= 0.88


def test_the_order_of_scans_changes_nothing(rng, statistics):
    frame = cohort(rng)
    before = slopes_by_group(frame, GROUPS, statistics)
    after = slopes_by_group(frame.sample(frac=1, random_state=1), GROUPS, statistics)
    pd.testing.assert_frame_equal(before, after)


def test_a_group_with_single_scans_has_an_empty_line(rng, statistics):
    frame = cohort(rng)
    once = frame[frame["group"] == "AD"].drop_duplicates("participant_id")
    table = slopes_by_group(pd.concat([frame[frame["group"] == "HC"], once]), GROUPS, statistics)
    assert table.loc[1, "n"] == 0 and table.loc[1, "slope":].isna().all()
    turned = slopes_by_group(frame[frame["group"] == "AD"], GROUPS, statistics)
    assert turned.loc[0, "n"] == 0 and math.isnan(turned.loc[1, "difference"])
    assert turned.loc[1, "slope"] > 1


def test_one_person_has_a_slope_without_an_interval(rng, statistics):
    frame = cohort(rng)
    one = frame[(frame["group"] == "HC") | (frame["participant_id"] == "sub-01")]
    line = slopes_by_group(one, GROUPS, statistics).iloc[1]
    assert line["n"] == 1 and line["slope"] == line["mean"]
    assert math.isnan(line["ci_low"]) and math.isnan(line["difference_low"])
