"""What failed in a run, told once more at its end: with many jobs the messages are far above."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from contrage.errors import why_not_written

SHOWN = 10
ROOM = 128 * 1024  # bytes: with less, a step cannot write even its log and what it makes


@dataclass(frozen=True)
class Failure:
    """A job that failed and did not succeed later.

    Attributes
    ----------
    rule : str
    log : Path
        What the step itself wrote.
    reason : str
        The last error in that log; where it tells of none, what Snakemake met with before it named
        the job, or that the disk is full. Empty where nothing is known.
    """

    rule: str
    log: Path
    reason: str


def summary(log: Path) -> list[str]:
    """Return lines that name the jobs which failed for good, their reasons and their logs.

    Jobs whose logs hold an error come first. One without was killed (for its memory or its time,
    or with Snakemake), or belongs to a submission in which another job failed.

    Parameters
    ----------
    log : Path
        Snakemake's own log of the run.
    """
    found = failed_jobs(log.read_text(encoding="utf-8", errors="replace"))
    with_reason = [job for job in found if job.reason]
    shown = (with_reason or found)[:SHOWN]
    lines = [f"{len(found)} {'job' if len(found) == 1 else 'jobs'} failed:"] * bool(found)
    for job in shown:
        reason = job.reason or "no error in its log: killed? Snakemake's message names other logs"
        lines.append(f"  {job.rule}: {reason}\n    {job.log}")
    if len(found) > len(shown):
        lines.append(f"  and {len(found) - len(shown)} more: see {log}")
    return lines


def failed_jobs(text: str) -> list[Failure]:
    """Read Snakemake's log: the last word on every job that failed."""
    failed: dict[str, tuple[str, Path, str]] = {}
    rule = number = said = ""
    for line in text.splitlines():
        if told := re.match(r"\s*\w*Error: (\[Errno \d+\] .*)", line):
            said = told[1]
        if start := re.match(r"\s*Error in rule (\w+):", line):
            rule, number = start[1], ""
        elif rule and (job := re.match(r"\s+jobid: (\d+)", line)):
            number = job[1]
        elif rule and number and (logs := re.match(r"\s+log: ([^,]+?)(?:,| \(check|$)", line)):
            failed[number] = (rule, Path(logs[1]), said)
            rule = said = ""
        elif done := re.match(r"Finished jobid: (\d+)", line):
            failed.pop(done[1], None)
    return [
        Failure(rule, log, _reason(log) or _of_the_system(said, log) or _full_disk(log))
        for rule, log, said in failed.values()
    ]


def _reason(log: Path) -> str:
    """Return the last error of a step's log, in one line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    errors = [number for number, line in enumerate(lines) if " ERROR " in line]
    if not errors:
        return ""
    message = lines[errors[-1]].partition(" ERROR ")[2]
    below = [line for line in lines[errors[-1] + 1 :] if line.strip()]
    is_traceback = bool(below) and below[0].startswith("Traceback")
    return below[-1].strip() if is_traceback else message


def _of_the_system(said: str, log: Path) -> str:
    """Return what an error of the system means that met Snakemake itself, as "[Errno 28] …"."""
    found = re.match(r"\[Errno (\d+)\] (.*?)(?:: '(.*)')?$", said)
    if not found:
        return ""
    number, text, file = int(found[1]), found[2], found[3]
    return f"{file or log.parent}: {why_not_written(OSError(number, text))}"


def _full_disk(log: Path) -> str:
    """Return that the disk of a log is full, if it is: a job then leaves no word behind."""
    place = next(folder for folder in (log, *log.absolute().parents) if folder.exists())
    disk = os.statvfs(place)
    if disk.f_bavail * disk.f_frsize < ROOM or (disk.f_files and not disk.f_favail):
        return f"{place}: {why_not_written(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))}"
    return ""
