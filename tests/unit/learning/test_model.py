"""An encoder with its head: sizes, views, unit length."""

from __future__ import annotations

import pytest
import torch

from contrage import losses
from contrage.errors import SettingsError
from contrage.learning.model import Model, head_sizes

SHAPE = (10, 12, 8)


def test_repeated_embedding_has_the_gradient_of_two_passes():
    torch.manual_seed(0)
    # In float64: how float32 rounds the two sums differs from processor to processor.
    model = Model("small", (12, 14, 10), [16, 8], unit=True).double()
    images = torch.randn(5, 1, 12, 14, 10, dtype=torch.float64)
    target = torch.randn(5, 2, 8, dtype=torch.float64)
    gradients = []
    for embed in (
        lambda: model(images, views=2),
        lambda: torch.stack([model(images)[:, 0], model(images)[:, 0]], dim=1),
    ):
        model.zero_grad()
        embeddings = embed()
        assert embeddings.shape == (5, 2, 8)
        (embeddings * target).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    for once, twice in zip(*gradients, strict=True):
        torch.testing.assert_close(once, twice, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("head", [[16, 8], [8], []])
def test_unit_embeddings_have_length_one_and_others_do_not(head):
    torch.manual_seed(0)
    images = torch.randn(4, 1, *SHAPE)
    unit = Model("small", SHAPE, head, unit=True)(images)
    free = Model("small", SHAPE, head)(images)
    torch.testing.assert_close(unit.norm(dim=2), torch.ones(4, 1))
    assert (free.norm(dim=2) - 1).abs().max() > 0.1


@pytest.mark.parametrize(
    ("head", "kinds", "count"),
    [
        ([16, 8], ["Linear", "ReLU", "Linear"], 128 * 16 + 16 + 16 * 8 + 8),
        ([8], ["Linear"], 128 * 8 + 8),
        ([], [], 0),
    ],
    ids=["perceptron", "linear", "none"],
)
def test_head_has_the_layers_asked_for(head, kinds, count):
    model = Model("small", SHAPE, head)
    assert [type(part).__name__ for part in model.head] == kinds
    assert model.width == model(torch.randn(2, 1, *SHAPE)).shape[2] == (head or [128])[-1]
    assert model.size() == {
        "encoder_parameters": 161_064,
        "head_parameters": count,
        "layers": [128, *head],
        "shape": list(SHAPE),
    }


def test_without_a_head_embeddings_are_the_features():
    model = Model("small", SHAPE, []).eval()
    images = torch.randn(2, 1, *SHAPE)
    assert torch.equal(model(images)[:, 0], model.encoder(images))


@pytest.mark.parametrize(
    ("name", "settings", "head", "sizes"),
    [
        ("exp", {}, [16, 8], [16, 8]),
        ("exp", {}, [8], [8]),
        ("exp", {}, [], []),
        ("l1", {}, [16, 8], [16, 1]),
        ("l1", {}, [8], [1]),
        ("adacon", {}, [], []),
        ("adacon", {"regression_weight": 1.0}, [16, 8], [16, 9]),
        ("adacon", {"regression_weight": 1.0}, [8], [9]),
    ],
)
def test_losses_that_predict_get_the_outputs_they_need(name, settings, head, sizes):
    assert head_sizes(head, losses.load(name, **settings), name) == sizes


@pytest.mark.parametrize(("name", "settings"), [("l1", {}), ("adacon", {"regression_weight": 1.0})])
def test_predicting_without_a_head_is_refused(name, settings):
    with pytest.raises(SettingsError, match=r"training\.head: \[\] .* losses\.row-name"):
        head_sizes([], losses.load(name, **settings), "row-name")
