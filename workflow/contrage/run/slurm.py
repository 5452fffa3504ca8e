"""Slurm's programs: whether its controller answers, which jobs wait or run, and their end."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from contrage.errors import ContrageError

PATIENCE_S = 8  # Slurm's own programs give up after ten seconds
JOBS_END_S = 120


def require_controller() -> None:
    """Ask for Slurm's controller and wait some seconds at most.

    Raises
    ------
    ContrageError
        There are no Slurm programs here, or the controller does not answer.
    """
    try:
        answer = _slurm("sinfo", "--noheader", "--format=%P", timeout=PATIENCE_S)
    except FileNotFoundError:
        raise ContrageError(
            "--profile slurm: there is no Slurm on this machine (sinfo is not found). Start it on "
            "a login node of your cluster, or leave the profile out to run here."
        ) from None
    except subprocess.TimeoutExpired:
        reason = f"no answer within {PATIENCE_S} s"
    else:
        if answer.returncode == 0:
            return
        reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise ContrageError(
        f"--profile slurm: Slurm's controller does not answer ({reason}). Nothing was submitted; "
        "try `sinfo`, and the same command again when that answers."
    )


def jobs_of(folder: Path) -> list[str]:
    """Return the numbers of this user's Slurm jobs that Snakemake submitted from a folder."""
    rows = [line.split("|", 2) for line in _queue("%A|%Z|%k")]
    return sorted(
        {
            number
            for number, directory, comment in rows
            if Path(directory) == folder.resolve() and comment.startswith("rule_")
        }
    )


def cancel(jobs: list[str]) -> None:
    """Cancel Slurm jobs and wait until none of them writes any more.

    Raises
    ------
    ContrageError
        Some are still there after two minutes.
    """
    _slurm("scancel", *jobs)
    end = time.monotonic() + JOBS_END_S
    while left := still_there(jobs):
        if time.monotonic() > end:
            raise ContrageError(
                f"Slurm jobs of a run that was killed do not end: {', '.join(left[:5])}. Ask "
                "`squeue --me`; start again when they are gone."
            )
        time.sleep(1)


def still_there(jobs: list[str]) -> list[str]:
    """Return those of some jobs of this user that wait or run."""
    return sorted(set(jobs) & set(_queue("%A")))


def _queue(form: str) -> list[str]:
    """Return a line for each of this user's jobs that wait or run."""
    try:
        answer = _slurm("squeue", "--noheader", "--user", str(os.getuid()), f"--format={form}")
    except subprocess.TimeoutExpired:
        raise ContrageError("squeue does not answer; try the same command again later") from None
    if answer.returncode:
        raise ContrageError(f"squeue failed: {answer.stderr.strip()}")
    return answer.stdout.splitlines()


def _slurm(*command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=timeout
    )
