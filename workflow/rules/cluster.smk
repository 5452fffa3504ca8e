"""Before any job: what a run on Slurm needs, and what a killed one left behind."""

import sys
from contextlib import chdir, redirect_stderr

from snakemake.cli import parse_args

from contrage import slurm

# Options with which Snakemake runs no job.
WITHOUT_JOBS = (
    "dryrun touch unlock lint reporter dag rulegraph filegraph d3dag summary detailed_summary "
    "list_rules list_target_rules list_changes list_untracked archive cleanup_metadata "
    "delete_all_output conda_create_envs_only conda_cleanup_envs list_conda_envs containerize"
).split()


def command_line():
    """The options of this run, profile included; None where no command line tells them.

    Snakemake reads the workflow before it tells it who will run the jobs. With --directory, a
    profile was looked for where the command was given, most likely beside the Snakefile.
    """
    for folder in (Path.cwd(), workflow.basedir):
        try:
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
                with chdir(folder):
                    return parse_args(sys.argv[1:])[1]
        except SystemExit:
            pass
    return None


def executor_of_run():
    """What is to run the jobs ("slurm", "local", …); None where no job will run."""
    started_by = Path(sys.argv[0]).stem
    if not workflow.is_main_process or started_by not in ("snakemake", "__main__"):
        return None
    asked = command_line()
    if asked is None or any(getattr(asked, name) for name in WITHOUT_JOBS):
        return None
    return asked.executor or "local"


EXECUTOR = None if STAGE else executor_of_run()  # the pre-training is part of a run

try:
    if EXECUTOR == "slurm":
        slurm.require_controller()
    if EXECUTOR:
        slurm.begin(Path.cwd(), EXECUTOR)
except ContrageError as error:
    raise WorkflowError(str(error)) from None
