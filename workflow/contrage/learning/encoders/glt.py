"""The global-local transformer: a whole slice, and windows of it that attend to the whole."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from contrage.errors import SettingsError
from contrage.learning.encoders._layers import Halve

NAMES = ("glt", "glt-cover")
TAKES = {"channel": (2,)}  # volumes name it: three axes may be a video as well
WIDTHS = (64, 128, 256, 512)
WINDOW, SLICES, BLOCKS, HEADS, DROPOUT = 64, 5, 6, 8, 0.5


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build the global-local transformer for slices, or for the middle slices of volumes.

    Parameters
    ----------
    name : str
        glt, whose windows leave out the last row and column as the released code does, or
        glt-cover, whose windows cover all of a slice.
    shape : tuple of int
        (Y, X); of a volume (X, Y, Z) the five slices about the middle of the last axis, which is
        axial, are seen as channels.
    channels : int

    Raises
    ------
    SettingsError
        If a slice is too small for windows.
    """
    if len(shape) not in (2, 3):
        raise SettingsError(
            f"training.encoder: {name} takes pictures and volumes, not images of "
            f"{len(shape)} axes; choose resnet18"
        )
    if min(shape[:2]) < 4:
        raise SettingsError(
            f"training.encoder: {name} needs slices of at least 4 pixels a side, and these have "
            f"{'×'.join(map(str, shape[:2]))}"
        )
    slices = min(SLICES, shape[2]) if len(shape) == 3 else 1
    return GlobalLocalTransformer(shape[:2], channels * slices, slices, name == "glt-cover")


class GlobalLocalTransformer(nn.Module):
    """Two paths of VGG-8, for the whole and for windows, and attention from windows to the whole.

    Windows have 64×64 pixels, one begins every 32; on slices whose short side has less than 128 of
    them they have half of that. Six blocks of attention (8 heads) and 1×1 convolutions add to each
    window's maps what it finds in the whole. In the paper the whole and each window predict, and
    the predictions are averaged; with one linear layer that is the prediction from the mean of
    their pooled maps, and this mean, of 512 features, is what is handed on here.

    All windows pass in one batch, so that batch norm sees them together; the released code shows
    them one place after the other.

    Parameters
    ----------
    shape : tuple of two int
        Of a slice.
    channels : int
        Of what is seen: those of an image times the slices.
    slices : int
        How many of a volume are seen; 1 of a picture.
    cover : bool
        Whether windows cover the last row and column as well: the released loop stops before them.

    References
    ----------
    He et al., "Global-local transformer for brain age estimation", IEEE Transactions on Medical
    Imaging 41:213, 2022 (code: shengfly/global-local-transformer).
    """

    width = WIDTHS[-1]

    def __init__(
        self, shape: tuple[int, ...], channels: int = 1, slices: int = 1, cover: bool = False
    ) -> None:
        super().__init__()
        self.slices, self.seen = slices, tuple(shape)
        self.window = min(WINDOW, min(shape) // 2)
        self.starts = [starts(length, self.window, cover) for length in shape]
        self.whole, self.local = _vgg(channels), _vgg(channels)
        self.attention = nn.ModuleList(
            nn.MultiheadAttention(self.width, HEADS, dropout=DROPOUT, batch_first=True)
            for _ in range(BLOCKS)
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.mixing = nn.ModuleList(
            nn.Sequential(*_convolution(2 * self.width, self.width, 1),
                          *_convolution(self.width, self.width, 1))
            for _ in range(BLOCKS)
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, 512) of images (batch, channels, Y, X) or of volumes."""
        seen = middle(images, self.slices) if images.dim() == 5 else images
        whole = self.whole(seen)
        keys = whole.flatten(2).transpose(1, 2)
        windows = torch.cat([self._at(seen, y, x) for y in self.starts[0] for x in self.starts[1]])
        local, count = self.local(windows), len(windows) // len(seen)
        keys = keys.repeat(count, 1, 1)
        for attention, mixing in zip(self.attention, self.mixing, strict=True):
            asked = local.flatten(2).transpose(1, 2)
            found, _ = attention(asked, keys, keys, need_weights=False)
            found = self.dropout(found).transpose(1, 2).reshape(local.shape)
            local = local + mixing(torch.cat([found, local], dim=1))
        parts = local.mean(dim=(2, 3)).view(count, len(seen), self.width)
        return (whole.mean(dim=(2, 3)) + parts.sum(dim=0)) / (1 + count)

    def _at(self, seen: Tensor, y: int, x: int) -> Tensor:
        return seen[:, :, y : y + self.window, x : x + self.window]


def starts(length: int, window: int, cover: bool) -> list[int]:
    """Return where windows begin along an axis, half a window from one to the next.

    Parameters
    ----------
    length, window : int
    cover : bool
        False: as the released loop, `range(0, length - window, step)`, which stops before a window
        that would end with the axis. True: one more, that ends there.
    """
    found = list(range(0, length - window, max(1, window // 2)))
    return [*found, length - window] if cover else found


def middle(volumes: Tensor, slices: int) -> Tensor:
    """Return the slices about the middle of the last axis of volumes as channels of pictures."""
    first = (volumes.shape[4] - slices) // 2
    chosen = volumes[..., first : first + slices]
    return chosen.permute(0, 1, 4, 2, 3).flatten(1, 2)


def _vgg(channels: int) -> nn.Sequential:
    return nn.Sequential(*[
        part
        for inputs, outputs in pairwise((channels, *WIDTHS))
        for part in (*_convolution(inputs, outputs), *_convolution(outputs, outputs), Halve("max"))
    ])  # fmt: skip


def _convolution(inputs: int, outputs: int, size: int = 3) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
