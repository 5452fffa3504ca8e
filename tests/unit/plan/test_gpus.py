"""Which GPUs jobs ask for, of this machine and of Slurm, and what cannot be had."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from given import config
from snakemake.iocontainers import ResourceList
from snakemake_executor_plugin_slurm.partitions import parse_gpu_requirements
from snakemake_executor_plugin_slurm.utils import set_gres_string

from contrage.cohort.scans import Cohort, Scan
from contrage.errors import SettingsError
from contrage.plan import gpus, jobs
from contrage.plan.experiment import Experiment


def block(**training: Any) -> dict[str, Any]:
    return config(training=training)["training"]


@pytest.mark.parametrize("executor", ["local", "slurm", "slurm-jobstep"])
def test_a_job_asks_for_its_gpus_and_nothing_else_where_nothing_is_said(executor: str):
    assert gpus.asked(block(), 2, executor, shares=True) == (2, "")
    assert gpus.asked(block(), 1, executor) == (1, "")


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_on_the_processor_no_gpu_is_asked_for(executor: str):
    stated = block(device="cpu", gpu_type="a100", trainings_per_gpu=4)
    assert gpus.asked(stated, 1, executor, shares=True) == (0, "")
    assert gpus.asked(block(gpu_type="a100"), 0, executor) == (0, "")


@pytest.mark.parametrize("kind", ["a100", "1g.10gb"])
def test_slurm_is_asked_for_the_type_and_this_machine_for_what_it_has(kind: str):
    stated = block(gpu_type=kind)
    assert gpus.asked(stated, 1, "slurm", shares=True) == (0, f"gpu:{kind}:1")
    assert gpus.asked(stated, 1, "slurm-jobstep") == (0, f"gpu:{kind}:1")
    assert gpus.asked(stated, 1, "local", shares=True) == (1, "")


def test_trainings_that_share_a_gpu_take_a_share_and_other_jobs_all_of_them():
    stated = block(trainings_per_gpu=4)
    assert gpus.asked(stated, 1, "local", shares=True) == (1, "")
    assert gpus.asked(stated, 1, "local") == (4, "")
    assert gpus.asked(stated, 1, "slurm", shares=True) == (0, "shard:1")
    assert gpus.asked(stated, 1, "slurm") == (1, "")


@pytest.mark.parametrize(
    ("training", "told"),
    [
        (
            {"gpu_type": "1g.10gb", "gpus_per_job": 2},
            "training.gpus_per_job: 2, but 1g.10gb is a slice of a GPU (MIG)",
        ),
        (
            {"trainings_per_gpu": 2, "gpus_per_job": 2},
            "training.trainings_per_gpu: 2, but each training takes 2 GPUs",
        ),
        (
            {"trainings_per_gpu": 2, "gpu_type": "1g.10gb"},
            "training.trainings_per_gpu: 2, but 1g.10gb (training.gpu_type) is a slice",
        ),
    ],
)
def test_what_cannot_be_had_is_refused_and_on_the_processor_does_not_matter(training, told):
    with pytest.raises(SettingsError) as refused:
        gpus.check(config(training=training))
    assert str(refused.value).startswith(told)
    gpus.check(config(training={**training, "device": "cpu"}))


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"gpu_type": "1g.10gb"},
        {"gpu_type": "a100", "gpus_per_job": 2},
        {"gpu_type": "a100", "trainings_per_gpu": 3},
    ],
)
def test_what_can_be_had_is_not_refused(training: dict[str, Any]):
    gpus.check(config(training=training))


def test_types_are_those_of_experiments_that_use_gpus():
    asked = [{"gpu_type": "a100"}, {}, {"gpu_type": "v100", "device": "cpu"}]
    assert gpus.types_of_gpus([config(training=each) for each in asked]) == {"a100"}


@pytest.mark.parametrize("key", ["gpu_type", "trainings_per_gpu"])
def test_a_profile_that_names_a_model_as_well_is_refused(key: str):
    configs = [config(training={key: {"gpu_type": "a100", "trainings_per_gpu": 2}[key]})]
    gpus.check_profile(configs, {"train": ""})
    gpus.check_profile([config()], {"train": "v100"})
    with pytest.raises(SettingsError, match=f"^training.{key}: the profile says gpu_model: v100"):
        gpus.check_profile(configs, {"saliency": "", "train": "v100"})


def test_a_finished_training_stays_whatever_gpus_it_is_to_have():
    people = Cohort([Scan(f"sub-{n:02d}", None, 20.0 + n, None, "A") for n in range(60)], [], [])

    def asked(**training: Any):
        of = Experiment.of(config(training=training), people)
        return jobs.training(of, "exp", 0, 0)

    assert asked() == asked(gpu_type="a100") == asked(trainings_per_gpu=4)


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({}, " --gpus=1"),
        ({"gpu_type": "a100"}, " --gres=gpu:a100:1"),
        ({"gpu_type": "1g.10gb"}, " --gres=gpu:1g.10gb:1"),
        ({"trainings_per_gpu": 4}, " --gres=shard:1"),
        ({"trainings_per_gpu": 4, "gpu_type": "a100"}, " --gres=shard:a100:1"),
        ({"device": "cpu"}, ""),
    ],
)
def test_the_executor_for_slurm_passes_on_what_is_asked(training: dict[str, Any], said: str):
    asked = gpus.asked(block(**training), 1, "slurm", shares=True)
    job = SimpleNamespace(resources=ResourceList(fromdict=asked._asdict()))
    assert set_gres_string(job).strip() == said.strip()
    parse_gpu_requirements(job)  # refuses what says it twice
