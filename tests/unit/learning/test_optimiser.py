"""The optimiser, against PyTorch's own class."""

from __future__ import annotations

import torch

from contrage.learning.optimiser import Adam


def problem() -> tuple[list[torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    parameters = [
        torch.randn(shape, generator=generator).requires_grad_() for shape in ((3, 4), (4,))
    ]
    return parameters, torch.randn(10, 3, generator=generator)


def loss(parameters: list[torch.Tensor], data: torch.Tensor) -> torch.Tensor:
    return ((data @ parameters[0] + parameters[1]).tanh() - 0.3).square().sum()


def test_steps_equal_those_of_torch_bit_for_bit():
    (ours, data), (theirs, _) = problem(), problem()
    own = Adam(ours, 0.01, 0.1)
    reference = torch.optim.Adam(theirs, lr=0.01, weight_decay=0.1, foreach=False)
    for step in range(20):
        own.learning_rate = 0.01 * 0.9**step
        reference.param_groups[0]["lr"] = 0.01 * 0.9**step
        loss(ours, data).backward()
        own.step()
        reference.zero_grad()
        loss(theirs, data).backward()
        reference.step()
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)


def test_restored_state_goes_on_alike():
    (first, data), (second, _) = problem(), problem()
    whole, before, after = Adam(first, 0.01, 0), Adam(second, 0.01, 0), Adam(second, 0.01, 0)
    for step in range(6):
        loss(first, data).backward()
        whole.step()
        if step == 3:
            after.load_state_dict(before.state_dict())
        loss(second, data).backward()
        (before if step < 3 else after).step()
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)
