"""Whether a command of Snakemake runs jobs, and where."""

from __future__ import annotations

import pytest
from snakemake.cli import parse_args

from contrage.run.asked import executor


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--cores 2", "local"),
        ("--executor slurm --jobs 5", "slurm"),
        ("--cores 2 --executor local page", "local"),
        ("-n", None),
        ("--unlock --cores 1", None),
        ("--touch --cores 1", None),
        ("--rulegraph", None),
        ("--detailed-summary", None),
        ("--conda-create-envs-only --cores 1", None),
    ],
)
def test_who_runs_the_jobs_follows_from_the_options(words: str, expected: str | None):
    assert executor(parse_args(words.split())[1]) == expected


def test_without_a_command_line_nothing_is_known():
    assert executor(None) is None
