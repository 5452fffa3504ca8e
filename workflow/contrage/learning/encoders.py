"""Encoders by name: a volume in, a feature vector out; and the projection head on top."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from contrage.errors import SettingsError

SMALL_WIDTH = 128
MLP_WIDTHS, MLP_DROPOUT = (128, 128), 0.2


def build(name: str, shape: tuple[int, ...] = ()) -> nn.Module:
    """Build an encoder.

    Parameters
    ----------
    name : str
        small, resnet18 or mlp.
    shape : tuple of int
        Of one sample, (X, Y, Z) or (features,); mlp alone asks for it.

    Returns
    -------
    torch.nn.Module
        Maps float32 samples (batch, 1, *shape) to features (batch, width); `width` is an attribute.

    Raises
    ------
    SettingsError
        For any other name.
    """
    if name not in ENCODERS:
        raise SettingsError(
            f"training.encoder: there is no encoder '{name}', choose from {', '.join(ENCODERS)}"
        )
    return ENCODERS[name](shape) if name == "mlp" else ENCODERS[name]()


class Small(nn.Module):
    """A light convolutional encoder for coarse grids and processors without an accelerator.

    A mean over 2×2×2 voxels, then three convolutions with stride 2 (8, 32, 64 channels), then
    means over 2×3×2 blocks of the field of view and a linear layer to 128 features: 0.16 million
    parameters.

    Two choices follow from what carries age. Layers are normalised over the batch, never per
    image (as instance or group norm would): the overall stiffness of a map is information.
    The last pooling keeps 12 places apart: images are registered, so the place of a change is
    information as well.
    """

    width = SMALL_WIDTH

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AvgPool3d(2, ceil_mode=True),
            *_convolution(1, 8, stride=2),
            *_convolution(8, 32, stride=2),
            *_convolution(32, 64, stride=2),
            nn.AdaptiveAvgPool3d((2, 3, 2)),
            nn.Flatten(),
            nn.Linear(64 * 12, self.width),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, 128) of volumes (batch, 1, X, Y, Z)."""
        return self.layers(images)


def _convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
    ]


def resnet18() -> nn.Module:
    """Build the 3D ResNet-18 of the paper (33.2 million parameters, 512 features), from MONAI.

    The first convolution has stride 2, as in the code behind the paper (Barbano et al. 2023,
    `resnet3d.py`); MONAI's own default of 1 costs eight times the arithmetic.
    """
    from monai.networks.nets import resnet18 as monai_resnet18

    network = monai_resnet18(
        spatial_dims=3, n_input_channels=1, conv1_t_stride=2, feed_forward=False
    )
    network.width = 512
    return network


def mlp(shape: tuple[int, ...]) -> nn.Module:
    """Build two hidden layers with batch norm, ReLU and dropout, for rows of a table."""
    layers, inputs = [nn.Flatten()], math.prod(shape)
    for outputs in MLP_WIDTHS:
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]
        layers += [nn.Dropout(MLP_DROPOUT)]
        inputs = outputs
    network = nn.Sequential(*layers)
    network.width = inputs
    return network


ENCODERS = {"small": Small, "resnet18": resnet18, "mlp": mlp}


class Model(nn.Module):
    """An encoder and its projection head.

    Parameters
    ----------
    encoder : str
        Name of the encoder.
    hidden, outputs : int
        Sizes of the head's two linear layers; a loss that predicts age takes one output.
    unit : bool
        Whether embeddings are divided by their L2 norm, as most contrastive losses want them.
    predicts_last : bool
        Whether the last output is a prediction, which is no part of the embedding's norm.
    shape : tuple of int
        Of one sample, see `build`.
    """

    def __init__(
        self,
        encoder: str,
        hidden: int,
        outputs: int,
        unit: bool = False,
        predicts_last: bool = False,
        shape: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.unit = unit
        self.width = outputs - 1 if predicts_last else outputs
        self.encoder = build(encoder, shape)
        self.head = nn.Sequential(
            nn.Linear(self.encoder.width, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
        )

    def forward(self, images: Tensor, views: int = 1) -> Tensor:
        """Return embeddings (batch, views, outputs) of volumes (batch, 1, X, Y, Z).

        Without augmentation all views of a scan are identical: it is encoded once, and the
        embedding is repeated. Its gradient is then the sum over the views, as it would be with
        separate passes.
        """
        embeddings = self.head(self.encoder(images))
        if self.unit:
            direction = functional.normalize(embeddings[:, : self.width], dim=1)
            embeddings = torch.cat([direction, embeddings[:, self.width :]], dim=1)
        return embeddings.unsqueeze(1).expand(-1, views, -1)
