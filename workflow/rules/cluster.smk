"""Before anything is read: what a run needs, who else works here, what a killed run left behind."""

import logging
import os
import sys
from contextlib import chdir, redirect_stderr

from snakemake.cli import parse_args
from snakemake.exceptions import WorkflowError

from contrage.plan import gpus
from contrage.plan import pretraining as beforehand
from contrage.run import slurm
from contrage.errors import ContrageError
from contrage.run import asked, at_work

# What a log has no room or no letter for is no reason to print tracebacks.
logging.raiseExceptions = False


def command_line():
    """The options of this run, profile included; None where no command line tells them.

    Snakemake reads the workflow before it tells it who will run the jobs. With --directory, a
    profile was looked for where the command was given, most likely beside the Snakefile.
    """
    for folder in (Path.cwd(), workflow.basedir, HERE.parent):
        try:
            with (
                open(os.devnull, "w", encoding="utf-8") as nowhere,
                redirect_stderr(nowhere),
            ):
                with chdir(folder):
                    return parse_args(sys.argv[1:])[1]
        except (SystemExit, OSError):
            pass
    return None


IS_COMMAND = Path(sys.argv[0]).stem in ("snakemake", "__main__")
ASKED = command_line() if workflow.is_main_process and IS_COMMAND else None
TARGETS = (ASKED.targets, ASKED.until) if ASKED else ([], [])


EXECUTOR = asked.executor(ASKED)

try:
    if EXECUTOR == "slurm":
        gpus.check_profile(CONFIGS, asked.models_of_gpus(ASKED))
        slurm.require_controller()
    if EXECUTOR:
        at_work.begin(Path.cwd(), EXECUTOR, beforehand.folders(CONFIGS))
    # Where nothing is to run, the list of scans that jobs of another run read stays as it is.
    KEEPS_COHORT = bool(EXECUTOR) or (
        workflow.is_main_process and not at_work.is_at_work(Path.cwd(), tells=True)
    )
except ContrageError as error:
    raise WorkflowError(str(error)) from None
