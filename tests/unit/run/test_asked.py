"""Whether a command of Snakemake runs jobs, and where."""

from __future__ import annotations

import pytest
from snakemake.cli import parse_args

from contrage.run.asked import executor, models_of_gpus


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


def test_models_of_gpus_are_told_by_profile_or_command():
    assert models_of_gpus(parse_args(["--cores", "2"])[1]) == {}
    resources = ["train:gpu_model=a100", "export:gpu_model=''", "probe:mem_mb=3"]
    stated = parse_args(["--cores", "2", "--set-resources", *resources])[1]
    assert models_of_gpus(stated) == {"train": "a100", "export": ""}
