"""A stand-in for contrage.evaluation.summary, so that the report is tested by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd


def _errors(frames: list[pd.DataFrame]) -> list[pd.Series]:
    tests = [frame[frame["split"] == "test"].set_index("scan_id") for frame in frames]
    return [(test["predicted_age"] - test["age"]).abs() for test in tests]


def _line(frames: list[pd.DataFrame]) -> dict:
    errors = _errors(frames)
    seeds = np.array([error.mean() for error in errors])
    middle = pd.concat(errors).mean()
    half = 1.96 * pd.concat(errors).std() / np.sqrt(len(errors[0]))
    return {
        "mae_mean": seeds.mean(),
        "mae_sd": seeds.std(ddof=1) if len(seeds) > 1 else np.nan,
        "n_seeds": len(seeds),
        "ci_low": middle - half,
        "ci_high": middle + half,
    }


def mae_table(predictions: dict[str, list[pd.DataFrame]], settings: dict) -> pd.DataFrame:
    lines = []
    for loss, frames in predictions.items():
        test = frames[0][frames[0]["split"] == "test"]
        train = frames[0][frames[0]["split"] == "train"]
        baseline = (test["age"] - train["age"].mean()).abs().mean()
        line = {"loss": loss} | _line(frames) | {"mae_baseline": baseline}
        lines.append(line | {"rmse_mean": line["mae_mean"] * 1.25, "r2_mean": 0.93, "r_mean": 0.97})
    table = pd.DataFrame(lines).sort_values("mae_mean", kind="stable").reset_index(drop=True)
    table["diff_to_best"] = table["mae_mean"] - table["mae_mean"].iloc[0]
    table["diff_ci_low"] = table["diff_to_best"] - 0.5
    table["diff_ci_high"] = table["diff_to_best"] + 0.5
    table["p_paired"] = np.exp(-4 * table["diff_to_best"])
    table.loc[0, ["diff_ci_low", "diff_ci_high", "p_paired"]] = np.nan
    return table


def baseline_table(frames: list[pd.DataFrame]) -> pd.DataFrame:
    names = frames[0]["baseline"].unique()
    return pd.DataFrame(
        [{"baseline": n} | _line([f[f["baseline"] == n] for f in frames]) for n in names]
    )
