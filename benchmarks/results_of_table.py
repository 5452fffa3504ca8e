"""The Markdown table of an experiment's losses beside its baselines, as in docs/results.md.

    python benchmarks/results_of_table.py results/fcon1000 [--baseline ridge-features]

Reads the predictions that the workflow has written. The difference to the baseline is paired:
both are tested on the same people, and its interval is a bootstrap over them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
from settings_of_run import with_defaults

from contrage.evaluation import predictions
from contrage.evaluation.statistics.summary import mae_table
from contrage.report.style import baseline_name, is_null, loss_name
from contrage.report.text import interval, missing, number

AGE = with_defaults().target
DRAWN = replace(with_defaults().statistics, permutations=10)  # no p is shown
HEAD = (
    "| loss | MAE ± SD over seeds [years] | 95 % interval | difference to ridge | 95 % interval |"
)


def read(results: Path) -> tuple[dict[str, list[pd.DataFrame]], dict[str, list[pd.DataFrame]]]:
    """Return the predictions of the losses and of the baselines, one frame per seed."""
    files = sorted((results / "baselines").glob("seed-*.tsv"))
    frames = [predictions.read(file, AGE) for file in files]
    rows = {
        row.name: [predictions.read(row / file.name, AGE) for file in files]
        for row in sorted((results / "predictions").iterdir())
        if all((row / file.name).is_file() for file in files)
    }
    names = sorted(set(frames[0]["baseline"]))
    baselines = {name: [f[f["baseline"] == name] for f in frames] for name in names}
    baselines |= {name: rows.pop(name) for name in list(rows) if is_null(name)}
    return rows, baselines


def lines(results: Path, baseline: str) -> list[str]:
    """Return the lines of the table, the losses first, each part in the order of the errors."""
    losses, baselines = read(results)
    whole = mae_table({**losses, **baselines}, DRAWN).set_index("loss").sort_values("mae_mean")
    found = [HEAD, "|---|---|---|---|---|"]
    for name in [
        *(n for n in whole.index if n in losses),
        *(n for n in whole.index if n in baselines),
    ]:
        line = whole.loc[name]
        spread = "" if missing(line.mae_sd) or name in baselines else f" ± {number(line.mae_sd)}"
        cells = [loss_name(name) if name in losses else f"*{baseline_name(name, 'site')}*"]
        cells += [f"{number(line.mae_mean)}{spread}", interval(line.ci_low, line.ci_high)]
        cells += difference({**losses, **baselines}, name, baseline)
        found.append(f"| {' | '.join(cells)} |")
    return found


def difference(frames: dict[str, list[pd.DataFrame]], name: str, baseline: str) -> tuple[str, str]:
    """Return the paired difference of a row to the baseline, with its interval."""
    if name == baseline:
        return "", ""
    pair = mae_table({row: frames[row] for row in (name, baseline)}, DRAWN).set_index("loss")
    worse = pair.loc[pair["diff_to_best"] > 0].iloc[0]
    if worse.name == name:
        return number(worse.diff_to_best), interval(worse.diff_ci_low, worse.diff_ci_high)
    return number(-worse.diff_to_best), interval(-worse.diff_ci_high, -worse.diff_ci_low)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="the experiment's folder")
    parser.add_argument("--baseline", default="ridge-features")
    options = parser.parse_args()
    print("\n".join(lines(options.results, options.baseline)))


if __name__ == "__main__":
    main()
