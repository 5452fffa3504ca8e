"""Rotation and scaling of a batch of volumes or pictures in one interpolation, on any device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def rotations(angles: Tensor) -> Tensor:
    """Return matrices (n, 3, 3) that turn about Z, then Y, then X by angles (n, 3) in radians."""
    whole = torch.eye(3, dtype=angles.dtype, device=angles.device)
    for axis, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
        cosine, sine = angles[:, axis].cos(), angles[:, axis].sin()
        turn = torch.eye(3, dtype=angles.dtype, device=angles.device).repeat(len(angles), 1, 1)
        turn[:, one, one], turn[:, other, other] = cosine, cosine
        turn[:, one, other], turn[:, other, one] = -sine, sine
        whole = whole @ turn
    return whole


def resample(images: Tensor, matrices: Tensor) -> Tensor:
    """Fetch the value of each voxel from another place, linearly interpolated over the support.

    Parameters
    ----------
    images : Tensor of shape (n, channels, X, Y, Z)
    matrices : Tensor of shape (n, 3, 3)
        The voxel at p, in voxels from the centre of the grid, takes the value at matrix · p.

    Returns
    -------
    Tensor
        A voxel is 0 where less than half of what it is made of lies inside the support, and
        elsewhere the mean over the inside part: the background does not bleed into the brain,
        nor the brain into it.
    """
    # torch measures a grid in half edges, from the outer faces of its outer voxels, and wants the
    # last axis first. In those units a rotation of a grid with unequal axes is none.
    # (Filled on the device: a copy from the host would wait for it.)
    halves = torch.stack([matrices.new_full((), length / 2) for length in images.shape[2:]])
    theta = (matrices * halves / halves[:, None]).flip(1, 2)
    grid = functional.affine_grid(
        functional.pad(theta, (0, 1)), list(images.shape), align_corners=False
    )
    both = torch.cat([images, (images != 0).to(images.dtype)], dim=1)
    values, inside = functional.grid_sample(both, grid, align_corners=False).chunk(2, dim=1)
    return torch.where(inside >= 0.5, values / inside.clamp(min=0.5), 0)


def turns(angles: Tensor) -> Tensor:
    """Return matrices (n, 2, 2) that turn a picture by angles (n,) in radians."""
    cosine, sine = angles.cos(), angles.sin()
    return torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)


def resample_picture(images: Tensor, matrices: Tensor, away: Tensor | None = None) -> Tensor:
    """Fetch the value of each pixel from another place, linearly interpolated.

    Parameters
    ----------
    images : Tensor of shape (n, channels, Y, X)
    matrices : Tensor of shape (n, 2, 2)
        The pixel at p, in pixels from the centre, takes the value at matrix · p.
    away : Tensor of shape (n, 2), optional
        From there, in half edges of the picture.

    Returns
    -------
    Tensor
        Outside of the picture its edge goes on: it has no background.
    """
    halves = torch.stack([matrices.new_full((), length / 2) for length in images.shape[2:]])
    theta = (matrices * halves / halves[:, None]).flip(1, 2)
    shift = theta.new_zeros(len(theta), 2) if away is None else away.flip(1)
    grid = functional.affine_grid(
        torch.cat([theta, shift[:, :, None]], dim=2), list(images.shape), align_corners=False
    )
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
