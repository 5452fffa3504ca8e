"""The Simple Fully Convolutional Network."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from contrage.learning.encoders._layers import Halve, layer

NAMES = ("sfcn",)
TAKES = {"channel": (1, 2, 3)}
MEMORY = {"sfcn": (465.0, 12)}
CHANNELS = (32, 64, 128, 256, 256)
DROPOUT = 0.5


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build the SFCN, whatever the grid's size."""
    return SFCN(len(shape), channels)


class SFCN(nn.Module):
    """The network that won the brain-age challenge PAC 2019: 2.95 million parameters in 3-D.

    Five blocks of convolution 3, batch norm, max pooling 2 and ReLU (32, 64, 128, 256, 256
    channels), a sixth of convolution 1, batch norm and ReLU (64 channels), the mean over what is
    left of the grid, and dropout 0.5. The published network ends in a convolution to 40 bins of
    age; here the 64 features before it are handed on.

    The five poolings take a grid of 4 mm (46×55×46) to a single voxel, the published one
    (160×192×160 at 1 mm) to 5×6×5. On coarser grids an axis that is down to one voxel is pooled no
    further (see `Halve`), so that no grid is too small; nothing else changes.

    Parameters
    ----------
    dimensions : int
        1, 2 or 3.
    channels : int
        Of one image.

    References
    ----------
    Peng et al., "Accurate brain age prediction with lightweight deep neural networks", Medical
    Image Analysis 68:101871, 2021 (code: ha-ha-ha-han/UKBiobank_deep_pretrain).
    """

    width = 64

    def __init__(self, dimensions: int = 3, channels: int = 1) -> None:
        super().__init__()
        blocks = [
            part
            for inputs, outputs in pairwise((channels, *CHANNELS))
            for part in (
                layer("Conv", dimensions, inputs, outputs, 3, padding=1),
                layer("BatchNorm", dimensions, outputs),
                Halve("max"),
                nn.ReLU(inplace=True),
            )
        ]
        self.layers = nn.Sequential(
            *blocks,
            layer("Conv", dimensions, CHANNELS[-1], self.width, 1),
            layer("BatchNorm", dimensions, self.width),
            nn.ReLU(inplace=True),
            layer("AdaptiveAvgPool", dimensions, 1),
            nn.Flatten(),
            nn.Dropout(DROPOUT),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, 64) of images (batch, channels, *shape)."""
        return self.layers(images)
