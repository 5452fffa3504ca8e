"""What jobs took, as Snakemake measured it: of the jobs that the run is made of, and no others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from contrage.scan_ids import folder
from contrage.settings.steps.report import MeasuredRule, RuntimesStep
from contrage.tables import read_tsv, write_tsv

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

COLUMNS = ["step", "jobs", "total_s", "median_s", "max_s", "cpu_s", "peak_mb"]


def runtimes(
    settings: RuntimesStep, *, scans: Path, results: Path, derivatives: Path, table: Path
) -> None:
    """Write what the jobs took that this run is made of.

    Snakemake measures a job when it has ended and asks nobody for these files: with them as inputs,
    whoever cleared them away would train all again. So they are named in the settings, and counted
    are those that there are.

    Parameters
    ----------
    settings : RuntimesStep
    scans : Path
        The cohort's table: of whose scans the run times are.
    results, derivatives : Path
        The folders that benchmarks are named from.
    table : Path
        The TSV file to write.
    """
    folders = {"results": Path(results), "derivatives": Path(derivatives)}
    everyone = read_tsv(scans)["scan_id"]
    write_tsv(table, runtime_table(settings.benchmarks, folders, everyone))
    logger.info("wrote %s", table)


def runtime_table(
    planned: Sequence[MeasuredRule], folders: dict[str, Path], scans: Iterable[str] = ()
) -> pd.DataFrame:
    """Sum up what Snakemake measured, one line per rule, longest first.

    Parameters
    ----------
    planned : sequence of MeasuredRule
        Files that an earlier run has left of other rows, seeds, folds, scans or rules are passed
        over.
    folders : dict of str to Path
        `results` and `derivatives`.
    scans : iterable of str
        scan_id of the cohort's scans.

    Returns
    -------
    DataFrame
        step, jobs, total_s, median_s, max_s, cpu_s, peak_mb.
    """
    import pandas as pd

    scans = list(scans)
    parts = [_benchmark(step, path) for step, path in benchmark_files(planned, folders, scans)]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    grouped = pd.concat(parts, ignore_index=True).groupby("step")
    table = pd.DataFrame(
        {
            "jobs": grouped["s"].size(),
            "total_s": grouped["s"].sum(),
            "median_s": grouped["s"].median(),
            "max_s": grouped["s"].max(),
            "cpu_s": grouped["cpu_time"].sum(min_count=1),
            "peak_mb": grouped["max_rss"].max(),
        }
    )
    return table.sort_values("total_s", ascending=False).reset_index()[COLUMNS]


def benchmark_files(
    planned: Sequence[MeasuredRule], folders: dict[str, Path], scans: list[str]
) -> Iterator[tuple[str, Path]]:
    """Yield the step and the file of every job that has been measured."""
    for rule in planned:
        names = [name for _, name, _, _ in Formatter().parse(rule.file) if name]
        own = [name for name in dict.fromkeys(names) if name not in ("folder", "scan")]
        places = [{"scan": scan, "folder": folder(scan)} for scan in scans]
        for place in places if "scan" in names else [{}]:
            for values in product(*(rule.values[name] for name in own)):
                wildcards = {**place, **dict(zip(own, values, strict=True))}
                path = folders[rule.of] / rule.file.format(**wildcards)
                if path.is_file():
                    yield _step(rule), path


def _step(rule: MeasuredRule) -> str:
    """Return the folder below ``benchmarks`` that a rule writes to."""
    return rule.file.split("/")[1]


def _benchmark(step: str, path: Path) -> pd.DataFrame:
    import pandas as pd

    frame = read_tsv(path, as_text=True)
    columns = {"step": step}
    # Jobs too short to be sampled have "-" or "NA" for memory.
    for name in ("s", "cpu_time", "max_rss"):
        values = frame[name] if name in frame else pd.Series(index=frame.index, dtype=float)
        columns[name] = pd.to_numeric(values, errors="coerce")
    return pd.DataFrame(columns)
