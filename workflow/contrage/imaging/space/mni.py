"""Registration to MNI152, and bringing images there in one interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contrage.errors import BadScanError, SettingsError
from contrage.imaging.affines import affine_through, write_affine
from contrage.imaging.images import Image, resample, shrink, transform_points
from contrage.imaging.masks import centre
from contrage.imaging.stated import not_in_place
from contrage.imaging.template.grids import Template, brain_template
from contrage.imaging.template.source import Source
from contrage.settings.steps.imaging import AntsSettings, RegisterFit

LINEAR = {
    "affine9": "Affine",
    "rigid": "Rigid",
    "similarity": "Similarity",
    "affine": "Affine",
    "syn": "Affine",
}
TRANSFORMS = (*LINEAR, "none")
ORDERS = {"nearest": 0, "linear": 1}
"""Interpolations of SciPy, as the degree of its splines."""


@dataclass(frozen=True)
class Transform:
    """A way from an image's world to MNI152.

    Attributes
    ----------
    affine : ndarray of shape (4, 4)
        Image world → MNI152 world, RAS, mm.
    warp : tuple of two lists, optional
        Transform files and inversion flags for ants.apply_transforms, when it deforms.
    """

    affine: np.ndarray
    warp: tuple[list, list] | None = None

    def after(self, world: np.ndarray | None, folder: Path) -> Transform:
        """Return the way of an image that another transform brings to this one's image first.

        Parameters
        ----------
        world : ndarray of shape (4, 4) or None
            The image's world → this transform's image's world; None: they are the same.
        folder : Path
            Where its file is put, if this one deforms.
        """
        if world is None:
            return self
        if self.warp is None:
            return Transform(self.affine @ world)
        path = Path(folder) / "before.mat"
        write_affine(path, world)
        names, inverted = self.warp
        return Transform(self.affine @ world, ([*names, str(path)], [*inverted, False]))

    def is_identity(self, image: Image, grid: Image) -> bool:
        """Whether the image lies on the grid already, so that nothing is interpolated."""
        return (
            self.warp is None and np.array_equal(self.affine, np.eye(4)) and image.same_grid(grid)
        )

    def apply(self, image: Image, grid: Image, interpolation: str = "linear") -> np.ndarray:
        """Bring an image onto a grid in MNI152 space, affine and deformation as one.

        Parameters
        ----------
        image, grid : Image
            What is brought, and onto which voxels.
        interpolation : {"linear", "nearest", "bspline", "lanczos"}
            The last two are ANTs'; the first two are SciPy's where nothing is deformed.

        Returns
        -------
        ndarray of the grid's shape
            float32, zero outside the image.
        """
        if self.is_identity(image, grid):
            return image.array.astype(np.float32)
        if self.warp is None and interpolation in ORDERS:
            order = ORDERS[interpolation]
            return resample(image, grid, np.linalg.inv(self.affine), order).astype(np.float32)
        from contrage.imaging.ants.bridge import affine_apply, warp_apply

        if self.warp is None:
            return affine_apply(image, grid, self.affine, interpolation)
        return warp_apply(image, grid, self.warp, interpolation)


def estimate(
    brain: Image,
    path: Path,
    asked: RegisterFit,
    pose: np.ndarray | None,
    folder: Path,
    source: Source,
) -> Transform:
    """Estimate the transform of a stripped brain to MNI152.

    Parameters
    ----------
    brain : Image
        T1-like contrast, zero outside the brain.
    path : Path
        The scan, for errors.
    asked : RegisterFit
        Its `transform`, of which `affine9` has no shear and `none` states that the image lies in
        MNI152 space already, and ANTs' settings of the parts that this takes.
    pose : ndarray of shape (4, 4) or None
        Where to start: skull stripping's estimate; searched for if None.
    folder : Path
        Where a deformation's file is put.
    source : Source
        Which template.

    Returns
    -------
    Transform

    Raises
    ------
    SettingsError
        Unknown kind.
    BadScanError
        The result is no plausible way to place a brain, or one stated to be in place is not.
    """
    kind = asked.transform
    if kind not in TRANSFORMS:
        raise SettingsError(
            f"preprocessing.registration.transform: no transform {kind!r}; "
            f"choose {', '.join(TRANSFORMS)}"
        )
    if kind == "none":
        for reason in not_in_place(brain, source):
            raise BadScanError(path, reason)
        return Transform(np.eye(4))
    affine = _linear(brain, kind, asked.linear, pose, source)
    if kind == "affine9":
        from contrage.imaging.space.affine9 import refine

        affine = refine(brain, affine, asked.affine9.levels_mm, source)
    _check_plausible(affine, brain, path, source)
    if kind != "syn":
        return Transform(affine)
    return _deform(brain, affine, asked.warp, folder, source)


def _linear(
    brain: Image, kind: str, settings: AntsSettings, pose: np.ndarray | None, source: Source
) -> np.ndarray:
    from contrage.imaging.ants.bridge import register

    template = brain_template(settings.template_mm, source)
    if pose is None:
        from contrage.imaging.space.pose import find_pose

        pose, _ = find_pose(shrink(brain, 4), brain_template(8, source))
    pose = nearest(pose, kind, centre(brain, brain.array != 0))
    moving = shrink(brain, settings.template_mm)
    ants_settings = {"type_of_transform": LINEAR[kind], **settings.ants}
    return register(template.anatomical, moving, ants_settings, pose, template.domain)


def _deform(
    brain: Image, affine: np.ndarray, settings: AntsSettings, folder: Path, source: Source
) -> Transform:
    from contrage.imaging.ants.bridge import warp_register

    template: Template = brain_template(settings.template_mm, source)
    moving = shrink(brain, settings.template_mm)
    found = warp_register(
        template.anatomical, moving, settings.ants, affine, folder, template.domain
    )
    return Transform(affine, found["forward"])


def nearest(matrix: np.ndarray, kind: str, point: np.ndarray) -> np.ndarray:
    """Take scaling and shear out of an affine as a kind of transform demands.

    Parameters
    ----------
    matrix : ndarray of shape (4, 4)
        Any affine.
    kind : str
        rigid (turn and shift), similarity (and one scale); others leave it as it is.
    point : ndarray of shape (3,)
        It goes where the affine takes it.

    Returns
    -------
    ndarray of shape (4, 4)
    """
    if kind not in ("rigid", "similarity"):
        return matrix
    u, sizes, v = np.linalg.svd(matrix[:3, :3])
    scale = float(np.prod(sizes) ** (1 / 3)) if kind == "similarity" else 1.0
    return affine_through(scale * (u @ v), point, transform_points(matrix, point[None])[0])


def _check_plausible(affine: np.ndarray, brain: Image, path: Path, source: Source) -> None:
    """Refuse what no brain needs: mirrored, stretched beyond reason, or placed elsewhere."""
    finite = bool(np.isfinite(affine).all())
    sizes = np.linalg.svd(affine[:3, :3], compute_uv=False) if finite else np.zeros(3)
    if not finite or np.linalg.det(affine) <= 0 or sizes.min() < 0.5 or sizes.max() > 2:
        raise BadScanError(
            path, f"registration failed (scaling {sizes.round(2).tolist()}); look at the image"
        )
    target = brain_template(8, source)
    there = transform_points(affine, centre(brain, brain.array != 0)[None])[0]
    middle = centre(target.anatomical, target.anatomical.array != 0)
    if np.linalg.norm(there - middle) > 45:
        raise BadScanError(path, "registration failed (the brain ends outside the template)")
