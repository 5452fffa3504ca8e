"""The stiffness map: regions with their values, texture, soft rim and slab, in Pa.

The texture has what 102 real maps have: a part that all brains share, a part of each participant's
own, correlated over about 6 mm, and values that fall towards the edge of the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from contrage.cohort.phantom.heads.acquisition import slab
from contrage.cohort.phantom.heads.ageing import TISSUES, Brain
from contrage.cohort.phantom.heads.deformation import Displacement, Thinning
from contrage.cohort.phantom.heads.regions import Regions
from contrage.cohort.phantom.heads.template import Grid, apply, sample, smooth_noise, stretch

# All brains share this pattern, whatever the cohort's seed: it is anatomy.
_ANATOMY_SEED = 134
_SHARED, _OWN, _OWN_WIDE = 0.06, 0.16, 0.05
# Real maps are stiffer the deeper one looks, white matter from 2.4 to 3.5 kPa over 35 mm.
_PER_MM = 0.011
# How much the yearly loss varies within a region, relative to the region's own rate.
_PATCHY = 0.35
# What stiffness is left where the cortex has given way to fluid.
_FLUID = 0.5


@dataclass(frozen=True)
class StiffnessMap:
    """A map on its own grid: values in Pa, 0 where the map has no tissue; coverage as reached."""

    grid: Grid
    values: np.ndarray
    coverage: float


def stiffness_field(
    brain: Brain, regions: Regions, thinning: Thinning, spread: float, rng: np.random.Generator
) -> np.ndarray:
    """Compute stiffness in template space, before deformation and acquisition.

    Parameters
    ----------
    brain : Brain
        Its `stiffness` (kPa) is the mean over each region.
    regions : Regions
    thinning : Thinning
        Where fluid has taken the cortex's place, stiffness falls.
    spread : float
        Scale of the participant's own texture.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape regions.grid.shape
        kPa, float32; beyond the brain its border goes on for 4 mm, so that interpolation there
        mixes in no zeros.
    """
    grid, inside = regions.grid, regions.brain
    anatomy = np.random.default_rng(_ANATOMY_SEED)
    shared = _two_sided_noise(grid.shape, 2.5, anatomy)[inside]
    patchy = _two_sided_noise(grid.shape, 6, anatomy)[inside]
    own = _OWN * smooth_noise(grid.shape, 1.65, rng)[inside]
    own += _OWN_WIDE * _wide_noise(grid.shape, rng)[inside]
    depth = 2 * ndimage.distance_transform_edt(inside)[inside].astype(np.float32)
    value = np.zeros(inside.sum(), dtype=np.float32)
    for name, weight in regions.weights.items():
        loss = TISSUES[name].rate * brain.years
        # Within the region only: its mean loss stays as published.
        local = np.clip(patchy - np.average(patchy, weights=weight), -2, 2)
        ageing = 1 - loss * _PATCHY * local / (1 - loss)
        deeper = 1 + _PER_MM * np.clip(depth - np.average(depth, weights=weight), -20, 18)
        value += weight * brain.stiffness[name] * ageing * deeper
    lost = sample(thinning.loss, thinning.grid, grid.world(inside))
    value *= 1 - (1 - _FLUID) * lost
    value *= 1 + _SHARED * shared + spread * own
    field = np.zeros(grid.shape, dtype=np.float32)
    field[inside] = np.maximum(value, 0.2)
    return _smooth_inside(field, inside, 0.8)


def _two_sided_noise(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise of SD 1 that is alike left and right, as brain halves are."""
    field = smooth_noise(shape, sigma, rng)
    return (field + field[::-1]) / np.sqrt(2)


def _wide_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return noise of SD 1 that varies over 20 mm, drawn on a grid three times as coarse."""
    return stretch(smooth_noise(tuple(-(-n // 3) + 1 for n in shape), 1.5, rng), shape)


def _smooth_inside(field: np.ndarray, inside: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth without letting zeros leak in; values reach a little beyond the mask."""
    weight = ndimage.gaussian_filter(inside.astype(np.float32), sigma, truncate=3)
    smooth = ndimage.gaussian_filter(field, sigma, truncate=3)
    return np.divide(smooth, weight, out=np.zeros_like(field), where=weight > 1e-3)


def acquire(
    field: np.ndarray,
    regions: Regions,
    displacement: Displacement,
    grid: Grid,
    to_template: np.ndarray,
    coverage: float,
    rng: np.random.Generator,
) -> StiffnessMap:
    """Measure a field on a slab of the scanner's grid.

    Parameters
    ----------
    field : ndarray
        From stiffness_field, kPa.
    regions : Regions
    displacement : Displacement
        Of the ventricles.
    grid : Grid
        Around the whole brain; the slab is cut from its last axis.
    to_template : ndarray of shape (4, 4)
        From the map's world to the template's.
    coverage : float
        Share of the brain that the slab is to hold.
    rng : numpy.random.Generator

    Returns
    -------
    StiffnessMap
    """
    extent = regions.brain.astype(np.float32)
    points = apply(to_template, grid.world())
    inside = sample(extent, regions.grid, points).reshape(grid.shape)
    brain = inside + 0.08 * smooth_noise(grid.shape, 1.5, rng) > 0.5
    first, last = slab(brain, coverage, rng)
    kept = np.zeros(grid.shape, dtype=bool)
    kept[:, :, first:last] = brain[:, :, first:last]
    source = displacement.pull(points.reshape(3, *grid.shape)[:, kept])
    values = np.zeros(grid.shape, dtype=np.float32)
    values[kept] = sample(field, regions.grid, source)
    own, values, kept = (
        _cut_slices(grid, first, last),
        values[..., first:last],
        kept[..., first:last],
    )
    values = soften_rim(values, own, rng)
    values *= 1 + 0.03 * rng.standard_normal(values.shape, dtype=np.float32)
    pascal = np.where(kept, np.maximum(np.round(1000 * values), 20), 0).astype(np.float32)
    return StiffnessMap(own, pascal, float(kept.sum() / brain.sum()))


def _cut_slices(grid: Grid, first: int, last: int) -> Grid:
    shift = np.eye(4)
    shift[2, 3] = first
    return Grid((*grid.shape[:2], last - first), grid.affine @ shift)


def soften_rim(values: np.ndarray, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Lower values towards the map's edge, as the inversion does with waves it cannot see.

    Parameters
    ----------
    values : ndarray
        0 outside the map.
    grid : Grid
    rng : numpy.random.Generator
        The outermost voxels vary most.

    Returns
    -------
    ndarray
    """
    sizes = np.linalg.norm(grid.affine[:3, :3], axis=0)
    padded = np.pad(values > 0, 1)
    depth = ndimage.distance_transform_edt(padded, sampling=sizes)[1:-1, 1:-1, 1:-1]
    uneven = np.clip(1 + 0.45 * smooth_noise(values.shape, 1.2, rng), 0, 2.2)
    rim = 0.18 * np.exp(-np.maximum(depth - 2, 0) / 1.3) * uneven
    return values * np.clip(1 - rim - 0.06 * np.exp(-depth / 8), 0.02, 1).astype(np.float32)
