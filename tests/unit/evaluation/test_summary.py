"""The tables of errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import statistics

from contrage.errors import TableError
from contrage.evaluation.statistics.summary import baseline_table, mae_table

SETTINGS = statistics(bootstrap=300)


def frame(rng: np.random.Generator, spread: float, people: int = 30) -> pd.DataFrame:
    """Make predictions whose error is `spread` years on average, for the same participants."""
    ages = np.random.default_rng(1).uniform(20, 80, people)
    sign = rng.choice([-1, 1], people)
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{i}" for i in range(people)],
            "target": ages,
            "predicted": ages + sign * spread * rng.uniform(0.5, 1.5, people),
            "split": ["test"] * (people // 2) + ["train"] * (people - people // 2),
            "scan_id": [f"sub-{i}" for i in range(people)],
            "site": "a",
            "fold": 0,
        }
    )


@pytest.fixture
def predictions(rng):
    return {
        row: [frame(rng, spread) for _ in range(3)]
        for row, spread in {"rnc": 6.0, "exp": 3.0, "yaware": 3.1}.items()
    }


def test_rows_stand_in_the_order_given_with_means_over_seeds(predictions):
    table = mae_table(predictions, SETTINGS)
    assert table["loss"].tolist() == ["rnc", "exp", "yaware"]
    for _, line in table.iterrows():
        maes = []
        for seed in predictions[line["loss"]]:
            test = seed[seed["split"] == "test"]
            maes.append((test["target"] - test["predicted"]).abs().mean())
        assert line["mae_mean"] == pytest.approx(np.mean(maes))
        assert line["mae_sd"] == pytest.approx(np.std(maes, ddof=1))
        assert line["ci_low"] < line["mae_mean"] < line["ci_high"]
    assert (table["n_seeds"] == 3).all()
    assert (table["n_participants"] == 15).all()


def test_columns_are_those_that_the_report_reads(predictions):
    expected = (
        "loss mae_mean mae_sd n_seeds n_participants ci_low ci_high mae_baseline rmse_mean "
        "mse_mean r2_mean r_mean gm gm_floored diff_to_best diff_ci_low diff_ci_high p_paired "
        "p_holm"
    )
    assert list(mae_table(predictions, SETTINGS)) == expected.split()


def test_the_geometric_mean_is_the_mean_of_the_seeds_and_below_the_others(predictions):
    table = mae_table(predictions, SETTINGS)
    for line in table.itertuples():
        tests = [frame[frame["split"] == "test"] for frame in predictions[line.loss]]
        errors = [(test["predicted"] - test["target"]).abs() for test in tests]
        wanted = np.mean([np.exp(np.log(np.maximum(each, 1e-6)).mean()) for each in errors])
        assert line.gm == pytest.approx(wanted)
        assert line.gm_floored == sum(int((each < 1e-6).sum()) for each in errors)
        assert line.gm <= line.mae_mean <= line.rmse_mean * (1 + 1e-12)


def test_the_mean_squared_error_is_the_mean_of_the_seeds(predictions):
    for line in mae_table(predictions, SETTINGS).itertuples():
        tests = [frame[frame["split"] == "test"] for frame in predictions[line.loss]]
        squares = [((test["predicted"] - test["target"]) ** 2).mean() for test in tests]
        assert line.mse_mean == pytest.approx(np.mean(squares))


def test_only_test_scans_count(predictions):
    before = mae_table(predictions, SETTINGS)
    for frames in predictions.values():
        for seed in frames:
            seed.loc[seed["split"] == "train", "predicted"] += 40
    pd.testing.assert_frame_equal(before, mae_table(predictions, SETTINGS))


def test_differences_are_to_the_best_row(predictions):
    table = mae_table(predictions, SETTINGS).set_index("loss")
    best = table["mae_mean"].idxmin()
    assert table.loc[best, ["diff_to_best", "diff_ci_low", "diff_ci_high"]].tolist() == [0, 0, 0]
    assert np.isnan(table.loc[best, "p_paired"])
    expected = table["mae_mean"] - table["mae_mean"].min()
    np.testing.assert_allclose(table["diff_to_best"], expected)
    assert table.loc["rnc", "diff_ci_low"] > 0
    assert table.loc["rnc", "p_holm"] < 0.01
    assert table.loc["rnc", "p_holm"] >= table.loc["rnc", "p_paired"]


def test_identical_rows_differ_by_nothing(predictions):
    table = mae_table({"one": predictions["exp"], "two": predictions["exp"]}, SETTINGS)
    assert table["diff_to_best"].tolist() == [0, 0]
    assert table["diff_ci_high"].tolist() == [0, 0]
    assert table["p_paired"][1] == 1
    assert table["ci_low"][0] == table["ci_low"][1]


def test_baseline_is_the_training_mean(predictions):
    seed = predictions["exp"][0]
    train, test = (seed[seed["split"] == side]["target"] for side in ("train", "test"))
    table = mae_table(predictions, SETTINGS)
    np.testing.assert_allclose(table["mae_baseline"], (test - train.mean()).abs().mean())


def test_one_seed_has_no_spread(predictions):
    table = mae_table({"exp": predictions["exp"][:1]}, SETTINGS)
    assert np.isnan(table["mae_sd"][0])
    assert table["n_seeds"][0] == 1


def test_own_predictions_are_summarised_where_there_are_any(predictions):
    for seed in predictions["exp"]:
        seed["own_prediction"] = seed["target"] - 1
    table = mae_table(predictions, SETTINGS).set_index("loss")
    assert table.loc["exp", "mae_own"] == pytest.approx(1)
    assert np.isnan(table.loc["rnc", "mae_own"])


def test_rows_tested_on_other_scans_are_refused(predictions):
    predictions["rnc"] = [seed.replace("sub-0", "sub-99") for seed in predictions["rnc"]]
    with pytest.raises(TableError, match="'exp' and 'rnc'"):
        mae_table(predictions, SETTINGS)


def test_no_rows_at_all_are_refused():
    with pytest.raises(TableError):
        mae_table({}, SETTINGS)


def test_sessions_of_a_participant_are_drawn_together(rng):
    """Twice the same scans under another session must not narrow the interval."""
    once = frame(rng, 4.0)
    again = pd.concat([once, once.assign(scan_id=once["scan_id"] + "_ses-2")])
    one, two = (mae_table({"exp": [seeds]}, SETTINGS) for seeds in (once, again))
    for name in ("ci_low", "ci_high", "n_participants"):
        assert one[name][0] == pytest.approx(two[name][0])


def test_baselines_are_sorted_by_their_error(rng):
    frames = []
    for _ in range(2):
        parts = [
            frame(rng, spread).assign(baseline=name) for name, spread in (("mean", 15), ("b", 5))
        ]
        frames.append(pd.concat(parts, ignore_index=True))
    table = baseline_table(frames, SETTINGS, {})
    assert table["baseline"].tolist() == ["b", "mean"]
    assert list(table)[:4] == ["baseline", "mae_mean", "mae_sd", "n_seeds"]


def test_a_row_of_permuted_targets_that_predicts_by_itself_stands_among_the_baselines(rng):
    """Only the row of l1 has a column own_prediction: no baseline is asked for one."""
    frames = [frame(rng, 15).assign(baseline="mean") for _ in range(2)]
    null = [one.assign(predicted=one["target"] + 1, own_prediction=0.0) for one in frames]
    plain = [one.drop(columns="own_prediction") for one in null]
    table, other = (baseline_table(frames, SETTINGS, {"l1-null": each}) for each in (null, plain))
    assert table.set_index("baseline").loc["l1-null", "mae_mean"] == pytest.approx(1)
    pd.testing.assert_frame_equal(table, other)
