"""Skull stripping: one function for all methods."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from scipy import ndimage

from contrage.errors import BadScanError, SettingsError
from contrage.imaging import backends
from contrage.imaging.images import Image, load, resample
from contrage.imaging.masks import BRAIN_LITRES, litres
from contrage.imaging.template_source import NILEARN, Source


@dataclass(frozen=True)
class Stripped:
    """What skull stripping found.

    Attributes
    ----------
    mask : ndarray of shape (X, Y, Z)
        The brain on the reference's grid, bool.
    pose : ndarray of shape (4, 4) or None
        Reference world → MNI152 world, if the method estimated it on the way.
    command, version : str or None
        The command line of a program, or the function of a package, that was run, and its version
        where it is known.
    weights : dict of str to str or None
        Names and SHA-256 of the files with a network's weights, where the package brings them.
    """

    mask: np.ndarray
    pose: np.ndarray | None = None
    command: str | None = None
    version: str | None = None
    weights: dict[str, str] | None = None


def strip(
    reference: Image,
    path: Path,
    method: str,
    registration: dict,
    given: Path | None = None,
    options: dict | None = None,
    source: Source = NILEARN,
) -> Stripped:
    """Find the brain.

    Parameters
    ----------
    reference : Image
        Anatomical image; or the map, with methods mask and none only.
    path : Path
        Its file, named in errors.
    method : str
        One of `backends.METHODS`; docs/preprocessing.md describes them.
    registration : dict
        A registration quality (see `register.load_quality`), for the template method.
    given : Path, optional
        The mask's file, for the mask method.
    options : dict, optional
        Settings of the method; its defaults where one is not given.
    source : Source
        The template, for the template method.

    Returns
    -------
    Stripped

    Raises
    ------
    SettingsError
        The method's program, package or file is missing.
    BadScanError
        The mask is empty or has no brain's size.
    """
    backends.require_backend(method)
    if method == "template":
        from contrage.imaging.strip_template import template_mask

        result = template_mask(reference, registration, source)
    elif method == "mask":
        result = Stripped(_given_mask(reference, given))
    elif method == "none":
        result = Stripped(ndimage.binary_fill_holes(reference.array != 0))
    else:
        asked = backends.options({"method": method, method: options or {}})
        used, *runner = map(import_module, backends.modules(method))
        if runner:
            result = runner[0].external_mask(reference, path, method, used, asked)
        else:
            result = used.mask(reference, path, asked)
    _check_size(result.mask, reference, path, method)
    return result


def _given_mask(reference: Image, given: Path | None) -> np.ndarray:
    if given is None:
        raise SettingsError(
            "preprocessing.skull_strip.method 'mask' needs a brain mask for every scan; "
            "none is given"
        )
    mask = load(given)
    if not mask.array.any():
        raise BadScanError(given, "is an empty mask; draw it again or choose another method")
    mask = mask.with_array((mask.array > 0.5).astype(np.uint8))
    if mask.same_grid(reference):
        return mask.array.astype(bool)
    carried = resample(mask, reference, order=0).astype(bool)
    if not carried.any():
        raise BadScanError(given, "does not overlap the image it is the mask of")
    return carried


def _check_size(mask: np.ndarray, reference: Image, path: Path, method: str) -> None:
    volume, (smallest, largest) = litres(mask, reference), BRAIN_LITRES
    if not mask.any():
        raise BadScanError(path, f"skull stripping ({method}) left an empty mask")
    if method not in ("mask", "none") and not smallest < volume < largest:
        raise BadScanError(
            path, f"skull stripping ({method}) left {volume:.2f} litres, which is no brain"
        )
