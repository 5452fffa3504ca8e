"""A small synthetic head with a map, in unequal axes and odd orientations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from contrage.imaging.affines import rotation
from contrage.imaging.images import Image, resample
from contrage.imaging.template.grids import brain_template

ORIENTATIONS = ("RAS", "LPI", "ASR", "PIL")


@dataclass(frozen=True)
class Head:
    """A synthetic head and all that is true of it."""

    image: Image
    mask: np.ndarray
    to_mni: np.ndarray
    bias: np.ndarray


def write(path: Path, array: np.ndarray, affine: np.ndarray, codes: tuple[int, int] = (2, 2)):
    """Write a NIfTI file with chosen sform and qform codes."""
    image = nib.Nifti1Image(array, affine)
    image.set_sform(affine, code=codes[0])
    image.set_qform(affine, code=codes[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


def turned(image: Image, codes: str) -> Image:
    """Store the same image in another orientation."""
    nifti = nib.Nifti1Image(image.array, image.affine)
    start = nib.orientations.io_orientation(image.affine)
    end = nib.orientations.axcodes2ornt(tuple(codes))
    new = nifti.as_reoriented(nib.orientations.ornt_transform(start, end))
    return Image(np.asanyarray(new.dataobj), new.affine)


def pose_matrix(degrees: tuple[float, float, float], shift: tuple[float, float, float]):
    """A rigid pose, MNI152 world to head world."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(*np.deg2rad(degrees))
    matrix[:3, 3] = shift
    return matrix


def build_head(
    degrees=(9.0, -7.0, 12.0),
    shift=(8.0, -11.0, 6.0),
    scale=(0.96, 1.03, 1.05),
    codes="PIL",
    voxel=(3.1, 2.7, 3.3),
    bias=0.25,
    seed=3,
) -> Head:
    """Build brain, fluid, bone and scalp from the template, in a pose, with bias and noise."""
    template = brain_template(3)
    distance = ndimage.distance_transform_edt(~template.brain) * 3
    shells = np.select([distance <= 2, distance <= 8, distance <= 15], [0.2, 0.1, 0.7], 0.0)
    tissue = np.where(template.brain, template.anatomical.array, shells).astype(np.float32)
    padded = np.pad(tissue, 8)
    affine = template.anatomical.affine.copy()
    affine[:3, 3] -= 24
    world = pose_matrix(degrees, shift) @ np.diag([*scale, 1.0])
    shape = np.ceil(np.array([230, 260, 236]) / voxel).astype(int)
    grid_affine = np.diag([*voxel, 1.0])
    grid_affine[:3, 3] = np.array([-115.0, -148, -110]) + shift
    grid = Image(np.zeros(shape, np.float32), grid_affine)
    to_mni = np.linalg.inv(world)
    clean = resample(Image(padded, affine), grid, to_mni)
    mask = resample(template.anatomical.with_array(template.mask), grid, to_mni) > 0.5
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    field = np.exp(bias * (0.8 * x - 0.6 * y * z + 0.7 * z)).astype(np.float32)
    noise = np.random.default_rng(seed).normal(0, 0.015, shape)
    noisy = np.abs(clean * field + noise).astype(np.float32) * 800
    head, inside, field_image = (
        turned(Image(a, grid_affine), codes) for a in (noisy, mask.astype(np.uint8), field)
    )
    return Head(head, inside.array.astype(bool), to_mni, field_image.array)


def build_map(head: Head, voxel=(3.4, 3.0, 2.6), codes="LAS", slab=0.12) -> Image:
    """Build a map (kPa) of the head's brain on another grid: 2 left, 4 right, a slab missing."""
    shape = np.ceil(np.array([200, 230, 190]) / voxel).astype(int)
    affine = np.diag([*voxel, 1.0])
    affine[:3, 3] = np.array([-95.0, -135, -85]) + np.linalg.inv(head.to_mni)[:3, 3]
    grid = Image(np.zeros(shape, np.float32), affine)
    inside = resample(head.image.with_array(head.mask.astype(np.float32)), grid) > 0.5
    index = np.argwhere(np.ones(shape, bool)).astype(float)
    mni = index @ (head.to_mni @ affine)[:3, :3].T + (head.to_mni @ affine)[:3, 3]
    values = np.where(mni[:, 0].reshape(shape) > 0, 4.0, 2.0) * inside
    values *= 1 + 1e-6 * np.random.default_rng(5).standard_normal(shape)  # no map has two values
    values[:, :, : int(slab * shape[2])] = 0
    return turned(Image(values.astype(np.float32), affine), codes)


@pytest.fixture(scope="session")
def head() -> Head:
    """A head in one pose, PIL orientation, 3 mm."""
    return build_head()


@pytest.fixture(scope="session")
def make_head() -> Callable[..., Head]:
    """The builder, for other poses."""
    return build_head


@pytest.fixture(scope="session")
def make_map() -> Callable[..., Image]:
    """The builder of maps."""
    return build_map


@pytest.fixture(scope="session")
def save() -> Callable[..., Path]:
    """The writer of NIfTI files."""
    return write


@pytest.fixture(scope="session")
def reoriented() -> Callable[..., Image]:
    """Storing an image in another orientation."""
    return turned


@pytest.fixture
def small(rng) -> Image:
    """A small image with unequal axes and an oblique, left-handed affine."""
    affine = pose_matrix((11, -8, 17), (5, -9, 13)) @ np.diag([-2.5, 3.0, 2.0, 1.0])
    return Image(rng.uniform(1, 4, (12, 17, 14)).astype(np.float32), affine)
