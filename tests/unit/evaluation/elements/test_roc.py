"""The table of areas under ROC curves."""

from __future__ import annotations

import numpy as np
import pytest
from groups_study import leaning
from sklearn.metrics import roc_auc_score

from contrage.evaluation.statistics.roc import auc_differences


def of(table, row="exp") -> object:
    return table[table["row"] == row].set_index("score")


def gaps(groups, row="exp"):
    people = groups.table("gap_people")
    return people[(people["row"] == row) & people["group"].isin(["HC", "AD"])]


def test_the_areas_are_scikit_learns_by_the_first_scan_of_each_person(groups):
    found, told = of(groups.table("roc")), gaps(groups)
    assert found.index.tolist() == ["cole", "residual", "raw", "age"]
    for score in found.index:
        wanted = roc_auc_score(told["group"] == "AD", told[score])
        wanted = max(wanted, 1 - wanted) if score == "age" else wanted
        assert found.loc[score, "auc"] == pytest.approx(wanted)
    assert found["n_positive"].tolist() == found["n_negative"].tolist() == [24] * 4
    assert (found["ci_low"] < found["auc"]).all() and (found["ci_high"] <= 1).all()


def test_the_gap_is_compared_with_age_alone_and_with_the_raw_gap(groups):
    found = of(groups.table("roc"))
    age, raw = found.loc["age"], found.loc["raw"]
    assert found.loc["cole", "minus_age"] == pytest.approx(found.loc["cole", "auc"] - age["auc"])
    assert found.loc["cole", "minus_raw"] == pytest.approx(found.loc["cole", "auc"] - raw["auc"])
    assert found.loc["cole", "p_age"] < 0.001 and np.isnan(age["p_age"]) and np.isnan(raw["p_raw"])
    assert raw["minus_age"] == pytest.approx(-age["minus_raw"])


def test_where_patients_are_younger_a_gap_has_to_beat_that_the_younger_are_patients(groups):
    """Age that is taken the wrong way round has an area below one half, which anything beats."""
    scans = groups.scans.copy()
    of = {"AD": -15, "HC": 15}
    scans["age"] = scans["age"] + scans["group"].map(of).fillna(0)
    found = groups.but(scans=scans).table("roc")
    found = found[found["row"] == "exp"].set_index("score")
    told = gaps(groups.but(scans=scans))
    age = roc_auc_score(told["group"] == "AD", -told["age"])
    assert age > 0.7 and found.loc["age", "auc"] == pytest.approx(age)
    assert found["direction"].to_dict() == {
        **dict.fromkeys(("cole", "residual", "raw"), "higher"),
        "age": "lower",
    }
    wanted = auc_differences(
        told.assign(younger=-told["age"])[["cole", "younger"]], told["group"] == "AD"
    ).iloc[0]
    assert found.loc["cole", "minus_age"] == pytest.approx(wanted["difference"])
    assert found.loc["cole", "p_age"] == pytest.approx(wanted["p"])


def test_the_area_of_several_seeds_is_the_mean_of_theirs_not_that_of_a_mean_gap(groups):
    noisy = groups.but(seeds=3, rows={"exp": leaning(0.8, noise=6)})
    found, told = of(noisy.table("roc")), gaps(noisy)
    each = [roc_auc_score(seed["group"] == "AD", seed["cole"]) for _, seed in told.groupby("seed")]
    assert found.loc["cole", "auc"] == pytest.approx(np.mean(each))
    together = told.groupby("participant_id").agg({"group": "first", "cole": "mean"})
    averaged = roc_auc_score(together["group"] == "AD", together["cole"])
    assert averaged > found.loc["cole", "auc"] + 0.02
    assert found.loc["cole", "n_seeds"] == 3


def test_the_control_of_noise_knows_the_age_alone(groups):
    found = of(groups.table("roc"), "mean")
    assert found.loc["raw", "auc"] == pytest.approx(1 - found.loc["age", "auc"])
    assert np.isnan(found.loc["cole", "auc"]) and "Cole's method" in found.loc["cole", "note"]


def test_without_patients_of_the_side_there_is_no_area_and_that_is_told(groups):
    found = of(groups.without("AD").table("roc"))
    assert found["auc"].isna().all() and (found["n_positive"] == 0).all()
    assert (found["note"] == "nobody is in the group AD").all()


def test_several_groups_can_be_the_positive_side(groups):
    found = of(groups.but(told={"roc": {"positive": ["pMCI", "AD"]}}).table("roc"))
    assert found["n_positive"].tolist() == [48] * 4
    assert found["positive"].unique().tolist() == ["pMCI, AD"]


def test_people_whom_some_seeds_did_not_test_are_left_out_and_told(groups, monkeypatch):
    """As with a new split per seed: an area is of one set of people."""
    write = type(groups)._write

    def lacking(self, file, predicted, **more):
        path = write(self, file, predicted, **more)
        if file.name == "seed-1.tsv":
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(line for line in lines if not line.startswith("sub-HC00")))
        return path

    monkeypatch.setattr(type(groups), "_write", lacking)
    found = of(groups.but(seeds=2).table("roc"))
    assert found["n_negative"].tolist() == [23] * 4
    assert found.loc["raw", "note"] == ("1 person was not tested by every seed and is left out")


def test_rows_are_compared_in_pairs_and_corrected_for_their_number(groups):
    rows = {**groups.rows, "rnc": leaning(0.8, noise=8)}
    pairs = groups.but(rows=rows).table("roc_pairs")
    areas = groups.but(rows=rows).table("roc")
    auc = areas[areas["score"] == "cole"].set_index("row")["auc"]
    told = pairs[["first", "second"]].to_numpy().tolist()
    assert told == [["exp", "l1"], ["exp", "rnc"], ["l1", "rnc"]]
    for line in pairs.itertuples():
        assert line.difference == pytest.approx(auc[line.first] - auc[line.second])
        assert line.p <= line.p_holm
    assert pairs.loc[1, "p"] < 0.05 and (pairs["n_positive"] == 24).all()


def test_a_row_whose_gap_is_refused_is_not_compared(groups):
    pairs = groups.but(rows={**groups.rows, "l1": leaning(0.1)}).table("roc_pairs")
    assert np.isnan(pairs.loc[0, "p"]) and pairs.loc[0, "note"].startswith("l1: fold 0: no gap by")


def test_the_area_below_a_curve_is_that_of_the_table(groups):
    curves, found = groups.table("roc_curves"), of(groups.table("roc"))
    for score in ("cole", "age"):
        curve = curves[(curves["row"] == "exp") & (curves["score"] == score)]
        area = np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"])
        assert area == pytest.approx(found.loc[score, "auc"])
    assert set(curves["row"]) == {"exp", "l1"}
