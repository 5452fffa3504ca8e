"""Encoders by name: images in, feature vectors out. One family = one file in this folder.

=============  ==========  ======  ============================================================
name           dimensions  width   what it is
=============  ==========  ======  ============================================================
small          1, 2, 3     128     own: three convolutions, for coarse grids without a GPU
resnet10 …34   1, 2, 3     512     ResNet of basic blocks (He et al. 2016; MONAI)
resnet50       1, 2, 3     2048    ResNet of bottleneck blocks (MONAI)
densenet121    1, 2, 3     1024    DenseNet-121 (Huang et al. 2017; MONAI)
vit            1, 2, 3     192     Vision Transformer of the size "tiny" (MONAI)
sfcn           1, 2, 3     64      Simple Fully Convolutional Network (Peng et al. 2021)
mlp            1           128     perceptron for a table of region features
=============  ==========  ======  ============================================================

A file here defines ``build(name, shape)``. Importing this package imports neither PyTorch nor any
encoder: the workflow asks it for `module` when it is parsed, and MONAI's networks take 10 s.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from contrage.errors import SettingsError

if TYPE_CHECKING:
    from torch import nn

FAMILIES = {
    "small": "small",
    "resnet10": "resnet",
    "resnet18": "resnet",
    "resnet34": "resnet",
    "resnet50": "resnet",
    "densenet121": "densenet",
    "vit": "vit",
    "sfcn": "sfcn",
    "mlp": "mlp",
}
NAMES = tuple(FAMILIES)


def module(name: str) -> str:
    """Return the dotted name of the module that an encoder is in, as "contrage.….resnet".

    Raises
    ------
    SettingsError
        For an unknown encoder.
    """
    if name not in FAMILIES:
        raise SettingsError(
            f"training.encoder: there is no encoder '{name}', choose from {', '.join(NAMES)}"
        )
    return f"{__name__}.{FAMILIES[name]}"


def build(name: str, shape: tuple[int, ...]) -> nn.Module:
    """Build an encoder.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    shape : tuple of int
        Of one image, without channels: (X, Y, Z), (X, Y) or (X,), or (features,) for mlp. The
        number of axes decides between 1-, 2- and 3-D layers.

    Returns
    -------
    torch.nn.Module
        Maps float32 images (batch, 1, *shape) to features (batch, width); `width` is an attribute.

    Raises
    ------
    SettingsError
        For an unknown name, and for a shape that the encoder has no use for.
    """
    found = module(name)
    if not 1 <= len(shape) <= 3:
        raise SettingsError(f"training.encoder: {name} takes images of 1 to 3 axes, not {shape}")
    return importlib.import_module(found).build(name, tuple(shape))
