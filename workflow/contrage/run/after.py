"""What is done once a run has ended."""

from __future__ import annotations

import os
import shlex
import threading
from pathlib import Path


def end_timers() -> None:
    """End the timers that wake Snakemake 9.27's scheduler, one for each job that has ended.

    When the last job is done nobody needs them, and the process would wait for all of them: as
    long as the timespan of --max-jobs-per-timespan.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


def write_index(home: Path) -> str:
    """Return the command that writes results/index.html; where it cannot, it says so and no more.

    Parameters
    ----------
    home : Path
        The folder in which the package lies, unless it is installed.
    """
    path = os.environ.get("PYTHONPATH")
    own = f"PYTHONPATH={shlex.quote(os.pathsep.join([str(home), *[path] * bool(path)]))} "
    is_here = (home / "contrage").is_dir()
    told = "echo 'contrage: results/index.html was not written; see contrage index' >&2"
    return f"{own if is_here else ''}python -m contrage index results --quiet || {told}"
