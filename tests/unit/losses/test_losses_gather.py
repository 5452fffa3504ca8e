"""Two processes with half a batch each compute what one computes with the whole batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from loss_helpers import value_and_gradient
from torch import distributed
from torch.multiprocessing import spawn

from contrage.losses import available, load

FIRST = 5  # of the eight samples; the other process has the last three


def joint_batch(name: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    rng = np.random.default_rng(5)
    loss = load(name)
    width = 1 if getattr(loss, "needs_prediction", False) else 6
    z = torch.tensor(rng.normal(size=(8, 2, width)))
    z = z / z.norm(dim=-1, keepdim=True) if width > 1 else z
    y = torch.tensor([20.1, 70.3, 20.1, 45.0, 66.6, 70.3, 31.0, 32.0], dtype=torch.float64)
    y = (y > 40).double() if name == "bce" else y
    groups = {"groups": torch.arange(8) % 2} if name == "supremix" else {}
    return z, y, groups


def with_groups(loss, groups):
    return lambda z, y, epoch: loss(z, y, epoch=epoch, **groups)


def process(rank: int, folder: str, names: list[str]) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    own = slice(0, FIRST) if rank == 0 else slice(FIRST, None)
    found = {}
    for name in names:
        z, y, groups = joint_batch(name)
        groups = {key: value[own] for key, value in groups.items()}
        loss = with_groups(load(name), groups)
        found[name] = value_and_gradient(loss, z[own], y[own], 10)
        half = z[own].to(torch.bfloat16)
        found[f"{name} in half precision"] = value_and_gradient(loss, half, y[own], 10)
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("gloo")
    spawn(process, (str(folder), available()), nprocs=2)
    return [torch.load(Path(folder) / f"{rank}.pt") for rank in (0, 1)]


@pytest.mark.parametrize("name", available())
def test_two_processes_give_the_loss_and_the_gradient_of_the_joint_batch(name, two_processes):
    z, y, groups = joint_batch(name)
    wanted, gradient = value_and_gradient(with_groups(load(name), groups), z, y, 10)
    (first, first_gradient), (second, second_gradient) = (found[name] for found in two_processes)
    assert first == pytest.approx(wanted, rel=1e-12)
    assert second == pytest.approx(wanted, rel=1e-12)
    torch.testing.assert_close(torch.cat([first_gradient, second_gradient]), gradient)


@pytest.mark.parametrize("name", available())
def test_half_precision_is_gathered_too(name, two_processes):
    z, y, groups = joint_batch(name)
    loss = with_groups(load(name), groups)
    wanted, _ = value_and_gradient(loss, z.to(torch.bfloat16), y, 10)
    for found in two_processes:
        value, gradient = found[f"{name} in half precision"]
        assert value == pytest.approx(wanted, rel=1e-6)
        assert gradient.dtype == torch.bfloat16


def test_alone_nothing_is_gathered():
    z, y, _ = joint_batch("exp")
    loss = load("exp")
    torch.testing.assert_close(loss(z, y), loss.forward(z, y))
