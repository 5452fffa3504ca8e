"""What a job asks for of GPUs, a machine's or a cluster's: how many, which type, a share of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from contrage.errors import SettingsError

SLICE = re.compile(r"\d+g\.\d+gb")
"""How Slurm names the slices of a GPU (MIG), after NVIDIA's profiles."""
SHARE = "shard"
"""What Slurm calls a share of a GPU: `trainings_per_gpu` of them are one."""


class GpusAsked(NamedTuple):
    """What a job asks for.

    Attributes
    ----------
    gpu : int
        GPUs; where no cluster runs the jobs, shares of them.
    gres : str
        What Slurm is asked for in place of a number of GPUs; empty for nothing.
    """

    gpu: int
    gres: str


def asked(
    training: Mapping[str, Any], number: int, executor: str, shares: bool = False
) -> GpusAsked:
    """Return what a job asks for.

    Parameters
    ----------
    training : mapping
        The block of the configuration.
    number : int
        GPUs that the job computes on, if it computes on any.
    executor : str
        Snakemake's name of what runs the jobs: local, slurm, or, in a job of Slurm's own,
        slurm-jobstep.
    shares : bool
        Whether others may use the same GPU, as trainings may.
    """
    per_gpu, kind = training["trainings_per_gpu"], training["gpu_type"]
    if training["device"] == "cpu" or not number:
        return GpusAsked(0, "")
    if not executor.startswith("slurm"):  # this machine's GPUs are of the type that they are
        return GpusAsked(number if shares else number * per_gpu, "")
    if shares and per_gpu > 1:
        return GpusAsked(0, f"{SHARE}:{kind}:1" if kind else f"{SHARE}:1")
    return GpusAsked(0, f"gpu:{kind}:{number}") if kind else GpusAsked(number, "")


def types_of_gpus(configs: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the types of GPUs that the configurations of a run ask for, of those that use any."""
    blocks = [config["training"] for config in configs]
    return {block["gpu_type"] for block in blocks if block["device"] != "cpu"} - {None}


def check(config: Mapping[str, Any]) -> None:
    """Raise `SettingsError` for GPUs that cannot be had so; the sentence begins with the key."""
    training = config["training"]
    kind, per_gpu, each = (
        training[key] for key in ("gpu_type", "trainings_per_gpu", "gpus_per_job")
    )
    if training["device"] == "cpu":
        return
    is_slice = bool(kind and SLICE.search(kind))
    if is_slice and each > 1:
        raise SettingsError(
            f"training.gpus_per_job: {each}, but {kind} is a slice of a GPU (MIG), and processes "
            "on several cannot speak with each other; set it to 1, or gpu_type to a whole GPU"
        )
    if per_gpu > 1 and each > 1:
        raise SettingsError(
            f"training.trainings_per_gpu: {per_gpu}, but each training takes {each} GPUs "
            "(training.gpus_per_job); set one of them to 1"
        )
    if per_gpu > 1 and is_slice:
        raise SettingsError(
            f"training.trainings_per_gpu: {per_gpu}, but {kind} (training.gpu_type) is a slice of "
            "a GPU (MIG) already; set it to 1, or gpu_type to a whole GPU or null"
        )


def check_profile(configs: Iterable[Mapping[str, Any]], models: Mapping[str, str]) -> None:
    """Raise `SettingsError` where profile and configuration both say which GPUs jobs get.

    Parameters
    ----------
    configs : iterable of mapping
        All of a run.
    models : mapping
        Rule to `gpu_model`, as a profile's `set-resources` say; empty for any.
    """
    configs = list(configs)
    shared = any(config["training"]["trainings_per_gpu"] > 1 for config in configs)
    key = "gpu_type" if types_of_gpus(configs) else "trainings_per_gpu" if shared else None
    named = sorted(filter(None, models.values()))
    if key and named:
        raise SettingsError(
            f"training.{key}: the profile says gpu_model: {named[0]} as well; empty it there, "
            "or leave the key out"
        )
