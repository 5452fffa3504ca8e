"""Whole trainings on a pretended GPU: no operation has operands on two devices.

Nor is any left, with `deterministic`, that PyTorch would refuse, and `contrage embed` gives the
features that the training wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from forms import SLICE, TABLE
from labelled_device import Operations, RefusedError, label, labelled_device
from torch import nn
from training_steps import AS_TRAINED, asked

from contrage import losses
from contrage.learning import encoders
from contrage.learning import train as training
from contrage.learning.embed import embed
from contrage.learning.machine.device import repeatable
from contrage.learning.train import train
from contrage.losses.dynlocrep import NORMS
from contrage.losses.exp import Exponential

PRECISIONS = ("float32", "bfloat16", "float16")
FORMS = ("paper", "released")
ALL_OPTIONS = {
    "augmentation": ["flip", "affine", "cutout", "crop", "intensity", "noise"],
    "ema": 0.9,
    "gradient_clip": 1.0,
    "early_stop": {"on": "inner", "fraction": 0.3, "patience": 5, "every": 1},
    "schedule": {"name": "cosine", "warmup_epochs": 1, "final_fraction": 0.1},
}


@pytest.fixture
def gpu(monkeypatch) -> Iterator[Operations]:
    with labelled_device(monkeypatch) as operations:
        yield operations


@pytest.fixture
def few(cohort):
    """Twelve scans, ten of them for training, of people of both sexes."""
    cohort.images, cohort.ages = cohort.images[:12], cohort.ages[:12]
    cohort.train, cohort.test = [3, 7, 0, 11, 5, 2, 9, 4, 10, 1], [6, 8]
    cohort.write()
    path = cohort.folder / "scans.tsv"
    header, *lines = path.read_text().splitlines()
    lines = [f"{line}\t{'FM'[row % 2]}" for row, line in enumerate(lines)]
    path.write_text("\n".join([f"{header}\tsex", *lines]) + "\n")
    return cohort


@pytest.fixture
def wanted(settings) -> dict[str, Any]:
    settings["training"] |= {"device": "cuda", "batch_size": 4, "epochs": 2, "precision": "float32"}
    return settings


def train_and_embed(cohort, settings: dict[str, Any], **more: Any) -> None:
    outputs, again = cohort.outputs("run"), cohort.folder / "again.npz"
    train(asked(settings), **cohort.inputs, **outputs, **more)
    embed(AS_TRAINED, **cohort.inputs, model=outputs["model"], features=again)
    with np.load(outputs["features"]) as first, np.load(again) as second:
        assert np.isfinite(first["features"]).all()
        for name in first.files:
            assert np.array_equal(first[name], second[name]), name


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("loss", losses.available("continuous"))
def test_every_loss_in_every_precision(gpu, few, wanted, loss, precision):
    wanted["loss"] = {"loss": loss}
    wanted["training"] |= {"precision": precision, "deterministic": precision == "float32"}
    train_and_embed(few, wanted)


VARIANTS = [
    *(
        {"loss": "dynlocrep", "norm": norm, "formulation": form, "nn_final": 2}
        for norm in NORMS
        for form in FORMS
    ),
    {"loss": "exp", "formulation": "released", "kernel": "cauchy"},
    {"loss": "threshold", "formulation": "released"},
    {"loss": "yaware", "formulation": "released"},
    {"loss": "supremix", "group_by": "sex"},
    {"loss": "adacon", "regression_weight": 1.33},
]


@pytest.mark.parametrize("loss", VARIANTS, ids=lambda loss: " ".join(map(str, loss.values())))
def test_every_form_of_a_loss(gpu, few, wanted, loss):
    wanted["loss"] = loss
    wanted["training"] |= {"deterministic": True, "epochs": 1}
    train_and_embed(few, wanted)


class PowerCutError(Exception):
    """Stands for an interruption."""


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("optimiser", "loss"),
    [
        ("adam", {"loss": "adacon", "regression_weight": 1.33}),
        ("sgd", {"loss": "dynlocrep", "nn_final": 2}),
    ],
    ids=["adam", "sgd"],
)
def test_all_options_at_once_interrupted_after_an_epoch(
    gpu, few, wanted, monkeypatch, optimiser, loss, precision
):
    wanted |= {"loss": loss, "snapshot_epochs": [1]}
    wanted["training"] |= ALL_OPTIONS | {"optimiser": optimiser, "precision": precision}
    wanted["probe"] = {"alphas": [0.1, 1.0, 10.0]}
    whole = few.outputs("whole")
    train(asked(wanted), **few.inputs, **whole, snapshots=[few.folder / "whole_1.npz"])
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    run_epoch, done = training.run_epoch, []

    def cut(state, *rest):
        if done == [1]:
            done.append("cut")
            raise PowerCutError
        waits = len(gpu.waits)
        run_epoch(state, *rest)
        assert len(gpu.waits) == waits + 1, gpu.waits[waits:]
        done.append(state.epoch)

    monkeypatch.setattr(training, "run_epoch", cut)
    snapshots = [few.folder / "run_1.npz"]
    with pytest.raises(PowerCutError):
        train(asked(wanted), **few.inputs, **few.outputs("run"), snapshots=snapshots)
    train_and_embed(few, wanted, snapshots=snapshots)
    assert done == [1, "cut", 2]
    for name, other in (("run/features", "whole/features"), ("run_1", "whole_1")):
        with (
            np.load(few.folder / f"{name}.npz") as cut_short,
            np.load(few.folder / f"{other}.npz") as uncut,
        ):
            assert np.array_equal(cut_short["features"], uncut["features"]), name


@pytest.mark.filterwarnings("ignore:'pin_memory' argument is set as true")
def test_images_from_disk(gpu, few, wanted):
    wanted["training"] |= {"storage": "disk", "workers": 0, "augmentation": ["flip", "noise"]}
    train_and_embed(few, wanted)


SLOW = {
    name
    for family in ("resnet", "densenet", "vit")
    for name in encoders.families()[family]["NAMES"]
}
ENCODERS = [
    pytest.param(name, marks=[pytest.mark.xdist_group("monai")] * (name in SLOW))
    for name in encoders.NAMES
]


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder(gpu, few, wanted, encoder, deterministic):
    """ResNets on slices, since most of their time in 3-D would go into writing weights."""
    few.images = few.images[:, 2:]
    if encoder.startswith("resnet"):
        few.images, wanted["dataset"]["form"] = few.images[..., 4], SLICE
    elif encoder == "mlp":
        few.images, wanted["dataset"]["form"] = few.images.mean((2, 3)), TABLE
    few.write()
    wanted["training"] |= {"encoder": encoder, "deterministic": deterministic, "epochs": 1}
    train_and_embed(few, wanted)


def test_fault_in_a_loss_is_named_with_its_line(gpu, few, wanted, monkeypatch):
    forward = Exponential.forward

    def shifted(self, embeddings, ages, epoch=0):
        return forward(self, embeddings, ages + torch.zeros(len(ages)), epoch)

    monkeypatch.setattr(Exponential, "forward", shifted)
    line = shifted.__code__.co_firstlineno + 1
    told = (
        rf"aten\.add\.Tensor on cuda with \(4,\) float32 on cpu, .*/test_labelled_device\.py:{line}"
    )
    with pytest.raises(RefusedError, match=told):
        train(asked(wanted), **few.inputs, **few.outputs("run"))


class Careless(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient + torch.ones(3)


def careless_steps(values):
    weights = nn.Parameter(values)
    adam = torch.optim.Adam([weights], fused=True)
    weights.grad = torch.ones_like(weights)
    adam.step()
    adam.state[weights]["step"] = torch.zeros(())
    adam.step()


def pool_with_fixed_algorithms(values):
    with repeatable(0, values.device, 1, deterministic=True):
        nn.AvgPool3d(1)(values.view(1, 1, 1, 3, 1).requires_grad_()).sum().backward()


FAULTS = {
    r"aten\.add\.Tensor .*\.py:\d+": lambda values: values + torch.ones(3),
    r"add\.Tensor": lambda values: Careless.apply(values.requires_grad_()).sum().backward(),
    r"add_\.Tensor on cuda with \(\) ": lambda values: torch.zeros(()).add_(values.sum()),
    r"index": lambda values: values[torch.tensor([0, 2])],
    r"rand on cuda, generator on cpu, .*\.py:\d+": lambda _: torch.rand(
        3, device="cuda", generator=torch.Generator()
    ),
    r"numpy of a tensor on cuda": lambda values: values.numpy(),
    r"__array__ of a tensor on cuda": np.asarray,
    r"fused_adam_\.default on cuda with \(\) float32": careless_steps,
    r"avg_pool3d_backward.* is not deterministic": pool_with_fixed_algorithms,
}


@pytest.mark.parametrize("told", FAULTS)
def test_what_a_gpu_would_refuse_is_noticed(gpu, told):
    with pytest.raises(RefusedError, match=told):
        FAULTS[told](torch.arange(3.0, device="cuda"))


def test_what_a_gpu_would_do_is_done(gpu):
    values, weights = torch.arange(3.0).to("cuda"), torch.ones(3, requires_grad=True)
    assert values.device == torch.device("cuda", 0)
    assert values.is_cuda
    (weights.to(values) * values * torch.tensor(2.0)).sum().backward()
    assert weights.grad.tolist() == [0, 2, 4]
    assert label(weights.grad) == "cpu"
    assert label(torch.rand(2, device="cuda", generator=torch.Generator("cuda"))) == "cuda"
    assert label(torch.zeros_like(values, device="cpu")) == "cpu"
    assert values.cpu().numpy().tolist() == [0, 1, 2]
    assert not gpu.waits
    assert values.sum().item() == 3
    assert len(gpu.waits) == 1
    assert "test_labelled_device.py" in gpu.waits[0]


def test_nothing_of_it_is_left(monkeypatch):
    before = torch.Generator, torch.autocast, torch.cuda.is_available, torch.cuda.mem_get_info
    with labelled_device(monkeypatch):
        values = torch.ones(3, device="cuda")
        assert torch.Generator is not before[0]
    after = torch.Generator, torch.autocast, torch.cuda.is_available, torch.cuda.mem_get_info
    assert after == before
    assert values.device.type == "cpu"
    assert (values + torch.ones(3)).tolist() == [2, 2, 2]
