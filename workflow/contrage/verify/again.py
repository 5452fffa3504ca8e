"""Jobs done again, into a folder of their own, and their tables compared cell by cell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import ContrageError, SettingsError
from contrage.layout import filled
from contrage.settings.command import load_step, settings_of, step_parser
from contrage.settings.steps.record import Recorded, RecordedJob
from contrage.tables import read_tsv
from contrage.verify.finding import DIFFERS, MISSING, SAME, SKIPPED, LookedAt

if TYPE_CHECKING:
    import pandas as pd

PART = "tables"
REPEATED = ("tables", "search-table", "evaluate", "page", "train", "train-stage")
"""Steps that a record may ask for: it is a file, and may have been edited."""
ROUNDING = 1e-9
"""Relative difference up to which numbers of two machines are the same."""
MEASURED = {"runtimes": "what jobs took was measured, and cannot be computed again"}


def tables(asked: Recorded, folder: Path, written: Path) -> Iterator[LookedAt]:
    """Compute every table of an experiment again.

    Parameters
    ----------
    asked : Recorded
    folder : Path
        Where to put them.
    written : Path
        The experiment's folder of tables.
    """
    seen = set()
    for name, job in asked.tables.items():
        seen |= {Path(path).name for path in job.writes.values()}
        yield from _of_job(name, job, folder / name)
    for file in sorted(written.glob("*.tsv")):
        if file.name not in seen:
            why = MEASURED.get(file.stem, "no job of this report writes it")
            yield LookedAt(PART, file.name, SKIPPED, why)


def _of_job(name: str, job: RecordedJob, folder: Path) -> Iterator[LookedAt]:
    try:
        made = do_again(job, folder)
    except (ContrageError, OSError) as error:
        gone = next(iter(_gone(job)), None)
        note = f"{gone} is gone" if gone else str(error)
        yield LookedAt(PART, name, MISSING if gone else DIFFERS, f"cannot be computed: {note}")
        return
    for option, path in job.writes.items():
        yield compare(Path(path), made[option])


def do_again(
    job: RecordedJob, folder: Path, also: Mapping[str, Path] | None = None
) -> dict[str, Path]:
    """Do a job again as its rule did it, and return option → file written.

    Parameters
    ----------
    job : RecordedJob
    folder : Path
        Where its outputs go.
    also : mapping of str to Path, optional
        Further options.
    """
    made = {option: folder / Path(path).name for option, path in job.writes.items()}
    options: dict[str, list[str]] = {
        option: [p for each in kinds for p in filled(each.pattern, each.values)]
        for option, kinds in job.reads.items()
    }
    options |= {option: [value] for option, value in job.told.items()}
    options |= {option: [str(path)] for option, path in {**made, **(also or {})}.items()}
    run_step(job.step, job.settings, options)
    return made


def run_step(step: str, asked: Mapping[str, Any], options: Mapping[str, list[str]]) -> None:
    """Run a step with settings and options as they stand on a rule's command line.

    Raises
    ------
    SettingsError
        It is none of those that can be repeated.
    """
    if step not in REPEATED:
        raise SettingsError(f"provenance.json: {step} is no step that is repeated")
    function = load_step(step)
    words = ["--settings", json.dumps(asked)]
    for option, values in options.items():
        words += [f"--{option.replace('_', '-')}", *values]
    given = vars(step_parser(step, function).parse_args(words))
    given.pop("log")
    function(settings_of(function, given.pop("settings")), **given)


def compare(written: Path, made: Path) -> LookedAt:
    """Compare a table with the same one computed again."""
    if not written.is_file():
        return LookedAt(PART, written.name, MISSING)
    if written.read_bytes() == made.read_bytes():
        return LookedAt(PART, written.name, SAME, "to the byte")
    return LookedAt(PART, written.name, *difference(read_tsv(written), read_tsv(made)))


def difference(written: pd.DataFrame, made: pd.DataFrame) -> tuple[str, str]:
    """Return whether two tables are the same but for rounding, and what is another if not."""
    import numpy as np
    import pandas as pd

    if list(written) != list(made):
        return DIFFERS, "other columns"
    if len(written) != len(made):
        return DIFFERS, f"{len(written)} lines, {len(made)} computed"
    cells, first = 0, ""
    for column in written:
        a, b = written[column], made[column]
        numbers = pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b)
        alike = (
            np.isclose(a.astype(float), b.astype(float), rtol=ROUNDING, atol=0, equal_nan=True)
            if numbers
            else ((a == b) | (a.isna() & b.isna())).to_numpy()
        )
        at = np.flatnonzero(~alike)
        cells += len(at)
        if len(at) and not first:
            first = f"line {at[0] + 1}, {column}: {a.iloc[at[0]]}, computed {b.iloc[at[0]]}"
    if cells:
        return DIFFERS, f"{cells} cells; {first}"
    return SAME, "but for rounding"


def _gone(job: RecordedJob) -> Iterator[str]:
    for kinds in job.reads.values():
        for each in kinds:
            for path in filled(each.pattern, each.values):
                if not Path(path).exists():
                    yield path
