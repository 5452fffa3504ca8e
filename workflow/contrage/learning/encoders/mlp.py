"""A perceptron for tables of region features, and for several measures of each region."""

from __future__ import annotations

from torch import Tensor, nn

from contrage.errors import SettingsError

NAMES = ("mlp",)
TAKES = {"channel": (1,), "value": (1,)}
DROPOUT = 0.2


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build the perceptron for features, or for regions with channels, which are as many times.

    Raises
    ------
    SettingsError
        If there is more than one axis: every voxel would be a feature of its own, with no place.
    """
    if len(shape) != 1:
        raise SettingsError(
            f"training.encoder: mlp takes a table of region features, but these are images of "
            f"{'×'.join(map(str, shape))} voxels; choose an encoder for images, as small"
        )
    return Perceptron(channels * shape[0])


class Perceptron(nn.Module):
    """Two hidden layers of 128 units, each with batch norm, ReLU and dropout 0.2.

    Meant for the few hundred regions of an atlas: 0.04 million parameters for 200 features, which
    hundreds of scans can bear. Batch norm puts features of unlike scales on one after the first
    layer; dropout is light because the data are few, but the features are few as well.

    Parameters
    ----------
    features : int
        Number of region features, those of all channels.
    """

    width = 128

    def __init__(self, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), *_hidden(features, self.width), *_hidden(self.width, self.width)
        )

    def forward(self, tables: Tensor) -> Tensor:
        """Return features (batch, 128) of region features (batch, channels, regions)."""
        return self.layers(tables)


def _hidden(inputs: int, outputs: int) -> list[nn.Module]:
    # Batch norm has a shift of its own, so the linear layer needs none.
    return [
        nn.Linear(inputs, outputs, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(inplace=True),
        nn.Dropout(DROPOUT),
    ]
