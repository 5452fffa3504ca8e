"""Mixed precision: what it changes, and what it must not."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.learning.loop.epoch import EpochInputs, Step, batch_loss
from contrage.learning.loop.optimiser import OPTIMISERS
from contrage.learning.loop.state import start
from contrage.learning.machine.precision import HALVES, Precision, choose
from contrage.learning.train import train
from contrage.tables import read_tsv

CPU = torch.device("cpu")
PART = {"age_mean": 40.0, "age_sd": 20.0}
AGES = np.linspace(20, 60, 8)


@pytest.fixture
def tf32():
    """Restore torch's switches, which belong to the whole process."""
    conv, matmul = torch.backends.cudnn.conv, torch.backends.cuda.matmul
    before = conv.fp32_precision, matmul.fp32_precision
    yield lambda: (conv.fp32_precision, matmul.fp32_precision)
    conv.fp32_precision, matmul.fp32_precision = before


@pytest.mark.parametrize(
    ("device", "has_bfloat16", "name"),
    [("cpu", True, "float32"), ("cuda", True, "bfloat16"), ("cuda", False, "float16")],
)
def test_auto_is_half_precision_on_a_gpu_alone(
    monkeypatch, caplog, tf32, device, has_bfloat16, name
):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has_bfloat16)
    with caplog.at_level(logging.INFO):
        assert choose("auto", torch.device(device)).name == name
    assert name in caplog.text
    assert "asked for auto" in caplog.text


@pytest.mark.parametrize("name", ["float32", "tf32", "bfloat16", "float16"])
def test_products_of_embeddings_are_never_in_tf32_and_convolutions_where_it_is_said(name, tf32):
    choose(name, CPU)
    assert tf32() == ("ieee" if name == "float32" else "tf32", "ieee")


def batch_of(settings, name: str):
    precision = Precision(name, CPU)
    torch.manual_seed(0)
    state = start(asked(settings), PART, AGES, precision, (10, 12, 8))
    targets = state.targets(AGES)
    inputs = EpochInputs(asked(settings), None, None, targets, None, [], state.network, precision)
    step = Step(torch.arange(8), torch.randn(8, 1, 10, 12, 8), targets)
    return state, batch_loss(state, inputs, step, torch.Generator())


@pytest.mark.parametrize("loss", ["exp", "rnc", "l1"])
@pytest.mark.parametrize("name", HALVES)
def test_loss_in_half_precision_is_near_that_in_float32_and_computed_in_it(settings, name, loss):
    settings["loss"] = {"loss": loss}
    (_, exact), (state, rough) = batch_of(settings, "float32"), batch_of(settings, name)
    assert rough.dtype in (torch.float32, torch.float64)
    assert float(rough.detach()) == pytest.approx(float(exact.detach()), rel=0.05)
    assert float(rough.detach()) != float(exact.detach())
    state.learn(rough, None)
    assert all(parameter.dtype == torch.float32 for parameter in state.network.parameters())


@pytest.mark.parametrize("name", HALVES)
def test_training_in_half_precision_learns_and_repeats(cohort, settings, name):
    settings["training"] |= {"precision": name, "epochs": 8}
    for folder in ("one", "two"):
        train(asked(settings), **cohort.inputs, **cohort.outputs(folder))
    one, two = (cohort.outputs(folder)["model"].read_bytes() for folder in ("one", "two"))
    assert one == two
    settings["training"]["precision"] = "float32"
    train(asked(settings), **cohort.inputs, **cohort.outputs("exact"))
    rough, exact = (
        read_tsv(cohort.outputs(each)["curve"])["loss"].astype(float) for each in ("one", "exact")
    )
    assert rough.iloc[0] == pytest.approx(exact.iloc[0], rel=0.02)
    assert not rough.equals(exact)
    assert rough.iloc[-1] < rough.iloc[0] - 0.5 * (exact.iloc[0] - exact.iloc[-1])
    with np.load(cohort.outputs("one")["features"]) as arrays:
        assert arrays["features"].dtype == np.float32


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 1), (3, 4, 2)])
def test_gradients_of_bfloat16_convolutions_hold_only_what_was_written(shape):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(12, 32, *shape, generator=generator).bfloat16()
    weight = torch.randn(64, 32, 3, 3, 3, generator=generator).bfloat16()
    choose("bfloat16", torch.device("cpu"))

    def gradient(dtype):
        own = weight.to(dtype, copy=True).requires_grad_()
        torch.nn.functional.conv3d(images.to(dtype), own, padding=1, stride=2).sum().backward()
        return own.grad

    exact = gradient(torch.float64)
    soiled = []
    for size in range(40):
        soiled.append(torch.full((777 + 61 * size,), 1e30))
        if size % 3 == 0:
            soiled.clear()  # what is handed out next holds 1e30
        error = (gradient(torch.bfloat16).double() - exact).abs().max()
        assert error < 0.02 * exact.abs().max()


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_step_that_overflows_is_left_out_and_the_scale_lowered(kind):
    weight = torch.ones(3, requires_grad=True)
    own = OPTIMISERS[kind]([weight], 0.1, weight_decay=0.0, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for factor, moves, scale in (
        (1.0, True, 1024.0),
        (torch.inf, False, 512.0),
        (1.0, True, 512.0),
    ):
        before = weight.detach().clone()
        scaler.scale((weight * factor).sum()).backward()
        scaler.step(own)
        scaler.update()
        own.zero_grad()
        assert bool((weight != before).any()) == moves
        assert torch.isfinite(weight).all()
        assert scaler.get_scale() == scale


@pytest.mark.parametrize("clip", [None, 0.5])
@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_scaled_steps_equal_unscaled_ones(kind, clip):
    torch.manual_seed(0)
    one, other = (torch.ones(5, requires_grad=True) for _ in range(2))
    plain, scaled = (
        OPTIMISERS[kind]([each], 0.1, weight_decay=0.01, fused=True) for each in (one, other)
    )
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    for _ in range(5):
        factors = torch.randn(5)
        (one * factors).square().sum().backward()
        scaler.scale((other * factors).square().sum()).backward()
        if clip:
            scaler.unscale_(scaled)
            for weight in (one, other):
                torch.nn.utils.clip_grad_norm_([weight], clip)
        plain.step()
        scaler.step(scaled)
        scaler.update()
        plain.zero_grad()
        scaled.zero_grad()
    torch.testing.assert_close(one, other, rtol=1e-6, atol=0)


def test_interrupted_training_in_float16_keeps_its_scale(cohort, settings, monkeypatch):
    from contrage.learning import train as training

    settings["training"] |= {"precision": "float16", "epochs": 4}
    train(asked(settings), **cohort.inputs, **cohort.outputs("whole"))
    run_epoch = training.run_epoch

    def fail(state, inputs):
        if state.epoch == 2:
            raise KeyboardInterrupt
        run_epoch(state, inputs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(training, "run_epoch", fail)
        train(asked(settings), **cohort.inputs, **cohort.outputs("parts"))
    saved = torch.load(cohort.outputs("parts")["resume"], weights_only=True)
    assert saved["scaler"]["scale"] > 0
    train(asked(settings), **cohort.inputs, **cohort.outputs("parts"))
    whole, parts = (cohort.outputs(name)["model"].read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_a_loss_that_calls_the_targets_ages_works_on(settings):
    class Own(torch.nn.Module):
        def forward(self, embeddings, ages, epoch=0):
            return embeddings.mean() * 0 + ages.sum() + epoch

    precision = Precision("float32", CPU)
    state = start(asked(settings), PART, AGES, precision, (10, 12, 8))
    state.loss = Own()
    inputs = EpochInputs(
        asked(settings), None, None, state.targets(AGES), None, [], state.network, precision
    )
    step = Step(torch.arange(8), torch.randn(8, 1, 10, 12, 8), inputs.targets)
    loss = batch_loss(state, inputs, step, torch.Generator())
    assert loss.item() == pytest.approx(AGES.sum())
