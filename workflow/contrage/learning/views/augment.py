"""Views of a batch: which transforms, in which order, and what the encoder makes of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from contrage.errors import SettingsError
from contrage.learning.views.pictures import brightness, jitter, zoom
from contrage.learning.views.transforms import affine, crop, cutout, flip, intensity, noise

Transform = Callable[[Tensor, Generator], Tensor]

# In the order in which they are applied, whatever the order of the settings: what moves voxels
# before what removes them, and noise last, so that no interpolation smooths it.
TRANSFORMS = {
    "flip": flip,
    "affine": affine,
    "zoom": zoom,
    "jitter": jitter,
    "cutout": cutout,
    "crop": crop,
    "brightness": brightness,
    "intensity": intensity,
    "noise": noise,
}
# `--tf all` of the authors, in both repositories: noise is no part of it.
ALL = ("cutout", "crop")


def build(wanted: Sequence[str] | Mapping[str, Mapping[str, Any]]) -> list[Transform]:
    """Return the transforms that the configuration names, in the order of application.

    Parameters
    ----------
    wanted : list of str, or dict
        Names, with default settings ("all" is the authors' cutout and crop), or name → settings.

    Raises
    ------
    SettingsError
        For an unknown name or setting.
    """
    if not isinstance(wanted, Mapping):
        names = [each for name in wanted for each in (ALL if name == "all" else [name])]
        wanted = {name: {} for name in names}
    for name, settings in wanted.items():
        if name not in TRANSFORMS:
            raise SettingsError(
                f"training.augmentation: there is no '{name}', choose from {', '.join(TRANSFORMS)}"
            )
        known = list(inspect.signature(TRANSFORMS[name]).parameters)[2:]
        if unknown := sorted(set(settings) - set(known)):
            raise SettingsError(
                f"training.augmentation.{name}: no setting {', '.join(unknown)}; "
                f"it has {', '.join(known)}"
            )
    return [partial(TRANSFORMS[name], **wanted[name]) for name in TRANSFORMS if name in wanted]


def embed(
    network: nn.Module,
    images: Tensor,
    views: int,
    transforms: Sequence[Transform],
    generator: Generator,
) -> Tensor:
    """Return embeddings (n, views, outputs) of the views of some images.

    With transforms each view of each image is drawn on its own, and the network sees all n × views
    of them in one pass. Without, views are identical: see `contrage.learning.model.Model`.

    Parameters
    ----------
    network : Model
    images : Tensor of shape (n, channels, …)
        On the network's device.
    views : int
    transforms : sequence
        From `build`.
    generator : Generator
        On the same device.
    """
    if not transforms:
        return network(images, views)
    with torch.no_grad():
        seen = images.repeat_interleave(views, dim=0)
        for transform in transforms:
            seen = transform(seen, generator)
    return network(seen).view(len(images), views, -1)
