"""A training and what reads the target off its features, as one differentiable function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrage.learning.model import LOGIT, Model


class ProbeReadout(nn.Module):
    """A probe: features are scored, weighted and summed.

    Parameters
    ----------
    fitted : mapping
        coef, mean, scale (d,) and intercept, as `contrage.evaluation.coefficients` has them of a
        fold.
    """

    def __init__(self, fitted: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        for name in ("mean", "scale", "coef", "intercept"):
            value = torch.as_tensor(np.asarray(fitted[name], np.float64))
            self.register_parameter(name, nn.Parameter(value, requires_grad=False))

    def forward(self, features: Tensor) -> Tensor:
        """Return what is predicted (n,), float64, of features (n, d)."""
        scored = (features.double() - self.mean) / self.scale
        return scored @ self.coef + self.intercept


class HeadReadout(nn.Module):
    """A head that predicts the target itself with its last output.

    Parameters
    ----------
    head : Module
    scale : mapping
        `target_mean` and `target_sd`; `logit` where the output is one.
    """

    def __init__(self, head: nn.Module, scale: Mapping[str, Any]) -> None:
        super().__init__()
        self.head = head
        is_logit = LOGIT in scale
        self.sd = 1.0 if is_logit else float(scale["target_sd"])
        self.mean = 0.0 if is_logit else float(scale["target_mean"])

    def forward(self, features: Tensor) -> Tensor:
        """Return what is predicted (n,), float64, of features (n, d)."""
        return self.head(features)[:, -1].double() * self.sd + self.mean


class ImagePredictor(nn.Module):
    """From normalised images (n, C, *shape) to what is predicted of them (n,), float64.

    That is in the target's unit; of a binary target the score, its log odds. It is in evaluation
    mode and stays there, and nothing of it is learned: gradients go to the images alone.

    Parameters
    ----------
    encoder : Module
    readout : Module
        From features (n, d) to predictions (n,): `ProbeReadout` or `HeadReadout`.
    """

    def __init__(self, encoder: nn.Module, readout: nn.Module) -> None:
        super().__init__()
        self.encoder, self.readout = encoder, readout
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> ImagePredictor:
        """Stay in evaluation mode: no scan's prediction may depend on others."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the prediction of each image."""
        return self.readout(self.encoder(images))


def by_probe(network: Model, fitted: Mapping[str, np.ndarray]) -> ImagePredictor:
    """Return a network whose features a probe reads."""
    return ImagePredictor(network.encoder, ProbeReadout(fitted))


def by_head(network: Model, scale: Mapping[str, Any]) -> ImagePredictor:
    """Return a network whose head predicts; `scale` is what its training saved."""
    return ImagePredictor(network.encoder, HeadReadout(network.head, scale))
