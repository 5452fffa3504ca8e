"""A residual network for videos, whose convolutions are parted into space and time."""

from __future__ import annotations

from torch import Tensor, nn

from contrage.errors import SettingsError

NAMES = ("r2plus1d",)
TAKES = {"channel": ()}  # kinds of data name it: three axes may be a volume as well
WIDTHS = (64, 128, 256, 512)


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build R(2+1)D-18 without its classifier, for videos (time, height, width).

    Raises
    ------
    SettingsError
        If there is no axis of time.
    """
    if len(shape) != 3:
        raise SettingsError(
            f"training.encoder: {name} takes videos (time, height, width), not images of "
            f"{len(shape)} axes; choose resnet18"
        )
    return R2Plus1D(channels)


class R2Plus1D(nn.Module):
    """R(2+1)D of 18 layers: 31.3 million parameters, 512 features.

    Each convolution of 3×3×3 is one of 1×3×3 and one of 3×1×1, with batch norm and ReLU between
    them and as many channels there as keep the number of parameters (Tran et al., "A closer look at
    spatiotemporal convolutions for action recognition", CVPR 2018).

    It is torchvision's `r2plus1d_18`, layer by layer and under the same names, for any number of
    channels. It is written out here because torchvision's wheels on PyPI need PyPI's CUDA build of
    PyTorch: beside its build for processors they cannot be imported (0.28.0 beside 2.13.0+cpu).

    Parameters
    ----------
    channels : int
        Of one video.
    """

    width = WIDTHS[-1]

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv3d(channels, 45, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
            *_norm(45),
            nn.Conv3d(45, 64, (3, 1, 1), padding=(1, 0, 0), bias=False),
            *_norm(64),
        )
        before = 64
        for number, width in enumerate(WIDTHS, 1):
            layer = nn.Sequential(
                PartedBlock(before, width, 1 if number == 1 else 2), PartedBlock(width, width)
            )
            self.add_module(f"layer{number}", layer)
            before = width
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, videos: Tensor) -> Tensor:
        """Return features (batch, 512) of videos (batch, channels, time, height, width)."""
        seen = self.stem(videos)
        for number in range(1, len(WIDTHS) + 1):
            seen = getattr(self, f"layer{number}")(seen)
        return self.avgpool(seen).flatten(1)


class PartedBlock(nn.Module):
    """Two parted convolutions and what they are added to.

    Parameters
    ----------
    inputs, outputs : int
    stride : int
        Of the first convolution, in time and space.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        # As torchvision: the second convolution has the number between of the first.
        between = inputs * outputs * 27 // (inputs * 9 + 3 * outputs)
        self.conv1 = nn.Sequential(_parted(inputs, between, outputs, stride), *_norm(outputs))
        self.conv2 = nn.Sequential(_parted(outputs, between, outputs), nn.BatchNorm3d(outputs))
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            shortcut = nn.Conv3d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm3d(outputs))

    def forward(self, seen: Tensor) -> Tensor:
        """Return maps (batch, outputs, T, Y, X), halved by a stride of 2."""
        before = seen if self.downsample is None else self.downsample(seen)
        return self.relu(self.conv2(self.conv1(seen)) + before)


def _parted(inputs: int, between: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inputs, between, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
        *_norm(between),
        nn.Conv3d(between, outputs, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
    )


def _norm(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm3d(width), nn.ReLU(inplace=True)
