"""The table of gaps by group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from groups_study import GAPS, leaning

from contrage.errors import TableError

NUMBERS = ["n", "mean", "sd", "ci_low", "ci_high"]


def of(table, row="exp", kind="cole", cohort="all") -> pd.DataFrame:
    asked = (table["row"] == row) & (table["kind"] == kind) & (table["cohort"] == cohort)
    return table[asked].set_index("group")


def test_the_planted_gaps_are_found_in_the_order_of_the_groups(groups):
    found = of(groups.table("gap"))
    assert found.index.tolist() == ["HC", "sMCI", "pMCI", "AD"]
    assert found["n"].tolist() == [24] * 4
    for group, gap in GAPS.items():
        assert found.loc[group, "mean"] == pytest.approx(gap, abs=1.2)
        assert found.loc[group, "ci_low"] < found.loc[group, "mean"] < found.loc[group, "ci_high"]
    assert np.isnan(found.loc["HC", "difference"])
    assert found.loc["AD", "difference"] == pytest.approx(6, abs=1.2)
    assert found.loc["AD", "matched_low"] < 6 < found.loc["AD", "matched_high"]


def test_the_correction_that_is_asked_for_comes_first(groups):
    assert groups.table("gap")["kind"].drop_duplicates().tolist() == ["cole", "residual", "raw"]
    raw = groups.but(told={"gap": {}, "groups": {"correction": "raw"}}).table("gap")
    assert raw["kind"].drop_duplicates().tolist() == ["raw", "cole", "residual"]


def test_a_residual_gap_is_coles_times_the_slope_of_the_line(groups):
    table = groups.table("gap")
    cole, residual = of(table), of(table, kind="residual")
    assert cole.loc["AD", "beta"] == pytest.approx(0.8, abs=0.1)
    ratio = residual.loc["AD", "difference"] / cole.loc["AD", "difference"]
    assert ratio == pytest.approx(cole.loc["AD", "beta"], abs=0.02)
    assert cole.loc["AD", "n_controls"] == 18


def test_deleting_all_patients_changes_no_controls_number(groups):
    whole = of(groups.table("gap")).loc["HC", NUMBERS]
    alone = of(groups.without("sMCI", "pMCI", "AD").table("gap")).loc["HC", NUMBERS]
    pd.testing.assert_series_equal(whole, alone, check_exact=True)


def test_a_controls_own_fold_is_not_corrected_by_its_prediction(groups):
    """Another prediction of a control moves the gaps of other folds, and none of the own fold."""
    before = groups.table("gap_people")
    moved = groups.scans["participant_id"] == "sub-HC01"

    def other(scans, seed):
        return leaning(0.8)(scans, seed) + 30 * moved.to_numpy()

    after = groups.but(rows={**groups.rows, "exp": other}).table("gap_people")
    mine = (before["row"] == "exp") & (before["participant_id"] != "sub-HC01")
    own, others = mine & (before["fold"] == 1), mine & (before["fold"] != 1)
    for kind in ("cole", "residual"):
        np.testing.assert_array_equal(before.loc[own, kind], after.loc[own, kind])
        assert (before.loc[others, kind] != after.loc[others, kind]).all()


def test_everyone_who_is_predicted_alone_stands_there_once_and_so_do_controls(groups):
    people = groups.table("gap_people")
    exp = people[people["row"] == "exp"]
    assert exp["participant_id"].is_unique and len(exp) == 96
    assert set(exp["scan_id"].str[-5:]) == {"ses-0"}
    assert exp["group"].drop_duplicates().tolist() == list(GAPS)
    assert exp["raw"].notna().all() and exp["cole"].notna().all()


def test_several_seeds_are_a_mean_and_each_stands_in_the_table_of_people(groups):
    twice = groups.but(seeds=2)
    people = twice.table("gap_people")
    exp = people[(people["row"] == "exp") & (people["group"] == "AD")]
    found = of(twice.table("gap"))
    assert found.loc["AD", "n_seeds"] == 2 and found.loc["AD", "n"] == 24
    assert found.loc["AD", "mean"] == pytest.approx(exp["cole"].mean())
    assert exp.groupby("seed")["cole"].mean().nunique() == 2


def test_the_control_of_noise_is_there_and_cole_refuses_it(groups):
    table = groups.table("gap")
    refused = of(table, row="mean")
    assert refused["mean"].isna().all() and refused["n"].tolist() == [24] * 4
    assert refused["note"].str.contains("no gap by Cole's method").all()
    assert of(table, row="mean", kind="raw")["mean"].notna().all()
    assert table["row"].tolist()[-1] == "mean"


def test_each_cohort_has_a_line_of_its_own_controls(groups):
    shifted = groups.scans["owner"] == "oasis3"
    several = groups.scans.rename(columns={"owner": "cohort"})

    def predict(scans, seed):
        return leaning(0.8)(scans, seed) + 5.0 * shifted.to_numpy()

    table = groups.but(rows={"exp": predict}, scans=several).table("gap")
    assert table["cohort"].drop_duplicates().tolist() == ["adni", "oasis3"]
    for cohort in ("adni", "oasis3"):
        assert of(table, cohort=cohort).loc["HC", "mean"] == pytest.approx(0, abs=1.5)
    assert groups.table("gap")["cohort"].unique().tolist() == ["all"]
    named = {"gap": {}, "groups": {"cohort_column": "sex"}}
    assert groups.but(told=named).table("gap")["cohort"].drop_duplicates().tolist() == ["F", "M"]


def test_a_missing_group_is_told(groups):
    found = of(groups.without("pMCI").table("gap"))
    assert found.loc["pMCI", "n"] == 0 and np.isnan(found.loc["pMCI", "mean"])
    assert found.loc["pMCI", "note"] == "nobody is in the group pMCI"


def test_without_controls_there_is_no_correction_and_that_is_told(groups):
    table = groups.without("HC").table("gap")
    note = of(table).loc["AD", "note"]
    assert note.startswith("no control (HC) was tested; fold 0: no correction for age")
    raw = of(table, kind="raw").loc["AD"]
    assert raw["note"] == "no control (HC) was tested"
    assert np.isfinite(raw["mean"]) and np.isnan(raw["difference"])


def test_with_one_fold_there_is_no_line_and_that_is_told(groups):
    table = groups.but(scans=groups.scans.assign(fold=0)).table("gap")
    assert (
        "its line needs controls of two ages at least from other folds"
        in of(table).loc["AD", "note"]
    )


def test_patients_who_were_learned_from_are_told(groups):
    learned = groups.scans[groups.scans["group"] == "AD"].assign(split="train", fold=3)
    learned["scan_id"] += "b"
    groups = groups.but(scans=pd.concat([groups.scans, learned], ignore_index=True))
    note = of(groups.table("gap")).loc["sMCI", "note"]
    assert note.startswith("24 patients were learned from") and "dataset.learn_from" in note


def test_a_column_that_is_not_there_is_named_with_its_key(groups):
    lost = groups.but(told={"gap": {}, "groups": {"column": "dx"}})
    with pytest.raises(TableError, match=r"^evaluations\.groups\.column: .*no column 'dx'"):
        lost.table("gap")
    lost = groups.but(told={"gap": {}, "groups": {"cohort_column": "study"}})
    with pytest.raises(
        TableError, match=r"^evaluations\.groups\.cohort_column: .*no column 'study'"
    ):
        lost.table("gap")


def test_several_values_can_be_controls(groups):
    told = {"gap": {}, "groups": {"controls": ["HC", "sMCI"], "patients": ["AD"]}}
    scans = groups.scans.assign(split="test")
    found = of(groups.but(told=told, scans=scans).table("gap"))
    assert found["n"].tolist() == [48, 24] and found.index.tolist() == ["HC", "AD"]


def test_whose_first_scan_is_of_no_group_is_in_none_whatever_comes_later(groups):
    """The first of all scans says whose group it is, in every table alike."""
    scans = groups.scans.copy()
    scans.loc[scans["scan_id"] == "sub-AD00_ses-0", "group"] = "MCI-censored"
    scans.loc[scans["scan_id"] == "sub-AD01_ses-0", "group"] = "pMCI"
    changed = groups.but(scans=scans)
    found = of(changed.table("gap"))
    assert found["n"].to_dict() == {"HC": 24, "sMCI": 24, "pMCI": 25, "AD": 22}
    assert of(changed.table("slopes"))["n"].to_dict() == found["n"].to_dict()
    assert (changed.table("roc")["n_positive"] == 22).all()
    for name in ("gap_people", "slopes_people"):
        told = changed.table(name).drop_duplicates("participant_id").set_index("participant_id")
        assert "sub-AD00" not in told.index and told.loc["sub-AD01", "group"] == "pMCI"


def test_controls_who_are_external_are_told_as_such_and_not_as_missing(groups):
    scans = groups.scans.rename(columns={"owner": "cohort"})
    apart = (scans["cohort"] == "oasis3") & (scans["group"] == "HC")
    scans.loc[apart, "split"] = "external"
    told = groups.but(scans=scans)
    found = of(told.table("gap"), kind="raw", cohort="oasis3")
    assert found.loc["HC", "n"] == 0 and found.loc["AD", "n"] == 8
    assert (found["note"] == "controls of this cohort are external and have no part here").all()
    assert of(told.table("gap"), cohort="adni")["note"].isna().all()
    slopes = told.table("slopes")
    raw = slopes[(slopes["kind"] == "raw") & (slopes["cohort"] == "oasis3")]
    assert not raw["note"].str.contains("nobody").any()
