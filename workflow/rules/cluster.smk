"""Before any job: what a run on Slurm needs, and what a killed one left behind."""

import sys
from contextlib import redirect_stderr

from snakemake.cli import parse_args

from contrage import slurm

# Options with which Snakemake runs no job.
WITHOUT_JOBS = [
    *("dryrun", "touch", "unlock", "lint", "reporter", "dag", "rulegraph", "filegraph"),
    *(
        "d3dag",
        "summary",
        "detailed_summary",
        "list_rules",
        "list_target_rules",
        "archive",
    ),
    *("list_changes", "list_untracked", "cleanup_metadata", "delete_all_output"),
    *(
        "conda_create_envs_only",
        "conda_cleanup_envs",
        "list_conda_envs",
        "containerize",
    ),
]


def executor_of_run():
    """What is to run the jobs ("slurm", "local", …); None where no job will run.

    Snakemake reads the workflow before it tells; its command line, profile included, says so.
    """
    started_by = Path(sys.argv[0]).stem
    if not workflow.is_main_process or started_by not in ("snakemake", "__main__"):
        return None
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        _, asked = parse_args(sys.argv[1:])
    return (
        None if any(getattr(asked, name) for name in WITHOUT_JOBS) else asked.executor
    )


EXECUTOR = None if STAGE else executor_of_run()  # the pre-training is part of a run

try:
    if EXECUTOR == "slurm":
        slurm.require_controller()
    if EXECUTOR:
        slurm.begin(Path.cwd(), EXECUTOR)
except ContrageError as error:
    raise WorkflowError(str(error)) from None
