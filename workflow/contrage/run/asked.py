"""What a command asks of Snakemake, told by its options."""

from __future__ import annotations

from typing import Any

WITHOUT_JOBS = (
    *("dryrun", "touch", "unlock", "lint", "reporter", "dag", "rulegraph", "filegraph", "d3dag"),
    *("summary", "detailed_summary", "list_rules", "list_target_rules", "list_changes"),
    *("list_untracked", "archive", "cleanup_metadata", "delete_all_output", "containerize"),
    *("conda_create_envs_only", "conda_cleanup_envs", "list_conda_envs"),
)
"""Options with which Snakemake runs no job."""


def executor(options: Any) -> str | None:
    """Return what is to run the jobs ("slurm", "local"); None where no job will run.

    Parameters
    ----------
    options
        As Snakemake's own parser gives them, with an attribute each; None where there are none.
    """
    if options is None or any(getattr(options, name) for name in WITHOUT_JOBS):
        return None
    return options.executor or "local"


def models_of_gpus(options: Any) -> dict[str, str]:
    """Return each rule's `gpu_model`, as a profile or the command sets it; empty for any."""
    resources = options.set_resources or {}
    stated = {rule: of["gpu_model"] for rule, of in resources.items() if "gpu_model" in of}
    return {rule: str(each.raw).strip("'\"") for rule, each in stated.items()}
