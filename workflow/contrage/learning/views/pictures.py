"""Random changes of pictures and videos, beside those that volumes have as well (`transforms`)."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from contrage.errors import SettingsError
from contrage.learning.views.draws import are_drawn, are_pictures, each, uniform
from contrage.learning.views.resample import resample_picture


def zoom(
    images: Tensor, generator: Generator, probability: float = 0.5, least: float = 0.8
) -> Tensor:
    """Enlarge a window of a picture, drawn anywhere inside it, to the whole picture: a crop.

    Parameters
    ----------
    images : Tensor of shape (n, channels, Y, X)
    generator : Generator
    probability : float
    least : float
        The window's edges are a fraction of the picture's, uniform between this and 1.
    """
    if not are_pictures(images):
        raise SettingsError("training.augmentation: zoom is for pictures; volumes have affine")
    chosen = are_drawn(images, generator, probability)
    parts = 1 - (1 - least) * (1 + uniform(images, generator, 1)) / 2
    away = (1 - parts) * uniform(images, generator, 2)  # of the middle, in half edges
    matrices = parts[:, :, None] * torch.eye(2, dtype=images.dtype, device=images.device)
    return torch.where(chosen, resample_picture(images, matrices, away), images)


def jitter(
    images: Tensor, generator: Generator, probability: float = 0.5, frames: int = 1
) -> Tensor:
    """Show each frame of a video as one of its neighbours in time, each drawn by itself.

    Parameters
    ----------
    images : Tensor of shape (n, channels, T, Y, X)
    generator : Generator
    probability : float
    frames : int
        A frame is at most so many away; those at both ends stay within the video.
    """
    if images.ndim != 5:
        raise SettingsError("training.augmentation: jitter is for videos")
    chosen = are_drawn(images, generator, probability)
    shape = (len(images), images.shape[2])
    chance = torch.rand(shape, generator=generator, device=images.device)
    steps = (chance * (2 * frames + 1)).long() - frames
    source = (torch.arange(shape[1], device=images.device) + steps).clamp(0, shape[1] - 1)
    shown = images.gather(2, source[:, None, :, None, None].expand_as(images))
    return torch.where(chosen, shown, images)


def brightness(
    images: Tensor, generator: Generator, probability: float = 0.5, offset: float = 0.2
) -> Tensor:
    """Make a picture, or all frames of a video, brighter or darker.

    Parameters
    ----------
    images : Tensor of shape (n, channels, …)
        z-scores in which 0 is a value as others are.
    generator : Generator
    probability : float
    offset : float
        What is added is uniform in ± this, in standard deviations of the training pixels.
    """
    chosen = are_drawn(images, generator, probability)
    return torch.where(
        chosen, images + offset * each(images, uniform(images, generator, 1)), images
    )
