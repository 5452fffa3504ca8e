"""Predictors whose attributions are known, or can be worked out slowly."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from contrage.evaluation.predictor import ImagePredictor, by_probe
from contrage.learning.model import Model


def linear(weights: np.ndarray, scale: float = 1.0) -> ImagePredictor:
    """Return x ↦ w · x, whose features are the values themselves."""
    flat = np.ravel(weights)
    fitted = {
        "coef": flat * scale,
        "mean": np.zeros(flat.size),
        "scale": np.full(flat.size, scale),
        "intercept": 40.0,
    }
    network = Model.__new__(Model)
    nn.Module.__init__(network)
    network.encoder = nn.Flatten()
    return by_probe(network, fitted)


def small(channels: int, shape: tuple[int, ...], seed: int = 0) -> ImagePredictor:
    """Return the small encoder with random weights and a probe, its norms used to such images."""
    torch.manual_seed(seed)
    network = Model("small", shape, [8], channels=channels)
    for _ in range(3):
        network.encoder(torch.randn(8, channels, *shape))
    rng = np.random.default_rng(seed)
    fitted = {
        "coef": rng.normal(0, 2, 128),
        "mean": rng.normal(0, 1, 128),
        "scale": rng.uniform(0.5, 2, 128),
        "intercept": 50.0,
    }
    return by_probe(network, fitted)
