"""Skull stripping: one function for all methods."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from scipy import ndimage

from contrage.errors import BadScanError, SettingsError
from contrage.imaging import skull_strip
from contrage.imaging.images import Image, load, resample
from contrage.imaging.masks import BRAIN_LITRES, litres
from contrage.imaging.skull_strip._result import Stripped
from contrage.imaging.template.source import Source
from contrage.settings.steps.imaging import StripFit, StripMethod


def find_brain(
    reference: Image,
    path: Path,
    asked: StripMethod,
    fit: StripFit | None,
    source: Source | None,
    given: Path | None = None,
) -> Stripped:
    """Find the brain.

    Parameters
    ----------
    reference : Image
        Anatomical image; or the map, with methods mask and none only.
    path : Path
        Its file, named in errors.
    asked : StripMethod
        Of `skull_strip.available()`; docs/preprocessing.md describes them.
    fit : StripFit or None
        How the template is placed, for the template method.
    source : Source or None
        The template, likewise.
    given : Path, optional
        The mask's file, for the mask method.

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
    method = asked.method
    skull_strip.require_backend(method)
    if method == "template":
        (own,) = map(import_module, skull_strip.modules(method))
        result = own.template_mask(reference, fit, source)
    elif method == "mask":
        result = Stripped(_given_mask(reference, given))
    elif method == "none":
        result = Stripped(ndimage.binary_fill_holes(reference.array != 0))
    else:
        used, *runner = map(import_module, skull_strip.modules(method))
        if runner:
            result = runner[0].external_mask(reference, path, method, used, asked.options)
        else:
            result = used.mask(reference, path, asked.options)
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
