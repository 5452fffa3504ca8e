"""What the step saliency is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from contrage.settings.blocks.evaluations import SaliencySettings
from contrage.target import Target


@dataclass(frozen=True)
class RegionsAsked:
    """Which places attributions are added up in.

    Attributes
    ----------
    by : str
        atlas, tissue, phantom, features, regions, channels or blocks.
    atlas : str or None
        The file of labels.
    grid_mm : int or None
        Voxel size of the images that the imaging chain made; None of other data.
    factor : int
        How many of these are averaged along each axis.
    axes : tuple of str
        Names of the axes of one image.
    is_stiffness : bool
        Whether these are stiffness maps, of which a phantom's regions lose what is known.
    """

    by: str
    atlas: str | None
    grid_mm: int | None
    factor: int
    axes: tuple[str, ...]
    is_stiffness: bool


@dataclass(frozen=True)
class SaliencyStep:
    """What the step saliency is asked for.

    Attributes
    ----------
    row : str
        Whose trainings these are.
    seeds : tuple of int
        Of the trainings.
    target : Target
        What is predicted.
    saliency : SaliencySettings
        How much is explained, and how.
    regions : RegionsAsked
        In which places it is added up.
    """

    row: str
    seeds: tuple[int, ...]
    target: Target
    saliency: SaliencySettings
    regions: RegionsAsked
