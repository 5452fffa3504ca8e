"""From predictions of all rows and seeds to the table of errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error

from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.errors import TableError
from contrage.evaluation.statistics.geometric import geometric_means
from contrage.evaluation.statistics.intervals import holm, mae_intervals, permutation_p
from contrage.evaluation.statistics.metrics import scores
from contrage.evaluation.statistics.tested import by_baseline, check_same_scans
from contrage.settings.blocks.statistics import StatisticsSettings


def mae_table(
    predictions: Mapping[str, Sequence[pd.DataFrame]], settings: StatisticsSettings
) -> pd.DataFrame:
    """Compare rows (loss configurations) by their error on test scans.

    Parameters
    ----------
    predictions : mapping of str to sequence of DataFrame
        Per row one predictions table per training seed, the seeds in the same order; as
        `contrage.evaluation.predictions.read` gives them.
    settings : StatisticsSettings

    Returns
    -------
    DataFrame
        In the order given, one line per row. Means and SDs are over seeds:
        loss, mae_mean, mae_sd, n_seeds, n_participants, ci_low, ci_high (of mae_mean, studentised
        bootstrap over participants), mae_baseline (training mean on the same scans), rmse_mean,
        mse_mean, r2_mean (against each fold's training mean), r_mean (within folds), gm (geometric
        mean of the errors) and gm_floored (how many were raised for it, of all seeds), diff_to_best
        (mae_mean minus that of the best row), diff_ci_low, diff_ci_high,
        p_paired (permutation over participants), p_holm, and mae_own where a loss predicts
        the target itself. The best row was chosen by these very errors: p says how sure the order
        is, it is not a test planned beforehand.

    Raises
    ------
    TableError
        If rows were not tested on the same scans.
    """
    if not predictions:
        raise TableError("there are no predictions to compare: benchmark.losses is empty")
    table = pd.DataFrame([_row(name, list(frames)) for name, frames in predictions.items()])
    errors, counts = errors_of_people(predictions)
    best = int(table["mae_mean"].argmin())
    drawn = settings.bootstrap, settings.seed, settings.confidence
    (low, high), (diff_low, diff_high) = mae_intervals(errors, counts, best, *drawn)
    # What each participant adds to mae_mean, so that differences sum to diff_to_best.
    shares = (errors / counts.sum(1)[:, None]).mean(1)
    p = [
        permutation_p(share - shares[best], settings.permutations, settings.seed)
        for share in shares
    ]
    p[best] = np.nan
    table.insert(4, "n_participants", counts.shape[1])
    table.insert(5, "ci_low", low)
    table.insert(6, "ci_high", high)
    more = {
        "diff_to_best": table["mae_mean"] - table["mae_mean"][best],
        "diff_ci_low": diff_low,
        "diff_ci_high": diff_high,
        "p_paired": p,
        "p_holm": holm(p),
    }
    table = table.assign(**more)
    own = [name for name in ("mae_own",) if name in table]
    return table[[name for name in table if name not in own] + own]


def against(
    rows: Mapping[str, Sequence[pd.DataFrame]],
    nulls: Mapping[str, Sequence[pd.DataFrame]],
    settings: StatisticsSettings,
) -> pd.DataFrame:
    """Compare rows, each with one of its own, person by person.

    Parameters
    ----------
    rows, nulls : mapping of str to sequence of DataFrame
        Predictions as for `mae_table`, under the same names in both.
    settings : StatisticsSettings

    Returns
    -------
    DataFrame
        loss, diff_to_null (mae_mean minus the other's), null_ci_low, null_ci_high.
    """
    drawn = settings.bootstrap, settings.seed, settings.confidence
    lines = []
    for name, frames in rows.items():
        errors, counts = errors_of_people({name: frames, "null": nulls[name]})
        _, (low, high) = mae_intervals(errors, counts, 1, *drawn)
        gap = (errors.sum(2) / counts.sum(1)).mean(1)
        lines.append([name, gap[0] - gap[1], low[0], high[0]])
    return pd.DataFrame(lines, columns=["loss", "diff_to_null", "null_ci_low", "null_ci_high"])


def baseline_table(
    frames: Sequence[pd.DataFrame],
    settings: StatisticsSettings,
    nulls: Mapping[str, Sequence[pd.DataFrame]],
) -> pd.DataFrame:
    """Summarise the baselines as the losses are summarised.

    Parameters
    ----------
    frames : sequence of DataFrame
        One table per seed: predictions with a column baseline.
    settings : StatisticsSettings
    nulls : mapping of str to sequence of DataFrame
        Rows that learned permuted targets, which stand among the baselines, seed by seed.

    Returns
    -------
    DataFrame
        baseline, mae_mean, mae_sd, n_seeds, n_participants, ci_low, ci_high, rmse_mean,
        mse_mean, r2_mean, r_mean, gm, gm_floored; the best first. Where all seeds share a split
        their baselines agree, and mae_sd is 0.
    """
    found = mae_table({**by_baseline(frames), **nulls}, settings)
    table = found.rename(columns={"loss": "baseline"})
    kept = ["baseline", "mae_mean", "mae_sd", "n_seeds", "n_participants", "ci_low", "ci_high"]
    kept += ["rmse_mean", "mse_mean", "r2_mean", "r_mean", "gm", "gm_floored"]
    return table[kept].sort_values("mae_mean", kind="stable", ignore_index=True)


def _row(name: str, frames: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """Return a row's means over seeds."""
    if not frames:
        raise TableError(f"there are no predictions of '{name}'")
    tests = [frame[frame["split"] == REPORTED] for frame in frames]
    pairs = list(zip(tests, map(_training_means, frames), strict=True))
    seeds = pd.DataFrame(
        [scores(t["target"], t["predicted"], t["fold"], mean) for t, mean in pairs]
    )
    row = {
        "loss": name,
        "mae_mean": seeds["mae"].mean(),
        "mae_sd": seeds["mae"].std(ddof=1),
        "n_seeds": len(frames),
        "mae_baseline": np.mean([mean_absolute_error(t["target"], mean) for t, mean in pairs]),
        "rmse_mean": seeds["rmse"].mean(),
        "mse_mean": (seeds["rmse"] ** 2).mean(),
        "r2_mean": seeds["r2"].mean(),
        "r_mean": seeds["r"].mean(),
        **geometric_means([(t["target"], t["predicted"]) for t in tests]),
    }
    if all("own_prediction" in test for test in tests):
        own = [mean_absolute_error(test["target"], test["own_prediction"]) for test in tests]
        row["mae_own"] = np.mean(own)
    return row


def _training_means(frame: pd.DataFrame) -> pd.Series:
    """Return, for each test line, the mean target of its fold's training scans."""
    mean = frame[frame["split"] == LEARNED_FROM].groupby("fold")["target"].mean()
    return frame.loc[frame["split"] == REPORTED, "fold"].map(mean)


def errors_of_people(
    predictions: Mapping[str, Sequence[pd.DataFrame]],
) -> tuple[np.ndarray, np.ndarray]:
    """Return summed absolute errors (rows, seeds, participants) and counts of scans."""
    check_same_scans(predictions)
    stacked = []
    for name, frames in predictions.items():
        for seed, frame in enumerate(frames):
            test = frame[frame["split"] == REPORTED]
            part = test[["participant_id", "scan_id", "fold"]].assign(row=name, seed=seed)
            stacked.append(part.assign(error=(test["predicted"] - test["target"]).abs()))
    lines = pd.concat(stacked)
    people = pd.Index(lines["participant_id"].unique())
    index = (
        lines["row"].map({name: place for place, name in enumerate(predictions)}),
        lines["seed"],
        people.get_indexer(lines["participant_id"]),
    )
    shape = (len(predictions), int(lines["seed"].max()) + 1, len(people))
    errors, counts = np.zeros(shape), np.zeros(shape, int)
    np.add.at(errors, index, lines["error"].to_numpy())
    np.add.at(counts, index, 1)
    return errors, counts[0]
