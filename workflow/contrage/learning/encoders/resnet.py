"""Residual networks, from MONAI."""

from __future__ import annotations

from torch import nn

NAMES = ("resnet10", "resnet18", "resnet34", "resnet50")
TAKES = {"channel": (1, 2, 3)}
MEMORY = {"resnet18": (215.0, 127)}
WIDTHS = {"resnet10": 512, "resnet18": 512, "resnet34": 512, "resnet50": 2048}


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build a ResNet of 10, 18, 34 or 50 layers (He et al., CVPR 2016), without its classifier.

    The 3D ResNet-18 is the paper's (33.2 million parameters, 512 features). The first convolution
    has stride 2, as in the code behind the paper (Barbano et al. 2023, `resnet3d.py`) and in the
    original; MONAI's own default of 1 costs eight times the arithmetic.

    Parameters
    ----------
    name : str
        resnet10, resnet18, resnet34 (basic blocks, 512 features) or resnet50 (bottleneck blocks,
        2048 features).
    shape : tuple of int
        Its length decides the dimensions; the sizes do not matter, every stage rounds up.
    channels : int
    """
    from monai.networks import nets

    network = getattr(nets, name)(
        spatial_dims=len(shape), n_input_channels=channels, conv1_t_stride=2, feed_forward=False
    )
    network.width = WIDTHS[name]
    return network
