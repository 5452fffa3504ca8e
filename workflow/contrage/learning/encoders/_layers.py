"""Layers of 1, 2 or 3 dimensions, and a pooling that no grid is too small for."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional


def layer(kind: str, dimensions: int, *arguments: Any, **settings: Any) -> nn.Module:
    """Build a layer of PyTorch by its name without the dimensions, as "Conv" for `nn.Conv3d`."""
    return getattr(nn, f"{kind}{dimensions}d")(*arguments, **settings)


class Halve(nn.Module):
    """Pooling over pairs of neighbours, as with kernel 2 and stride 2, down to one voxel.

    An axis that is down to one voxel stays as it is, where PyTorch's own pooling would leave none
    and stop. Grids on which that never happens are pooled as PyTorch does, bit for bit.

    Parameters
    ----------
    kind : str
        max or avg.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, images: Tensor) -> Tensor:
        """Return images (batch, channels, X // 2, …) of images (batch, channels, X, …)."""
        pool = getattr(functional, f"{self.kind}_pool{images.dim() - 2}d")
        return pool(images, [min(2, size) for size in images.shape[2:]])
