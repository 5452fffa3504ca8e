"""PET volumes, prepared by others: registered to one template, all of one grid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import BadScanError, SettingsError
from contrage.modalities._modality import Modality, volume
from contrage.prepared import Cut, Prepared
from contrage.settings.blocks.kinds import PetSettings

if TYPE_CHECKING:
    import numpy as np

SETTINGS = PetSettings
MODALITY = volume(
    many="PET volumes",
    title="PET volume",
    group="site",
    ending="pet.nii.gz or pet.nii",
)
KEY = "cohort.pet"
FAR_MM = 0.01
EDGE_OFF = 0.01
"""Part by which an edge may be another, for headers that were rounded."""


def configured(modality: Modality, settings: PetSettings) -> Modality:
    """Return the kind with its grid."""
    return replace(modality, shape=settings.grid, voxel_mm=settings.edge_mm)


def prepares(settings: PetSettings) -> str:
    """Say what is done to the volumes."""
    divided = "divided by the mean in the reference region" if settings.reference else "not divided"
    return (
        "The PET volumes were registered elsewhere, to one grid, which was checked; frames were "
        f"averaged, and values {divided}. This workflow stripped, corrected and registered nothing."
    )


def needs(settings: PetSettings) -> None:
    """Raise `SettingsError` if the reference region is not there."""
    if settings.reference is not None and not Path(settings.reference).is_file():
        raise SettingsError(
            f"{KEY}.reference: no file {settings.reference!r}; give a mask on the grid of the "
            "volumes, or null"
        )


def beside(settings: PetSettings) -> list[str]:
    """Return the files that decide an array beside those of the scans."""
    return [settings.reference] if settings.reference else []


def reading(
    kind: Prepared, settings: PetSettings
) -> Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]:
    """Return what reads a volume: float32 of shape (1, x, y, z), the mean of its frames."""
    region, of_region = _region(settings)
    return _reader(settings, region, of_region, [])


@dataclass(frozen=True)
class Place:
    """Where volumes lie that were read before.

    Attributes
    ----------
    affine : ndarray of shape (4, 4)
    region : ndarray of bool on the grid, or None
        The reference region.
    """

    affine: np.ndarray
    region: np.ndarray | None

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it: the affine, and the SHA-256 of the region's bits."""
        return {"affine": self.affine.tolist(), "region": region_digest(self.region)}


def region_digest(region: np.ndarray | None) -> str | None:
    """Return the SHA-256 of a region's packed bits; None where there is none."""
    import numpy as np

    return None if region is None else hashlib.sha256(np.packbits(region).tobytes()).hexdigest()


def is_same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two places, as `Place.told` has them, are one, with one region."""
    import numpy as np

    affines = np.array(one["affine"], float), np.array(other["affine"], float)
    return _lies_at(*affines) and one["region"] == other["region"]


def place(path: Path, settings: PetSettings) -> Place:
    """Return where a volume lies, and the reference region there."""
    import nibabel as nib

    return Place(nib.load(path).affine, region_of(settings))


def region_of(settings: PetSettings) -> np.ndarray | None:
    """Return the reference region on the grid; None where there is none."""
    return _region(settings)[0]


def reading_at(
    settings: PetSettings, there: Place
) -> Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]:
    """Return what reads volumes that must lie where others did, as `reading` does."""
    return _reader(settings, there.region, there.affine, [(None, there.affine)])


def _reader(
    settings: PetSettings,
    region: np.ndarray | None,
    of_region: np.ndarray | None,
    first: list[tuple[Path | None, np.ndarray]],
) -> Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]:
    """Return what reads a volume; the place of `first`, or of the first that is read, holds."""

    def read(path: Path, cut: Cut | None, tell: Callable[[str], None]) -> np.ndarray:
        values, affine = _volume(path)
        if values.ndim == 4:
            if values.shape[-1] > 1:
                tell("volumes of several frames, averaged")
            values = values.mean(axis=-1)
        if values.shape != settings.grid:
            raise BadScanError(
                path, f"has {_times(values.shape)} voxels, not {_times(settings.grid)} ({KEY}.grid)"
            )
        if not first:
            first.append((path, affine))
        _check_edge(path, affine, settings.edge_mm)
        _check_place(path, affine, *first[0])
        if region is not None and not _lies_at(affine, of_region):
            raise SettingsError(
                f"{KEY}.reference: {settings.reference} lies elsewhere than {path.name}, or is "
                "turned otherwise; bring it to the grid of the volumes"
            )
        return _divided(path, values, region)[None]

    return read


def _volume(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return values, float32, and affine of an image of three or four axes."""
    import nibabel as nib
    import numpy as np

    try:
        image = nib.load(path)
        values = np.asarray(image.dataobj, dtype=np.float32)
    except Exception as error:  # nibabel's own, zlib's, the system's
        message = " ".join(str(error).split())[:100]
        raise BadScanError(path, f"cannot be read ({message}); copy it again") from error
    if values.ndim not in (3, 4):
        raise BadScanError(path, f"has {values.ndim} axes, where a volume has 3, or 4 with frames")
    return values, np.asarray(image.affine)


def _check_edge(path: Path, affine: np.ndarray, edge_mm: float) -> None:
    """Refuse a volume of other voxels than the settings say: means of blocks would be of others."""
    import numpy as np
    from nibabel.affines import voxel_sizes

    edges = voxel_sizes(affine)
    if not np.allclose(edges, edge_mm, rtol=EDGE_OFF):
        found = " × ".join(f"{edge:.3g}" for edge in edges)
        raise BadScanError(path, f"has voxels of {found} mm, not {edge_mm:g} ({KEY}.edge_mm)")


def _check_place(path: Path, affine: np.ndarray, other: Path | None, of_other: np.ndarray) -> None:
    """Refuse a volume whose voxels lie elsewhere than those of the first that was read."""
    if not _lies_at(affine, of_other):
        that = "the volumes that were learned from" if other is None else other.name
        raise BadScanError(
            path, f"its grid lies elsewhere than that of {that}; register all to one template"
        )


def _lies_at(affine: np.ndarray, other: np.ndarray | None) -> bool:
    import numpy as np

    return other is not None and np.allclose(affine, other, atol=FAR_MM)


def _region(settings: PetSettings) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the reference region on the grid, bool, and its affine; None where there is none."""
    if settings.reference is None:
        return None, None
    path = Path(settings.reference)
    values, affine = _volume(path)
    if values.shape != settings.grid or not (values > 0).any():
        raise SettingsError(
            f"{KEY}.reference: {path} is no mask of {_times(settings.grid)} voxels with any inside"
        )
    return values > 0, affine


def _divided(path: Path, values: np.ndarray, region: np.ndarray | None) -> np.ndarray:
    import numpy as np

    if region is None:
        return values
    mean = float(values[region].mean(dtype=np.float64))
    if not mean > 0:
        raise BadScanError(
            path, f"has a mean of {mean:g} in the reference region ({KEY}.reference)"
        )
    return values / np.float32(mean)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
