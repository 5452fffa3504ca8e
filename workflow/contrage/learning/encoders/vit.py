"""A Vision Transformer, from MONAI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn import functional

NAMES = ("vit",)
TAKES = {"channel": (1, 2, 3)}
WIDTH, LAYERS, HEADS = 192, 12, 3
PATCHES = (16, 8, 4, 2, 1)
FEWEST = 4


def build(name: str, shape: tuple[int, ...], channels: int) -> nn.Module:
    """Build the Vision Transformer for images of exactly this shape."""
    return VisionTransformer(shape, channels)


class VisionTransformer(nn.Module):
    """A Vision Transformer of the size "tiny": 192 features, 12 layers, 3 heads, MLPs of 768.

    That is DeiT-Ti (Touvron et al., ICML 2021), 5.3 to 6.2 million parameters in 3-D. ViT-B of
    Dosovitskiy et al. has 86 million and was made for millions of images; hundreds of scans are
    better served by the smallest size in use.

    Patches have 16 voxels a side at 2 mm and 8 at 4 mm, so 32 mm on both grids: 6×7×6 = 252 tokens
    (see `patch_size`). Images are padded with background, evenly on both sides, until patches fill
    them.

    The features are the mean of the tokens after the last layer norm. A class token would have to
    learn from the few scans alone which patches to attend to; the mean has every patch take part
    from the first step, and does as well or better (Beyer et al., "Better plain ViT baselines for
    ImageNet-1k", 2022).

    Parameters
    ----------
    shape : tuple of int
        Of one image. The position of every patch is learned, so other shapes do not fit.
    channels : int
        Of one image.

    References
    ----------
    Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021.
    """

    width = WIDTH

    def __init__(self, shape: tuple[int, ...], channels: int = 1) -> None:
        super().__init__()
        patch = patch_size(shape)
        self.padding = padding(shape, patch)
        whole = [-(-size // patch) * patch for size in shape]
        self.network = _monai_vit(whole, patch, channels)

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, 192) of images (batch, channels, *shape)."""
        tokens, _ = self.network(functional.pad(images, self.padding))
        return tokens.mean(dim=1)


def patch_size(shape: tuple[int, ...]) -> int:
    """Return the largest of 16, 8, 4, 2, 1 voxels of which the shortest axis holds four."""
    return next((size for size in PATCHES if min(shape) >= FEWEST * size), 1)


def padding(shape: tuple[int, ...], patch: int) -> list[int]:
    """Return how many voxels to add before and after each axis, the last axis first.

    That is the order of `torch.nn.functional.pad`.
    """
    missing = [-size % patch for size in reversed(shape)]
    return [part for count in missing for part in (count // 2, count - count // 2)]


def _monai_vit(shape: list[int], patch: int, channels: int) -> nn.Module:
    from monai.networks import nets

    with _own_rearrangement():
        network = nets.ViT(
            in_channels=channels,
            img_size=shape,
            patch_size=[patch] * len(shape),
            hidden_size=WIDTH,
            mlp_dim=4 * WIDTH,
            num_layers=LAYERS,
            num_heads=HEADS,
            spatial_dims=len(shape),
        )
    for block in network.blocks:
        # MONAI makes the norm of a cross attention that is not there: weights without a gradient.
        block.norm_cross_attn = nn.Identity()
    return network


@contextmanager
def _own_rearrangement() -> Iterator[None]:
    """Have MONAI's attention use `Heads`: it would need einops, for two reshapings alone."""
    from monai.networks.blocks import selfattention

    before = selfattention.Rearrange
    selfattention.Rearrange = Heads
    try:
        yield
    finally:
        selfattention.Rearrange = before


class Heads(nn.Module):
    """The two rearrangements of MONAI's `SABlock`, called as einops' `Rearrange`.

    Parameters
    ----------
    pattern : str
        In einops' notation: "b h (qkv l d) -> qkv b l h d" parts queries, keys and values and their
        heads, "b l h d -> b h (l d)" joins the heads again.
    qkv, l : int
        Sizes of the parts.
    """

    def __init__(self, pattern: str, qkv: int = 0, l: int = 0) -> None:  # noqa: E741
        super().__init__()
        if pattern not in ("b h (qkv l d) -> qkv b l h d", "b l h d -> b h (l d)"):
            raise NotImplementedError(f"MONAI's attention rearranges anew: {pattern}")
        self.parts = (qkv, l)
        self.splits = bool(qkv)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (3, batch, heads, tokens, d) of (batch, tokens, 3·heads·d), or join heads."""
        if self.splits:
            return tokens.unflatten(-1, (*self.parts, -1)).permute(2, 0, 3, 1, 4)
        return tokens.transpose(1, 2).flatten(2)
