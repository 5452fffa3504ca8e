"""Runs note themselves in their folder while they live: no two of them write the same files.

Snakemake that is killed (SIGKILL, a closed session, a login node that restarts) leaves its jobs in
Slurm's queue and its lock in the folder. Submitting again would have two jobs write one file, so
the next run ends what a dead one left; a run that lives is waited for by its user.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from contrage.errors import ContrageError, UnwritableError
from contrage.files import TIMES_CUT, read_json, write_json
from contrage.run import slurm
from contrage.run.place import SNAKEMAKE, require_writable

logger = logging.getLogger(__name__)

NOTES = SNAKEMAKE / "contrage-runs"
TURN = SNAKEMAKE / "contrage-runs.lock"
LOCKS = SNAKEMAKE / "locks"


@dataclass(frozen=True)
class Run:
    """One Snakemake that works in a folder.

    Attributes
    ----------
    host : str
    process : int
    started : str
        When the process began, as the system counts; tells it from a later one of that number.
    executor : str
        "slurm", or another of Snakemake's.
    job : str
        The Slurm job in which Snakemake itself runs; empty on a login node.
    folders : tuple of str
        What it writes to, such as "results/x"; empty where an older version wrote the note.
    """

    host: str
    process: int
    started: str
    executor: str
    job: str = ""
    folders: tuple[str, ...] = ()

    @property
    def note(self) -> Path:
        """Where the run says that it is there, under the folder in which it works."""
        return NOTES / f"{self.host}-{self.process}.json"

    def lives(self) -> bool | None:
        """Whether the process is still there; None where that cannot be known from here."""
        if self.host == socket.gethostname():
            return _start_of(self.process) == self.started != ""
        try:
            return bool(slurm.still_there([self.job])) if self.job else None
        except FileNotFoundError:  # no Slurm here
            return None

    def shares(self, folders: Sequence[str]) -> list[str]:
        """Return those of some folders that this run may write to as well."""
        return [each for each in folders if not self.folders or each in self.folders]


def begin(folder: Path, executor: str, folders: Sequence[str] = ()) -> None:
    """Note that this process runs in a folder, having ended what dead runs on Slurm left there.

    Parameters
    ----------
    folder : Path
        The working directory of Snakemake.
    executor : str
        Snakemake's name of what runs the jobs.
    folders : sequence of str
        What the run writes to, seen from `folder`.

    Raises
    ------
    ContrageError
        Another run writes to one of these folders, they cannot be written to, or jobs of a killed
        run cannot be ended.
    """
    require_writable(folder, folders)
    with _turn(folder):
        refuse_second(folder, folders)
        if executor == "slurm":
            end_left_behind(folder)
        else:
            _forget(folder)
        job = os.environ.get("SLURM_JOB_ID", "")
        start = _start_of(os.getpid())
        own = Run(socket.gethostname(), os.getpid(), start, executor, job, tuple(folders))
        note = folder / own.note
        write_json(note, asdict(own))
    atexit.register(_end, note, own.process)


def refuse_second(folder: Path, folders: Sequence[str]) -> None:
    """Raise `ContrageError` where a run that lives writes to one of some folders.

    A cohort that is preprocessed already may be shared: nothing of it is written any more.
    Of a run on another host nobody knows here whether it lives: there is a warning.
    """
    for run in _others(folder):
        shared = [each for each in run.shares(folders) if _is_written(folder, each)]
        alive = run.lives() if shared else False
        if alive:
            raise ContrageError(
                f"another run (process {run.process} on {run.host}) is working on {shared[0]} in "
                "this folder: wait until it ends, or stop it with Ctrl-C; this one has changed "
                "nothing"
            )
        if alive is None and run.executor != "slurm":
            _warn_of(run, folder)


def _is_written(folder: Path, place: str) -> bool:
    """Return whether a run holds locks on files below a place, or has not planned them yet."""
    locks = list((folder / LOCKS).glob("*.output.lock"))
    files = (line for lock in locks for line in lock.read_text(encoding="utf-8").splitlines())
    return not locks or any(line.startswith(f"{place}/") for line in files)


def is_at_work(folder: Path, tells: bool = True) -> bool:
    """Return whether another run works in a folder, or may do so; a line says of one that does."""
    here = socket.gethostname()
    alive = [(run, run.lives() if run.host == here else None) for run in _others(folder)]
    for run in [run for run, lives in alive if lives and tells]:
        logger.warning(
            "another run (process %d on %s) is working in this folder: what it has not finished "
            "yet Snakemake may call incomplete; leave that alone",
            *(run.process, run.host),
        )
    return any(lives is not False for _, lives in alive)


def times_cut(folder: Path) -> dict[str, int]:
    """Return how often files of results/ were found cut; their paths are seen from a folder."""
    found: dict[str, int] = {}
    for note in sorted((folder / TIMES_CUT).glob("[!.]*.json")):
        with suppress(ContrageError, OSError, KeyError, TypeError, ValueError):
            told = read_json(note)
            found[told["file"]] = int(told["times"])
    return found


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Let one process at a time look for others and note itself, where the file system can."""
    try:
        (folder / SNAKEMAKE).mkdir(exist_ok=True)
        stream = (folder / TURN).open("a", encoding="utf-8")
    except OSError as error:
        raise UnwritableError(folder / TURN, error) from error
    with stream:
        with suppress(OSError):  # a network file system without locks
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _notes(folder: Path) -> list[Run]:
    """Return the runs whose notes can be read; keys of a later version are passed over."""
    known, found = {field.name for field in fields(Run)}, []
    for file in sorted((folder / NOTES).glob("[!.]*.json")):
        with suppress(ContrageError, OSError, TypeError, AttributeError):
            told = {key: value for key, value in read_json(file).items() if key in known}
            found.append(Run(**told | {"folders": tuple(told.get("folders", ()))}))
    return found


def _others(folder: Path) -> list[Run]:
    own = (socket.gethostname(), os.getpid())
    return [run for run in _notes(folder) if (run.host, run.process) != own]


def _warn_of(run: Run, folder: Path, first: str = "") -> None:
    logger.warning(
        "a run was started here by process %d of %s. If it was killed: %sremove %s and call "
        "`snakemake --unlock`; else wait for it.",
        *(run.process, run.host, first, folder / run.note),
    )


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
        _warn_of(run, folder, "`scancel` its jobs, ")
    if any(alive is not False for alive in living.values()):
        return
    locks = list((folder / LOCKS).glob("*.lock"))
    if any(run.executor == "slurm" for run in runs):
        jobs = slurm.jobs_of(folder)
        if jobs:
            logger.warning(
                "the last run here was killed and left %d jobs in Slurm's queue: cancelling them",
                len(jobs),
            )
            slurm.cancel(jobs)
        # A lock of a run elsewhere than on Slurm is the user's to remove: its jobs may go on.
        if locks and all(run.executor == "slurm" for run in runs):
            logger.warning("the last run here was killed: unlocking %s", folder)
            for lock in locks:
                lock.unlink(missing_ok=True)
    for run in runs:
        (folder / run.note).unlink(missing_ok=True)


def _start_of(process: int) -> str:
    """Return when a process of this host began, in the system's own count; "" if it is dead."""
    if not Path("/proc/self/stat").exists():
        return _start_without_proc(process)
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    told = stat.rsplit(")", 1)[1].split()
    return "" if told[0] in "ZX" else told[19]  # a zombie waits for nobody but its parent


def _start_without_proc(process: int) -> str:
    import psutil

    try:
        found = psutil.Process(process)
        return "" if found.status() == psutil.STATUS_ZOMBIE else str(found.create_time())
    except psutil.Error:
        return ""
