"""The table of errors by cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from contrage.errors import TableError

MERGED = {"cohorts": {"columns": ["cohort", "sex"]}}


@pytest.fixture
def merged(groups):
    """Controls of two cohorts are tested, others learned from; everyone of a third is."""
    scans = groups.scans.rename(columns={"owner": "cohort"})
    learned = scans["participant_id"].str[-2:].astype(int) >= 12
    scans["split"] = np.where(learned, "train", "test")
    scans.loc[scans["group"] == "AD", ["cohort", "split"]] = ["icbm", "train"]
    return groups.but(scans=scans, told=MERGED)


def test_each_cohort_has_the_errors_of_its_own_test_scans(merged):
    table = merged.table("cohorts")
    assert table["column"].drop_duplicates().tolist() == ["cohort", "sex"]
    for line in table[table["note"].isna()].itertuples():
        scans = merged.scans[(merged.scans["split"] == "test")]
        told = pd.Series(merged.rows[line.row](merged.scans, 0), merged.scans.index)
        own = scans[scans[line.column] == line.value]
        error = (told[own.index] - own["age"]).abs()
        assert line.mae_mean == pytest.approx(error.mean())
        assert line.n_participants == own["participant_id"].nunique()
        assert line.gm <= line.mae_mean <= line.rmse_mean
        assert line.ci_low < line.mae_mean < line.ci_high


def test_the_reference_is_the_mean_of_everyone_who_was_learned_from(merged):
    line = merged.table("cohorts").iloc[0]
    scans = merged.scans
    mean = scans[scans["split"] == "train"].groupby("fold")["age"].mean()
    own = scans[(scans["cohort"] == line["value"]) & (scans["split"] == "test")]
    error = (own["age"] - own["fold"].map(mean)).abs().mean()
    assert line["mae_baseline"] == pytest.approx(error)


def test_to_be_old_explains_nothing_of_a_cohort_of_old_people(merged):
    """Against the mean of all ages R² would be near 1, for whoever says that they are old."""
    scans = merged.scans
    own = (scans["cohort"] == "oasis3") & (scans["split"] == "test")
    scans = scans.assign(age=np.where(own, scans["age"] + 40, scans["age"]))
    table = merged.but(scans=scans, told={"cohorts": {"columns": ["cohort"]}}).table("cohorts")
    for line in table[table["note"].isna()].itertuples():
        tested = scans[(scans["cohort"] == line.value) & (scans["split"] == "test")]
        told = pd.Series(merged.rows[line.row](scans, 0), scans.index)[tested.index]
        assert line.r2_mean == pytest.approx(r2_score(tested["age"], told))
        assert line.r2_mean <= np.corrcoef(tested["age"], told)[0, 1] ** 2 + 1e-9


def test_a_cohort_of_which_nobody_was_tested_is_told_and_comes_last(merged):
    table = merged.table("cohorts")
    assert table["note"].dropna().unique().tolist() == ["nobody of it was tested"]
    assert table[table["note"].notna()]["value"].unique().tolist() == ["icbm"]
    assert table["value"].tolist()[-2:] == ["icbm", "icbm"]


def test_a_column_that_is_not_there_is_named_with_its_key(groups):
    with pytest.raises(TableError, match=r"^evaluations\.cohorts\.columns: .*no column 'cohort'"):
        groups.but(told={"cohorts": {}}).table("cohorts")


def test_corrected_gaps_are_in_no_error(groups):
    """Not a bit of a table of errors hangs on the evaluations of gaps, or on their settings."""
    learned = groups.scans["participant_id"].str[-2:].astype(int) >= 12
    scans = groups.scans.assign(split=np.where(learned, "train", "test"))
    by = {"cohorts": {"columns": ["sex"]}}
    tables = [
        groups.but(scans=scans, told={**by, **more}).table("cohorts")
        for more in ({}, {"gap": {}, "groups": {"correction": "residual"}})
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    raw = groups.but(scans=scans).table("gap_people")
    assert not {"mae", "rmse", "r2"} & set(raw.columns)


def test_a_cohort_that_one_seed_did_not_test_has_the_numbers_of_the_others(merged, monkeypatch):
    write = type(merged)._write
    own = merged.scans[(merged.scans["cohort"] == "oasis3") & (merged.scans["split"] == "test")]

    def lacking(self, file, predicted, **more):
        path = write(self, file, predicted, **more)
        if file.name == "seed-0.tsv":
            frame = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
            kept = frame[~frame["scan_id"].isin(own["scan_id"])]
            kept.to_csv(path, sep="\t", index=False)
        return path

    monkeypatch.setattr(type(merged), "_write", lacking)
    table = merged.but(seeds=2, told={"cohorts": {"columns": ["cohort"]}}).table("cohorts")
    found = table[table["note"].isna()].set_index(["value", "row"])
    assert found["n_seeds"].groupby("value").unique().map(list).to_dict() == {
        "adni": [2],
        "oasis3": [1],
    }
    told = pd.Series(merged.rows["exp"](merged.scans, 1), merged.scans.index)
    error = (told[own.index] - own["age"]).abs().mean()
    assert found.loc[("oasis3", "exp"), "mae_mean"] == pytest.approx(error)
