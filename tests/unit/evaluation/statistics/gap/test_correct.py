"""The brain-age gap and its correction for age."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from contrage.errors import TableError
from contrage.evaluation.statistics.gap.correct import LEAST, CorrectionLine, fit_line, gaps

AGE = np.array([60.0, 65, 70, 75, 80])
PREDICTED = np.array([66.0, 66, 70, 74, 74])
PEOPLE = list("abcde")


def cohort(rng, people: int = 60, beta: float = 0.7, scans: int = 2) -> pd.DataFrame:
    """Return controls and patients (gap 6) in five folds, some with several scans."""
    person = np.repeat(np.arange(people), rng.integers(1, scans + 1, people))
    age = rng.uniform(55, 90, people)[person] + rng.uniform(0, 3, len(person))
    patient = person % 3 == 0
    predicted = 72 + beta * (age - 72 + 6 * patient) + rng.normal(0, 1, len(person))
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{each:02d}" for each in person],
            "fold": person % 5,
            "group": np.where(patient, "AD", "HC"),
            "target": age,
            "predicted": predicted,
        }
    )


def is_control(frame) -> np.ndarray:
    return (frame["group"] == "HC").to_numpy()


def test_worked_numbers():
    line = fit_line(AGE, PREDICTED, PEOPLE)
    assert (line.intercept, line.slope) == pytest.approx((36.4, 0.48), abs=1e-6)
    assert line.people == 5
    true, said = np.array([72.0, 72]), np.array([71.0, 77])
    assert line.cole(true, said) == pytest.approx([0.0833333, 12.5833333], abs=1e-6)
    assert line.residual(true, said) == pytest.approx([0.04, 6.04], abs=1e-6)


def test_worked_numbers_through_folds():
    """Controls of fold 0 give the line for fold 1, and the other way round."""
    frame = pd.DataFrame(
        {
            "participant_id": [*PEOPLE, "hc", "ad", "young"],
            "fold": [0] * 5 + [1] * 3,
            "target": [*AGE, 72, 72, 50],
            "predicted": [*PREDICTED, 71, 77, 50],
        }
    )
    found = gaps(frame, frame["participant_id"] != "ad")
    assert found.refused == {}
    of_patients_fold = found.scans.loc[[5, 6]]
    assert of_patients_fold["raw"].tolist() == [-1, 5]
    assert of_patients_fold["cole"].tolist() == pytest.approx([0.0833333, 12.5833333], abs=1e-6)
    assert of_patients_fold["residual"].tolist() == pytest.approx([0.04, 6.04], abs=1e-6)
    assert found.lines["intercept"].tolist() == pytest.approx([50 - 21 / 22 * 50, 36.4], abs=1e-6)
    assert found.lines["slope"].tolist() == pytest.approx([21 / 22, 0.48], abs=1e-6)


def test_a_persons_scans_weigh_one_together_as_in_weighted_least_squares(rng):
    frame = cohort(rng, scans=5)
    scans = frame.groupby("participant_id")["target"].transform("size")
    design = sm.add_constant(frame["target"])
    wanted = sm.WLS(frame["predicted"], design, weights=1 / scans).fit().params
    line = fit_line(frame["target"], frame["predicted"], frame["participant_id"])
    assert [line.intercept, line.slope] == pytest.approx(wanted.tolist())
    once = frame.drop_duplicates("participant_id")
    assert line.people == len(once)
    unweighted = sm.OLS(frame["predicted"], design).fit().params
    assert line.slope != pytest.approx(unweighted["target"], rel=1e-6)


@given(st.integers(1, 6))
def test_repeating_a_persons_scan_changes_nothing(times):
    people = [*PEOPLE, *["a"] * times]
    again = fit_line([*AGE, *[AGE[0]] * times], [*PREDICTED, *[PREDICTED[0]] * times], people)
    assert (again.intercept, again.slope) == pytest.approx((36.4, 0.48))


@given(st.floats(0.25, 3), st.floats(-50, 50), st.lists(st.floats(20, 90), min_size=1, max_size=9))
def test_cole_finds_the_gap_of_a_prediction_on_the_line_and_residual_a_part_of_it(beta, alpha, gap):
    line, true = CorrectionLine(alpha, beta, 9), np.linspace(40, 80, len(gap))
    said = alpha + beta * (true + np.array(gap))
    assert line.cole(true, said) == pytest.approx(gap, abs=1e-8)
    assert line.residual(true, said) == pytest.approx(beta * np.array(gap), abs=1e-8)


def test_every_fold_has_the_line_of_the_controls_of_the_others(rng):
    frame = cohort(rng)
    found = gaps(frame, is_control(frame))
    assert found.refused == {}
    assert found.lines["fold"].tolist() == [0, 1, 2, 3, 4]
    for line in found.lines.itertuples():
        others = frame[is_control(frame) & (frame["fold"] != line.fold)]
        wanted = fit_line(others["target"], others["predicted"], others["participant_id"])
        assert (line.intercept, line.slope) == (wanted.intercept, wanted.slope)
        assert line.n_controls == others["participant_id"].nunique()
        inside = frame["fold"] == line.fold
        given = frame.loc[inside, "target"], frame.loc[inside, "predicted"]
        np.testing.assert_array_equal(found.scans.loc[inside, "cole"], wanted.cole(*given))
        np.testing.assert_array_equal(found.scans.loc[inside, "residual"], wanted.residual(*given))
    np.testing.assert_array_equal(found.scans["raw"], frame["predicted"] - frame["target"])


@pytest.mark.parametrize("fold", range(5))
def test_nobody_of_a_fold_is_in_its_line(rng, fold):
    frame = cohort(rng)
    before = gaps(frame, is_control(frame)).scans
    own = np.flatnonzero(is_control(frame) & (frame["fold"] == fold))
    moved = frame.copy()
    moved.loc[own[0], "predicted"] += 40
    after = gaps(moved, is_control(moved)).scans
    rest = (frame["fold"] == fold).to_numpy().copy()
    rest[own[0]] = False
    kinds = ["cole", "residual"]
    np.testing.assert_array_equal(before.loc[rest, kinds], after.loc[rest, kinds])
    others = frame["fold"] != fold
    assert (before.loc[others, kinds] != after.loc[others, kinds]).all(axis=None)


def test_whoever_is_in_two_folds_is_in_the_line_of_neither(rng):
    frame = cohort(rng)
    again = frame[frame["participant_id"] == "sub-01"].iloc[:1].assign(fold=3)
    both = pd.concat([frame, again], ignore_index=True)
    before = gaps(both, is_control(both)).scans
    moved = both.copy()
    moved.loc[moved["participant_id"] == "sub-01", "predicted"] += 40
    after = gaps(moved, is_control(moved)).scans
    same = (both["participant_id"] != "sub-01") & both["fold"].isin([1, 3])
    np.testing.assert_array_equal(before.loc[same, "cole"], after.loc[same, "cole"])


def test_patients_predictions_change_no_line(rng):
    frame = cohort(rng)
    before = gaps(frame, is_control(frame))
    moved = frame.copy()
    moved.loc[~is_control(frame), "predicted"] += rng.normal(0, 9, (~is_control(frame)).sum())
    pd.testing.assert_frame_equal(gaps(moved, is_control(moved)).lines, before.lines)


def test_correction_takes_the_lean_of_controls_away_and_leaves_the_patients_gap(rng):
    frame = cohort(rng, people=600)
    found = gaps(frame, is_control(frame)).scans
    control = is_control(frame)
    assert pearsonr(found.loc[control, "raw"], frame.loc[control, "target"]).statistic < -0.8
    for kind, planted in (("cole", 6), ("residual", 0.7 * 6)):
        healthy = found.loc[control, kind]
        assert abs(pearsonr(healthy, frame.loc[control, "target"]).statistic) < 0.1
        assert healthy.mean() == pytest.approx(0, abs=0.15)
        assert found.loc[~control, kind].mean() == pytest.approx(planted, abs=0.3)


def test_ages_that_are_corrected_would_look_like_a_prediction_of_noise(rng):
    """Why they are scored nowhere: 200 predictions of noise around 70 years."""
    age = rng.uniform(50, 90, 200)
    noise = 70 + rng.normal(0, 0.5, 200)
    residual = fit_line(age, noise, range(200)).residual(age, noise)
    assert np.abs(noise - age).mean() > 9
    assert np.abs(residual).mean() < 0.5
    assert pearsonr(age + residual, age).statistic > 0.998


def test_a_slope_below_a_quarter_is_refused_with_a_sentence():
    line = CorrectionLine(60, LEAST - 1e-9, 5)
    with pytest.raises(
        TableError, match=r"rise by 0\.25 years with a year of age, less than 0\.25"
    ):
        line.cole([70.0], [71.0])
    assert line.residual([70.0], [71.0]) == pytest.approx([-6.5])
    assert CorrectionLine(60, LEAST, 5).cole([70.0], [77.5]) == pytest.approx([0])


def test_where_one_fold_is_refused_no_fold_has_the_gap(rng):
    """Fold 0's own controls make the slope of all other folds' lines steep."""
    frame = cohort(rng, beta=0.0, scans=1)
    steep = is_control(frame) & (frame["fold"] == 0)
    frame.loc[steep, "predicted"] = 72 + 3 * (frame.loc[steep, "target"] - 72)
    found = gaps(frame, is_control(frame))
    assert (found.lines["slope"].iloc[1:] > LEAST).all() and found.lines["slope"][0] < LEAST
    assert list(found.refused) == ["cole"]
    assert found.refused["cole"].startswith("fold 0: no gap by Cole's method")
    assert found.scans["cole"].isna().all()
    assert found.scans[["raw", "residual"]].notna().all(axis=None)


def test_the_mean_of_training_is_refused(rng):
    """The control of the report: every fold predicts its training people's mean age."""
    frame = cohort(rng)
    means = {fold: frame.loc[frame["fold"] != fold, "target"].mean() for fold in range(5)}
    frame["predicted"] = frame["fold"].map(means)
    found = gaps(frame, is_control(frame))
    assert list(found.refused) == ["cole"]
    assert (found.lines["slope"].abs() < 0.1).all()


@pytest.mark.parametrize("controls", [0, 1])
def test_without_two_ages_of_controls_only_the_raw_gap_is_there(rng, controls):
    frame = cohort(rng)
    chosen = np.zeros(len(frame), bool)
    chosen[:controls] = True
    found = gaps(frame, chosen)
    assert set(found.refused) == {"cole", "residual"}
    assert "controls of two ages" in found.refused["residual"]
    assert found.scans["raw"].notna().all()
    assert found.scans[["cole", "residual"]].isna().all(axis=None)


def test_with_one_fold_there_are_no_others(rng):
    frame = cohort(rng).assign(fold=0)
    found = gaps(frame, is_control(frame))
    assert "there are 0 controls" in found.refused["cole"]
    assert not len(found.lines)


def test_the_index_of_the_scans_is_kept(rng):
    frame = cohort(rng)
    moved = frame.set_index(pd.Index([f"scan-{at}" for at in range(len(frame))]))
    found = gaps(moved, is_control(moved)).scans
    assert found.index.tolist() == moved.index.tolist()
    np.testing.assert_array_equal(found, gaps(frame, is_control(frame)).scans)
    shuffled = frame.iloc[rng.permutation(len(frame))]
    again = gaps(shuffled, is_control(shuffled)).scans.loc[frame.index]
    np.testing.assert_allclose(again, found)
