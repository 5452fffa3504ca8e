"""Attributions: how much each value of an image adds to what is predicted of it.

Both methods are Captum's. Both compare an image with a baseline, and their values add up (those of
occlusion within a region, by what that region does alone): to f(image) − f(baseline).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from contrage.errors import SettingsError

Floats = NDArray[np.float32]

AT_ONCE = 8
"""Images in one pass through the network: what bounds memory."""


@dataclass(frozen=True)
class Asked:
    """What a method is given beside the predictor and the image.

    Attributes
    ----------
    baseline : Tensor of shape (1, C, *shape)
        What the image is compared with.
    regions : Tensor of int, shape (1, C, *shape), or None
        Number of each value's region; what belongs to none has a number as well.
    steps : int
        Points of the path from baseline to image.
    at_once : int
        Images in one pass.
    """

    baseline: Tensor
    regions: Tensor | None
    steps: int
    at_once: int


def integrated_gradients(predictor: nn.Module, image: Tensor, asked: Asked) -> Tensor:
    """Return the gradient's mean on the way from the baseline, times the way (Sundararajan 2017).

    Of a linear predictor that is w · (image − baseline), exactly. Points and weights are those of
    Gauss and Legendre.

    References
    ----------
    Sundararajan et al., "Axiomatic attribution for deep networks", ICML 2017.
    """
    from captum.attr import IntegratedGradients

    return IntegratedGradients(predictor).attribute(
        image,
        baselines=asked.baseline,
        n_steps=asked.steps,
        method="gausslegendre",
        internal_batch_size=asked.at_once,
    )


def occlusion(predictor: nn.Module, image: Tensor, asked: Asked) -> Tensor:
    """Return what is lost where a region alone is replaced by the baseline's, over its values.

    Each value of a region of n has f(image) − f(image without the region), divided by n: summed
    over the region it is what the region does. (Captum's FeatureAblation gives each all of it.)
    """
    from captum.attr import FeatureAblation

    if asked.regions is None:
        raise SettingsError("evaluations.saliency.methods: occlusion needs regions; name an atlas")
    numbers, sizes = _consecutive(asked.regions)
    with torch.no_grad():
        found = FeatureAblation(predictor).attribute(
            image,
            baselines=asked.baseline,
            feature_mask=numbers,
            perturbations_per_eval=asked.at_once,
        )
    return found / sizes[numbers]


def _consecutive(regions: Tensor) -> tuple[Tensor, Tensor]:
    """Return numbers from 0 on without gaps, as Captum wants them, and how many values each has."""
    _, numbers, sizes = torch.unique(regions, return_inverse=True, return_counts=True)
    return numbers, sizes


METHODS: dict[str, Callable[[nn.Module, Tensor, Asked], Tensor]] = {
    "integrated_gradients": integrated_gradients,
    "occlusion": occlusion,
}
"""Name in the configuration → method."""


def attributions(
    predictor: nn.Module,
    image: Tensor,
    method: str = "integrated_gradients",
    *,
    baseline: Tensor | None = None,
    regions: NDArray[np.int_] | None = None,
    steps: int = 32,
    at_once: int = AT_ONCE,
) -> Floats:
    """Return how much each value of an image adds to what is predicted of it.

    Parameters
    ----------
    predictor : Module
        From images (n, C, *shape) to predictions (n,), in evaluation mode.
    image : Tensor of shape (1, C, *shape)
        Normalised, as the network gets it; of features (1, 1, features).
    method : str
        A key of `METHODS`.
    baseline : Tensor of shape (1, C, *shape), optional
        What it is compared with: the mean of the normalised training images, with which the values
        say why this person's prediction differs from that of a mean person. None: 0, which is the
        background, and of a table each feature's mean; of an image its overall mean, against which
        all anatomy stands out, whoever has it.
    regions : ndarray of int, shape (C, *shape) or (*shape), optional
        Number of each value's region, for occlusion; 0 is the rest, replaced together as well.
    steps : int
        Of the path of integrated gradients.
    at_once : int
        Images in one pass through the network.

    Returns
    -------
    ndarray of shape (C, *shape)
        float32, in the target's unit (of a binary target, log odds).
    """
    if method not in METHODS:
        raise SettingsError(
            f"evaluations.saliency.methods: there is no {method}, only {', '.join(METHODS)}"
        )
    image = image.detach().to(_device(predictor), torch.float32)
    start = torch.zeros_like(image) if baseline is None else baseline.to(image)
    places = None
    if regions is not None:
        numbers = torch.as_tensor(np.ascontiguousarray(regions), dtype=torch.long)
        places = numbers.to(image.device).expand(image.shape).contiguous()
    found = METHODS[method](predictor, image, Asked(start, places, steps, at_once))
    return found.detach()[0].to("cpu", torch.float32).numpy()


@torch.no_grad()
def difference(predictor: nn.Module, image: Tensor, baseline: Tensor) -> float:
    """Return f(image) − f(baseline), to which integrated gradients add up."""
    both = torch.cat([image, baseline.to(image)]).to(_device(predictor), torch.float32)
    predicted = predictor(both)
    return float(predicted[0] - predicted[1])


def _device(predictor: nn.Module) -> torch.device:
    return next(predictor.parameters()).device
