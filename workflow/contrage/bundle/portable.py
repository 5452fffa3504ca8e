"""What a model takes, as it can be told on another machine."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np

from contrage.bundle.facts import has_region
from contrage.bundle.template import with_template
from contrage.dataset.sidecar import place_of
from contrage.errors import SettingsError
from contrage.files import versions
from contrage.modalities.pet import region_digest, region_of
from contrage.settings.steps.imaging import TemplateFiles
from contrage.settings.steps.model import SeenByModel
from contrage.tables import read_tsv

DECIDE = ("antspyx", "monai", "nibabel", "nilearn", "numpy", "scikit-learn", "scipy", "torch")
"""Packages whose versions are told."""


def portable(seen: SeenByModel, array: Path) -> SeenByModel:
    """Return what a model takes without the folders of this machine, and where its volumes lie.

    Parameters
    ----------
    seen : SeenByModel
    array : Path
        The cohort's array.
    """
    if seen.arrays is not None and (place := place_of(array)):
        affine = tuple(float(each) for row in place["affine"] for each in row)
        return replace(seen, arrays=replace(seen.arrays, affine=affine))
    if seen.imaging is None or seen.imaging.register.template.anatomical is None:
        return seen
    files = seen.imaging.register.template
    mask = files.mask and Path(files.mask).name
    named = TemplateFiles(
        files.name, Path(files.anatomical).name, mask, files.sha256, files.mask_sha256
    )
    return replace(seen, imaging=with_template(seen.imaging, named))


def region(seen: SeenByModel, array: Path, reference: Path | None) -> np.ndarray | None:
    """Return the region by whose mean volumes are divided; None where they are not.

    Parameters
    ----------
    seen : SeenByModel
    array : Path
        The cohort's array.
    reference : Path or None
        Mask of the region.

    Raises
    ------
    SettingsError
        It is another one than the array was made with.
    """
    if not has_region(seen.arrays):
        return None
    found = region_of(replace(seen.arrays.own, reference=str(reference)))
    if region_digest(found) != (place_of(array) or {}).get("region"):
        raise SettingsError(
            f"{reference}: is another mask than the cohort's array was made with; put that back, "
            "or run the experiment again"
        )
    return found


def features(columns: Path | None) -> tuple[str, ...]:
    """Return the names of a table's features, in order; none of what is no table."""
    return () if columns is None else tuple(map(str, read_tsv(columns, as_text=True)["feature"]))


def package_versions() -> dict[str, str]:
    """Return the versions of packages: of those that are in the environment of this step."""
    there = [name for name in DECIDE if _is_installed(name)]
    return versions(*there)


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
