"""The tables of the report, each as a TSV: errors, norms, baselines, cohort, exclusions.

Errors come from the files of predictions, penalties of the probe from its metrics.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import TableError
from contrage.evaluation.given import by_row
from contrage.layout import Results
from contrage.report.alphas import chosen, fixed, metrics_of
from contrage.report.elements.ingredients import target_of
from contrage.report.first_scans import first_scans
from contrage.report.style import NULL
from contrage.settings.steps.report import TablesStep
from contrage.tables import read_tsv, write_tsv
from contrage.target import Target

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

SEXES = {"f": "F", "female": "F", "m": "M", "male": "M"}


def tables(
    settings: TablesStep,
    *,
    predictions: list[Path],
    metrics: list[Path],
    of_baselines: list[Path],
    scans: Path,
    excluded: Path,
    mae: Path,
    norms: Path,
    baselines: Path,
    alphas: Path,
    cohort: Path,
    excluded_table: Path,
) -> None:
    """Write the tables of an experiment's results.

    Parameters
    ----------
    settings : TablesStep
    predictions, metrics : list of Path
        What the probe wrote of all rows, seed by seed.
    of_baselines : list of Path
        The predictions of the baselines, seed by seed.
    scans, excluded : Path
        The scans in the data set, and those left out.
    mae, norms, baselines, alphas, cohort, excluded_table : Path
        The TSV files to write; `mae` is the table of losses, bacc.tsv of a binary target, which has
        no errors at other penalties in `alphas`.
    """
    target = settings.target
    files = by_row(Results.predictions, predictions)
    frames = {row: [_read(file, target) for file in these] for row, these in files.items()}
    found = metrics_of(metrics, [*settings.rows, *settings.null_rows])
    write_tsv(mae, loss_table(frames, settings, found))
    write_tsv(norms, norm_table(frames, settings))
    plain = [_read(file, target) for file in of_baselines]
    write_tsv(baselines, baseline_lines(plain, frames, settings))
    write_tsv(alphas, fixed({} if target.is_binary else found))
    write_tsv(cohort, cohort_table(read_tsv(scans), target))
    write_tsv(excluded_table, exclusion_table(read_tsv(excluded)))
    logger.info("wrote six tables beside %s", mae)


def loss_table(
    predictions: dict[str, list[pd.DataFrame]],
    settings: TablesStep,
    metrics: dict[str, list[dict]],
) -> pd.DataFrame:
    """Compare the losses (Table 3 of the paper); predictions and metrics are the probe's, by row.

    Returns
    -------
    DataFrame
        The columns of `contrage.evaluation.statistics.summary.mae_table`, those of
        `contrage.report.alphas.chosen`, and of rows with a null those of
        `contrage.evaluation.statistics.summary.against`. Of a binary target the first are those of
        `contrage.evaluation.statistics.sides.bacc_table`.
    """
    from contrage.evaluation.statistics.sides import bacc_table
    from contrage.evaluation.statistics.summary import against, mae_table

    frames = {row: predictions[row] for row in settings.rows}
    if settings.target.is_binary:
        table = bacc_table(frames, settings.statistics)
        return table.merge(chosen(metrics), on="loss", how="left")
    table = mae_table(frames, settings.statistics)
    table = table.merge(chosen(metrics), on="loss", how="left")
    nulls = {name.removesuffix(NULL): predictions[name] for name in settings.null_rows}
    if not nulls:
        return table
    compared = against({row: frames[row] for row in nulls}, nulls, settings.statistics)
    return table.merge(compared, on="loss", how="left")


def baseline_lines(
    frames: list[pd.DataFrame],
    predictions: dict[str, list[pd.DataFrame]],
    settings: TablesStep,
) -> pd.DataFrame:
    """Summarise what simple predictors reach, and encoders that learned permuted targets.

    Returns
    -------
    DataFrame
        The columns of `contrage.evaluation.statistics.summary.baseline_table`, of a binary target
        those of `contrage.evaluation.statistics.sides.side_baselines`.
    """
    from contrage.evaluation.statistics.sides import side_baselines
    from contrage.evaluation.statistics.summary import baseline_table

    nulls = {row: predictions[row] for row in settings.null_rows}
    if settings.target.is_binary:
        return side_baselines(frames, settings.statistics, nulls)
    return baseline_table(frames, settings.statistics, nulls)


def _read(path: Path, target: Target) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(f"{path} is missing: run the workflow until every seed has it")
    from contrage.evaluation.predictions import read

    return read(path, target)


def norm_table(predictions: dict[str, list[pd.DataFrame]], settings: TablesStep) -> pd.DataFrame:
    """Compare the norms that choose the neighbours (Fig. 5 of the paper).

    Returns
    -------
    DataFrame
        The columns of the MAE table after ``norm``; no rows where nothing was ablated.
    """
    from contrage.evaluation.statistics.summary import mae_table

    names = {row: norm for norm, row in settings.norm_rows.items()}
    if len(names) < 2:
        import pandas as pd

        return pd.DataFrame(columns=["norm", "loss", "mae_mean", "mae_sd", "ci_low", "ci_high"])
    frames = {row: predictions[row] for row in names}
    table = mae_table(frames, settings.statistics)
    table.insert(0, "norm", table["loss"].map(names))
    return table


def cohort_table(scans: pd.DataFrame, target: Target) -> pd.DataFrame:
    """Describe each study as Table 2 of the paper does, and all of them in a last row.

    Mean and SD count each participant once, at the first scan; the range is that of all scans.

    Parameters
    ----------
    scans : DataFrame
        participant_id, the target, and where known sex, site and coverage (0 to 1).
    target : Target

    Returns
    -------
    DataFrame
        site, n_participants, n_scans, <target>_mean, _sd, _min and _max, n_female, n_male,
        n_sex_unknown (not told, or neither), coverage_median. Of a binary target n_positive and
        n_negative (participants with such a scan) in place of mean, SD and range.
    """
    import pandas as pd

    lines, scans = [], scans.assign(target=target_of(scans, target))
    if "site" in scans and scans["site"].notna().any():
        named = scans.assign(site=scans["site"].fillna("(not given)"))
        lines = [_cohort_line(str(site), group, target) for site, group in named.groupby("site")]
    if len(lines) != 1:
        lines.append(_cohort_line("all", scans, target))
    return pd.DataFrame(lines)


def _cohort_line(site: str, scans: pd.DataFrame, target: Target) -> dict[str, Any]:
    people = first_scans(scans, target)
    line: dict[str, Any] = {
        "site": site,
        "n_participants": len(people),
        "n_scans": len(scans),
        **(_sides if target.is_binary else _spread)(scans, people, target.column),
    }
    if "sex" in people and people["sex"].notna().any():
        sex = people["sex"].str.lower().map(SEXES)
        if sex.notna().any():  # codes such as 0 and 1 do not say which is which
            line |= {"n_female": int((sex == "F").sum()), "n_male": int((sex == "M").sum())}
        line["n_sex_unknown"] = int((~sex.isin(["F", "M"])).sum())
    if "coverage" in scans:
        line["coverage_median"] = scans["coverage"].median()
    return line


def _spread(scans: pd.DataFrame, people: pd.DataFrame, name: str) -> dict[str, Any]:
    return {
        f"{name}_mean": people["target"].mean(),
        f"{name}_sd": people["target"].std(ddof=1),
        f"{name}_min": scans["target"].min(),
        f"{name}_max": scans["target"].max(),
    }


def _sides(scans: pd.DataFrame, people: pd.DataFrame, name: str) -> dict[str, Any]:
    counts = scans.groupby("target")["participant_id"].nunique()
    return {"n_positive": int(counts.get(1, 0)), "n_negative": int(counts.get(0, 0))}


def exclusion_table(excluded: pd.DataFrame) -> pd.DataFrame:
    """Order the exclusions by the stage that made them."""
    columns = ["scan_id", "participant_id", "stage", "reason"]
    return excluded.reindex(columns=columns).sort_values(["stage", "scan_id"], kind="stable")
