"""Encoders, head and views."""

from __future__ import annotations

import pytest
import torch

from contrage.errors import SettingsError
from contrage.learning.encoders import Model, build


@pytest.mark.parametrize("shape", [(46, 55, 46), (10, 12, 8), (9, 11, 13)])
def test_small_encoder_takes_grids_of_any_size(shape):
    encoder = build("small")
    assert encoder(torch.randn(2, 1, *shape)).shape == (2, encoder.width)


def test_small_encoder_sees_the_overall_level():
    """Mean stiffness carries age: a scaled image must not have the same features."""
    torch.manual_seed(0)
    encoder = build("small").eval()
    image = torch.randn(1, 1, 16, 20, 12)
    assert not torch.allclose(encoder(image), encoder(image + 1), atol=1e-2)


def test_resnet18_is_the_papers_in_size():
    encoder = build("resnet18")
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 33_160_896
    assert encoder(torch.randn(2, 1, 12, 14, 10)).shape == (2, 512)
    assert encoder.conv1.stride == (2, 2, 2)


def test_unknown_encoder_is_refused_with_the_choices():
    with pytest.raises(SettingsError, match="small, resnet18"):
        build("resnet19")


def test_repeated_embedding_has_the_gradient_of_two_passes():
    torch.manual_seed(0)
    # In float64: how float32 rounds the two sums differs from processor to processor.
    model = Model("small", 16, 8, unit=True).double()
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


def test_unit_embeddings_have_length_one_and_others_do_not():
    torch.manual_seed(0)
    images = torch.randn(4, 1, 10, 12, 8)
    unit = Model("small", 16, 8, unit=True)(images)
    free = Model("small", 16, 8)(images)
    torch.testing.assert_close(unit.norm(dim=2), torch.ones(4, 1))
    assert (free.norm(dim=2) - 1).abs().max() > 0.1
