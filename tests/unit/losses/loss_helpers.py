"""What the tests of the losses share: batches, gradients, golden cases, kernels by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from contrage.losses import load

FILE_NAMES = {"expw": "exp"}
TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4}


class Golden(NamedTuple):
    key: str
    settings: dict[str, Any]
    epoch: int
    arrays: dict[str, np.ndarray]


def golden_cases(folder: Path, name: str) -> Iterator[Golden]:
    """Yield one loss's reference cases: the released code's and the printed equations'."""
    for stem in ("losses_visible", "paper_visible"):
        cases = json.loads((folder / f"{stem}.json").read_text())["cases"]
        with np.load(folder / f"{stem}.npz") as arrays:
            for case in cases:
                if FILE_NAMES.get(case["loss"], case["loss"]) != name:
                    continue
                settings = {k: v for k, v in case["params"].items() if k not in ("epoch", "note")}
                parts = {p: arrays[f"{case['key']}_{p}"] for p in ("z", "y", "loss", "grad")}
                yield Golden(case["key"], settings, case["params"].get("epoch", 0), parts)


def assert_golden(folder: Path, name: str, dtype: torch.dtype) -> int:
    """Compare loss and gradient with all reference cases; return how many there are."""
    number = 0
    for case in golden_cases(folder, name):
        tolerance, wanted = TOLERANCES[dtype], case.arrays["grad"]
        z, y = (torch.tensor(case.arrays[part], dtype=dtype) for part in "zy")
        value, gradient = value_and_gradient(load(name, **case.settings), z, y, case.epoch)
        np.testing.assert_allclose(value, case.arrays["loss"], rtol=tolerance, err_msg=case.key)
        limit = tolerance * np.abs(wanted).max()
        np.testing.assert_allclose(gradient, wanted, rtol=0, atol=limit, err_msg=case.key)
        number += 1
    return number


def value_and_gradient(
    loss: nn.Module | Callable[..., Tensor], embeddings: Tensor, ages: Tensor, epoch: int = 0
) -> tuple[float, Tensor]:
    leaf = embeddings.detach().clone().requires_grad_()
    value = loss(leaf, ages, epoch=epoch)
    value.backward()
    return value.item(), leaf.grad


def batch(
    rng: np.random.Generator, samples: int = 5, views: int = 2, features: int = 4
) -> tuple[Tensor, Tensor]:
    """Make unit embeddings (samples, views, features), and ages in two groups, one of them tied."""
    embeddings = torch.tensor(rng.normal(size=(samples, views, features)))
    ages = np.where(
        np.arange(samples) % 2, rng.uniform(20, 26, samples), rng.uniform(66, 75, samples)
    )
    ages = ages.round(1)
    ages[samples // 2] = ages[0]
    return embeddings / embeddings.norm(dim=-1, keepdim=True), torch.tensor(ages)


def anchors_of(embeddings: Tensor, ages: Tensor) -> tuple[list[Tensor], list[float]]:
    """Make every view an anchor, one by one."""
    samples, views, _ = embeddings.shape
    pairs = [(i, v) for i in range(samples) for v in range(views)]
    return [embeddings[i, v] for i, v in pairs], [float(ages[i]) for i, _ in pairs]


def kernel(name: str, sigma: float, difference: float) -> float:
    if name == "cauchy":
        return 1 / (sigma * difference**2 + 1)
    bell = math.exp(-(difference**2) / (2 * sigma**2))
    return bell if name == "rbf" else bell / (sigma * math.sqrt(2 * math.pi))


def assert_same(
    loss: nn.Module, oracle: Callable[..., Tensor], z: Tensor, y: Tensor, epoch: int = 0
):
    value, gradient = value_and_gradient(loss, z, y, epoch)
    wanted, wanted_gradient = value_and_gradient(oracle, z, y, epoch)
    np.testing.assert_allclose(value, wanted, rtol=1e-10)
    torch.testing.assert_close(
        gradient, wanted_gradient, rtol=0, atol=1e-10 * float(wanted_gradient.abs().max())
    )
