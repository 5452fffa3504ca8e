"""Random changes of whole batches, drawn and computed on the device that holds the batch.

Every transform is a function of a batch (n, channels, …), of a generator on the batch's device and
of its settings. Each sample has its own draws; no sample is looped over, and nothing that is drawn
comes back to the host. A sample that is not drawn stays as it is, bit for bit.

Own code, because MONAI has no transform of a batch: its transforms take one channel-first image,
by design (Project-MONAI/MONAI issue 2929), and draw from NumPy on the host (issue 3180). The one
exception, `monai.networks.layers.AffineTransform`, calls the same two functions of torch as
`affine` does here, and importing it takes seconds.

Images are z-scores with background 0. What is not 0 is an image's support. Transforms of values
leave the background alone: where a map ends tells from which study it is (the mask alone predicts
it), so what augmentation did to the background could only be learned as that; and noise there
would blur a border that is exact in every image that is evaluated. Pictures (n, channels, Y, X) and
videos (n, channels, T, Y, X) have no background: what comes into a picture from outside of it is
what stands at its edge.

Sizes are fractions of the grid, so that they mean the same at 2 mm and at 4 mm.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from contrage.errors import SettingsError
from contrage.learning.views.draws import are_drawn, are_pictures, each, uniform
from contrage.learning.views.resample import resample, resample_picture, rotations, turns

Fractions = Sequence[float]


def flip(images: Tensor, generator: Generator, probability: float = 0.5) -> Tensor:
    """Exchange left and right, the first axis of a volume (n, channels, X, Y, Z).

    The first axis runs left-right in MNI space whether the grid is LAS, as the one of 2 mm here,
    or RAS. That grid of 91 voxels has its middle voxel at x = 0 and is mirrored exactly; one of
    4 mm is padded at one end, and the mirrored brain lies half a voxel (2 mm) aside.

    Brains are not symmetric: a flip tells the encoder that asymmetry does not matter for age. Of a
    picture (n, channels, Y, X) left and right are the ends of its last axis.
    """
    _need_space(images, "flip")
    across = images.flip(3 if are_pictures(images) else 2)
    return torch.where(are_drawn(images, generator, probability), across, images)


def affine(
    images: Tensor,
    generator: Generator,
    probability: float = 1.0,
    degrees: float = 5.0,
    scale: float = 0.05,
) -> Tensor:
    """Rotate about the centre of the grid and scale, in one interpolation.

    Parameters
    ----------
    images : Tensor of shape (n, channels, X, Y, Z) or (n, channels, Y, X)
        Voxels are cubes, pixels squares.
    generator : Generator
    probability : float
    degrees : float
        The three angles (about Z, then Y, then X), or the one of a picture, are uniform in ± this.
    scale : float
        The factor is uniform in 1 ± this. Registration to a template takes the size of the head
        away before, so that a small change of it costs no information.
    """
    _need_space(images, "affine")
    flat = are_pictures(images)
    chosen = are_drawn(images, generator, probability)
    angles = torch.deg2rad(degrees * uniform(images, generator, 1 if flat else 3))
    factors = 1 + scale * uniform(images, generator, 1)
    matrices = (turns(angles[:, 0]) if flat else rotations(angles)) / factors[:, :, None]
    moved = resample_picture(images, matrices) if flat else resample(images, matrices)
    return torch.where(chosen, moved, images)


def cutout(
    images: Tensor,
    generator: Generator,
    probability: float = 0.5,
    size: Fractions = (0.352, 0.294, 0.352),
) -> Tensor:
    """Set a box to 0, anywhere inside the grid.

    The authors' (DeVries and Taylor 2017; `Cutout(patch_size=[1, 32, 32, 32], probability=0.5)`
    in `src/main_mse.py` of EIDOSLAB/contrastive-brain-age-prediction and in `src/util.py` of
    CoderJacques/BrainAge_DynLocRep). The default `size` is those 32 voxels, of 2 mm, on the
    latter's grid of 91 × 109 × 91.

    Parameters
    ----------
    images : Tensor of shape (n, channels, X, Y, Z)
    generator : Generator
    probability : float
    size : three floats
        Edges of the box as fractions of the grid.
    """
    _need_volumes(images, "cutout")
    hole = are_drawn(images, generator, probability)
    edges, starts = _window(images, generator, size)
    for axis, edge in enumerate(edges):
        place = _places(images, axis)
        start = starts[axis].view(-1, 1, 1, 1, 1)
        hole = hole & (place >= start) & (place < start + edge)
    return images.masked_fill(hole, 0)


def crop(
    images: Tensor,
    generator: Generator,
    probability: float = 1.0,
    size: Fractions = (1.0, 0.835, 1.0),
) -> Tensor:
    """Keep a window, drawn anywhere inside the grid, and put it into the middle of the grid.

    The authors' `Crop(…, type="random")` followed by `Pad`: a shift, and 0 around it. Theirs is
    91 of 109 voxels front to back, the other two axes whole, on MRE maps (`src/util.py` of
    CoderJacques/BrainAge_DynLocRep), which is the default here, and 128 of 145 on OpenBHB's maps
    (`src/main_mse.py` of EIDOSLAB/contrastive-brain-age-prediction). Always applied. Their `Pad`
    also changes the grid's shape; here images keep theirs, in training and afterwards.

    Parameters
    ----------
    images : Tensor of shape (n, channels, X, Y, Z)
    generator : Generator
    probability : float
    size : three floats
        Edges of the window as fractions of the grid.
    """
    _need_volumes(images, "crop")
    chosen = are_drawn(images, generator, probability)
    edges, starts = _window(images, generator, size)
    moved = images
    for axis, edge in enumerate(edges):
        length = images.shape[axis + 2]
        before = (length - edge) // 2
        place = _places(images, axis)
        source = (place - before + starts[axis].view(-1, 1, 1, 1, 1)).clamp(0, length - 1)
        moved = moved.gather(axis + 2, source.expand_as(moved))
        moved = moved.masked_fill((place < before) | (place >= before + edge), 0)
    return torch.where(chosen, moved, images)


def intensity(
    images: Tensor,
    generator: Generator,
    probability: float = 0.5,
    gain: float = 0.1,
    offset: float = 0.1,
) -> Tensor:
    """Multiply and shift the values inside the support of a sample.

    The overall level carries age (stiffness falls by 0.3 to 0.8 % a year), so a large offset takes
    away what is to be learned; inversions and sites differ by a level too, which is what a small
    one is good for.

    Parameters
    ----------
    images : Tensor of shape (n, channels, …)
        z-scores; volumes, or the columns of a table.
    generator : Generator
    probability : float
    gain : float
        The factor is uniform in 1 ± this.
    offset : float
        What is added is uniform in ± this, in standard deviations of the training voxels.
    """
    chosen = are_drawn(images, generator, probability) & (images != 0)
    factor = 1 + gain * each(images, uniform(images, generator, 1))
    shift = offset * each(images, uniform(images, generator, 1))
    return torch.where(chosen, images * factor + shift, images)


def noise(
    images: Tensor, generator: Generator, probability: float = 1.0, sd: float = 0.05
) -> Tensor:
    """Add independent Gaussian noise to every value inside the support.

    The authors' `--tf noise` with its `--noise_std 0.05` (CoderJacques/BrainAge_DynLocRep,
    `src/main_dyn_loc_rep.py`), of every image; theirs covers the background as well.

    Parameters
    ----------
    images : Tensor of shape (n, channels, …)
        z-scores; volumes, or the columns of a table.
    generator : Generator
    probability : float
    sd : float
        In standard deviations of the training voxels.
    """
    chosen = are_drawn(images, generator, probability) & (images != 0)
    drawn = torch.randn(images.shape, generator=generator, device=images.device)
    return torch.where(chosen, images + sd * drawn.to(images.dtype), images)


def _need_volumes(images: Tensor, name: str) -> None:
    if images.ndim != 5:
        raise SettingsError(
            f"training.augmentation: {name} is for volumes; for tables there are intensity and "
            "noise"
        )


def _need_space(images: Tensor, name: str) -> None:
    if not are_pictures(images):
        _need_volumes(images, name)


def _places(images: Tensor, axis: int) -> Tensor:
    """Return the places along a spatial axis, shaped to meet all voxels."""
    shape = [1] * images.ndim
    shape[axis + 2] = -1
    return torch.arange(images.shape[axis + 2], device=images.device).view(shape)


def _window(
    images: Tensor, generator: Generator, size: Fractions
) -> tuple[list[int], list[Tensor]]:
    """Return the edges of a window in voxels, and where (n,) it begins along each axis."""
    lengths = images.shape[2:]
    edges = [max(1, round(part * length)) for part, length in zip(size, lengths, strict=True)]
    chance = torch.rand((3, len(images)), generator=generator, device=images.device)
    free = [length - edge + 1 for length, edge in zip(lengths, edges, strict=True)]
    return edges, [(part * count).long() for part, count in zip(chance, free, strict=True)]
