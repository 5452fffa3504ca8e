"""How files of a kind of data are brought to one shape: cohort.xray, series, video, pet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class XraySettings:
    """Grey pictures (cohort.image xray).

    Attributes
    ----------
    size : tuple of int
        Height and width to which every picture is brought, pixels.
    fit : str
        How: pad, with black at both sides until height and width have that ratio, or stretch.
    intensity : str
        What becomes 0 and 1: depth, 0 and the largest number of the file's bits (255, 65,535), or
        own, the picture's own least and largest value.
    """

    size: tuple[int, ...]
    fit: str
    intensity: str


@dataclass(frozen=True)
class SeriesSettings:
    """Time series of regions (cohort.image series).

    Attributes
    ----------
    regions : int
        How many there are: the channels.
    length : int
        Number of points in time to which every series is brought: the middle of longer ones,
        shorter ones reflected at both ends.
    """

    regions: int
    length: int


@dataclass(frozen=True)
class VideoSettings:
    """Videos in shades of grey (cohort.image video).

    Attributes
    ----------
    frames : int
        How many are taken.
    every : int
        Frames from one that is taken to the next.
    pixels : tuple of int
        Height and width of a frame; others are resized.
    """

    frames: int
    every: int
    pixels: tuple[int, ...]


@dataclass(frozen=True)
class PetSettings:
    """PET volumes of one grid (cohort.image pet).

    Attributes
    ----------
    grid : tuple of int
        Voxels along x, y and z, which every volume must have.
    edge_mm : float
        Edge of a voxel.
    reference : str or None
        A mask of the same grid, by whose mean every volume is divided; None for the values as they
        are.
    """

    grid: tuple[int, ...]
    edge_mm: float
    reference: str | None
