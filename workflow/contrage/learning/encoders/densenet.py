"""A densely connected network, from MONAI."""

from __future__ import annotations

from torch import nn

from contrage.learning.encoders._layers import Halve

NAMES = ("densenet121",)
TAKES = {"channel": (1, 2, 3)}
WIDTH = 1024


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build DenseNet-121 (Huang et al., CVPR 2017) up to its classifier: 1024 features.

    Its five halvings need 29 voxels along every axis. On smaller grids (8 mm) an axis that is down
    to one voxel is halved no further; on larger ones this is MONAI's network bit for bit.
    """
    from monai.networks import nets

    network = nets.DenseNet121(spatial_dims=len(shape), in_channels=channels, out_channels=1)
    network.class_layers.out = nn.Identity()
    for part, child in network.features.named_children():
        if part.startswith("transition"):
            child.pool = Halve("avg")
    network.width = WIDTH
    return network
