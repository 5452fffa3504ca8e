"""The table of slopes over the years, and that of everyone who was followed."""

from __future__ import annotations

import numpy as np
import pytest
from groups_study import SLOPES


def of(table, row="exp", kind="cole"):
    return table[(table["row"] == row) & (table["kind"] == kind)].set_index("group")


def test_the_planted_slopes_are_found_and_raw_ones_are_too_small(groups):
    table = groups.table("slopes")
    cole, raw = of(table), of(table, kind="raw")
    for group, slope in SLOPES.items():
        assert cole.loc[group, "slope"] == pytest.approx(slope, abs=0.15)
    assert cole["n"].tolist() == [24] * 4 and cole["n_scans"].tolist() == [72] * 4
    assert cole.loc["AD", "difference"] == pytest.approx(1.5, abs=0.15)
    assert raw.loc["AD", "difference"] == pytest.approx(0.8 * 1.5, abs=0.02)
    assert np.isnan(cole.loc["HC", "difference"])


def test_a_group_that_nobody_followed_is_told(groups):
    once = groups.scans[(groups.scans["group"] != "AD") | (groups.scans["years"] == 0)]
    found = of(groups.but(scans=once).table("slopes"))
    assert found.loc["AD", "n"] == 0 and np.isnan(found.loc["AD", "slope"])
    assert found.loc["AD", "note"] == "nobody of the group AD has two scans half a year apart"
    assert found.loc["pMCI", "slope"] == pytest.approx(1, abs=0.15)


def test_the_control_of_noise_is_refused_by_cole(groups):
    found = of(groups.table("slopes"), row="mean")
    assert found["slope"].isna().all() and found["note"].str.contains("Cole's method").all()
    assert of(groups.table("slopes"), "mean", "raw").loc["HC", "slope"] == pytest.approx(-1)


def test_everyone_who_was_followed_has_a_line_for_each_scan_with_the_slope(groups):
    people = groups.table("slopes_people")
    exp = people[people["row"] == "exp"]
    assert exp["scan_id"].is_unique and len(exp) == 96 * 3
    assert exp.groupby("participant_id")["years"].min().eq(0).all()
    one = exp[exp["participant_id"] == "sub-AD05"]
    assert one["years"].tolist() == pytest.approx([0, 1.5, 3])
    wanted = np.polyfit(one["years"], one["cole"], 1)[0]
    assert one["slope_cole"].tolist() == pytest.approx([wanted] * 3)
    mean = people[people["row"] == "mean"]
    assert mean["cole"].isna().all() and mean["raw"].notna().all()


def test_who_was_seen_once_has_no_line_there(groups):
    once = groups.scans[(groups.scans["group"] != "AD") | (groups.scans["years"] == 0)]
    people = groups.but(scans=once).table("slopes_people")
    assert set(people["group"]) == {"HC", "sMCI", "pMCI"}
