"""Before a run on Slurm: its controller has to answer, and what a killed run left has to end.

Snakemake that is killed (SIGKILL, a closed session, a login node that restarts) leaves its jobs in
Slurm's queue and its lock in the folder. Submitting again would have two jobs write one file. Each
run therefore notes itself in the folder while it lives; the next one ends what a dead one left.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from contrage.errors import ContrageError
from contrage.files import read_json, write_json

logger = logging.getLogger(__name__)

NOTES = Path(".snakemake/contrage-runs")
LOCKS = Path(".snakemake/locks")
PATIENCE_S = 8  # Slurm's own programs give up after ten seconds
JOBS_END_S = 120


@dataclass(frozen=True)
class Run:
    """One Snakemake that works in a folder.

    Attributes
    ----------
    host : str
    process : int
    started : str
        When the process began, as the kernel counts; tells it from a later one of that number.
    executor : str
        "slurm", or another of Snakemake's.
    job : str
        The Slurm job in which Snakemake itself runs; empty on a login node.
    """

    host: str
    process: int
    started: str
    executor: str
    job: str = ""

    @property
    def note(self) -> Path:
        """Where the run says that it is there, under the folder in which it works."""
        return NOTES / f"{self.host}-{self.process}.json"

    def lives(self) -> bool | None:
        """Whether the process is still there; None where that cannot be known from here."""
        if self.host == socket.gethostname():
            return _start_of(self.process) == self.started
        return bool(_still_there([self.job])) if self.job else None


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


def begin(folder: Path, executor: str) -> None:
    """Note that this process runs in a folder, having ended what dead runs on Slurm left there.

    Parameters
    ----------
    folder : Path
        The working directory of Snakemake.
    executor : str
        Snakemake's name of what runs the jobs.

    Raises
    ------
    ContrageError
        Jobs of a killed run cannot be ended.
    """
    if executor == "slurm":
        end_left_behind(folder)
    else:
        _forget(folder)
    job = os.environ.get("SLURM_JOB_ID", "")
    own = Run(socket.gethostname(), os.getpid(), _start_of(os.getpid()), executor, job)
    note = folder / own.note
    write_json(note, asdict(own))
    atexit.register(_end, note, own.process)


def _notes(folder: Path) -> list[Run]:
    return [Run(**read_json(note)) for note in sorted((folder / NOTES).glob("*.json"))]


def _forget(folder: Path) -> None:
    """Remove the notes of dead runs without Slurm, which left nothing that is ours to end."""
    here = socket.gethostname()
    for run in _notes(folder):
        if run.host == here and run.executor != "slurm" and not run.lives():
            (folder / run.note).unlink(missing_ok=True)


def _end(note: Path, process: int) -> None:
    """Remove a run's note; a killed process does not come here, a forked one is not the run."""
    if os.getpid() == process:
        note.unlink(missing_ok=True)


def end_left_behind(folder: Path) -> None:
    """Cancel the Slurm jobs of runs that died in a folder, wait for their end, and unlock it.

    Nothing is done while another run lives in the folder, or may live on another host.
    """
    runs = _notes(folder)
    living = {run: run.lives() for run in runs}
    for run in [run for run, alive in living.items() if alive is None]:
        logger.warning(
            "a run was started here by process %d of %s. If it was killed: `scancel` its jobs, "
            "remove %s and call `snakemake --unlock`; else wait for it.",
            *(run.process, run.host, folder / run.note),
        )
    if any(alive is not False for alive in living.values()):
        return
    locks = list((folder / LOCKS).glob("*.lock"))
    if any(run.executor == "slurm" for run in runs):
        jobs = jobs_of(folder)
        if jobs:
            logger.warning(
                "the last run here was killed and left %d jobs in Slurm's queue: cancelling them",
                len(jobs),
            )
            cancel(jobs)
        # A lock of a run elsewhere than on Slurm is the user's to remove: its jobs may go on.
        if locks and all(run.executor == "slurm" for run in runs):
            logger.warning("the last run here was killed: unlocking %s", folder)
            for lock in locks:
                lock.unlink(missing_ok=True)
    for run in runs:
        (folder / run.note).unlink(missing_ok=True)


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
    while left := _still_there(jobs):
        if time.monotonic() > end:
            raise ContrageError(
                f"Slurm jobs of a run that was killed do not end: {', '.join(left[:5])}. Ask "
                "`squeue --me`; start again when they are gone."
            )
        time.sleep(1)


def _still_there(jobs: list[str]) -> list[str]:
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


def _start_of(process: int) -> str:
    """Return when a process of this host began, in clock ticks since its boot; "" if it is dead."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rsplit(")", 1)[1].split()
    return "" if fields[0] in "ZX" else fields[19]  # a zombie waits for nobody but its parent
