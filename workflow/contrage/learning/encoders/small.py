"""The workflow's own light encoder."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from contrage.learning.encoders._layers import layer

NAMES = ("small",)
TAKES = {"channel": (1, 2, 3)}
MEMORY = {"small": (12.0, 1)}
PLACES = (2, 3, 2)


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build the small encoder, whatever the grid's size."""
    return Small(len(shape), channels)


class Small(nn.Module):
    """A light convolutional encoder for coarse grids and processors without an accelerator.

    A mean over 2×2×2 voxels, then three convolutions with stride 2 (8, 32, 64 channels), then
    means over 2×3×2 blocks of the field of view and a linear layer to 128 features: 0.16 million
    parameters in 3-D. In 2-D and 1-D it is the same along the first axes alone.

    Two choices follow from what carries age. Layers are normalised over the batch, never per
    image (as instance or group norm would): the overall stiffness of a map is information.
    The last pooling keeps 12 places apart: images are registered, so the place of a change is
    information as well.

    Parameters
    ----------
    dimensions : int
        1, 2 or 3.
    channels : int
        Of one image.
    """

    width = 128

    def __init__(self, dimensions: int = 3, channels: int = 1) -> None:
        super().__init__()
        places = PLACES[:dimensions]
        self.layers = nn.Sequential(
            layer("AvgPool", dimensions, 2, ceil_mode=True),
            *_convolution(dimensions, channels, 8),
            *_convolution(dimensions, 8, 32),
            *_convolution(dimensions, 32, 64),
            layer("AdaptiveAvgPool", dimensions, places),
            nn.Flatten(),
            nn.Linear(64 * prod(places), self.width),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, 128) of images (batch, channels, *shape)."""
        return self.layers(images)


def _convolution(dimensions: int, inputs: int, outputs: int) -> list[nn.Module]:
    return [
        layer("Conv", dimensions, inputs, outputs, 3, stride=2, padding=1, bias=False),
        layer("BatchNorm", dimensions, outputs),
        nn.ReLU(inplace=True),
    ]
