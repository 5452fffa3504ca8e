"""A scan on its way through preprocessing: what is known, what was done, where it goes."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import contrage
from contrage.errors import BadScanError
from contrage.files import read_json, sha256, versions
from contrage.imaging import skull_strip
from contrage.imaging.ants.calls import noting
from contrage.imaging.images import Image
from contrage.imaging.space.mni import Transform, load_quality
from contrage.imaging.template.source import Source, as_source

log = logging.getLogger(__name__)


@dataclass
class Outputs:
    """Where the images of a scan go; None where one does not apply."""

    brain_mask: Path | None
    corrected: Path | None
    transform: Path | None
    warp: Path | None
    preproc_anatomical: Path | None
    preproc_mask: Path | None
    preproc_stiffness: Path | None
    preproc_dampingratio: Path | None = None
    map_transform: Path | None = None

    def paths(self) -> list[Path]:
        """All that are wanted."""
        return [path for path in vars(self).values() if path is not None]


@dataclass
class Scan:
    """A scan on its way.

    Attributes
    ----------
    settings : dict
        skull_strip, bias_correction, registration, template.
    paths : dict of str to Path
        The inputs that exist: anatomical, stiffness, dampingratio, mask.
    head : Image or None
        The anatomical image.
    maps : dict of str to Image
        The maps of the session: stiffness (kPa), dampingratio.
    map_world : ndarray of shape (4, 4) or None
        Maps' world → the anatomical image's; None where they share the scanner's.
    of_maps : Transform or None
        The maps' way to MNI152, once it is known.
    steps : list of dict
        What was done, with what, in how many seconds; `calls` holds the functions of ANTs
        with all their parameters.
    """

    settings: dict
    paths: dict[str, Path]
    head: Image | None
    maps: dict[str, Image]
    steps: list[dict] = field(default_factory=list)
    map_world: np.ndarray | None = None
    of_maps: Transform | None = None

    @property
    def reference(self) -> Image:
        """The image that is stripped and registered."""
        return self.head if self.head is not None else next(iter(self.maps.values()))

    @property
    def path(self) -> Path:
        """The reference's file."""
        return self.paths["anatomical" if self.head is not None else next(iter(self.maps))]

    @property
    def seed(self) -> int:
        """Seed of ANTs."""
        return int(self.settings.get("registration", {}).get("seed", 1))

    @property
    def kind(self) -> str:
        """Kind of transform."""
        return self.settings.get("registration", {}).get("transform", "affine")

    @property
    def template(self) -> Source:
        """The template."""
        return as_source(self.settings.get("template"))

    @property
    def interpolation(self) -> str:
        """How values come between voxels."""
        return self.settings.get("registration", {}).get("interpolation", "linear")

    @property
    def voxel_mm(self) -> int:
        """Voxel size of the MNI152 grid."""
        return self.settings.get("registration", {}).get("voxel_mm", 2)

    def quality(self) -> dict:
        """ANTs parameters of the quality asked for."""
        return load_quality(self.settings.get("registration", {}).get("quality", "precise"))

    @contextmanager
    def step(self, name: str, settings: dict) -> Iterator[None]:
        """Time a step and note it, and what it calls, for the sidecars.

        What fails inside is the scan's fault.
        """
        start = time.perf_counter()
        try:
            with noting() as calls:
                yield
        except RuntimeError as error:  # what ANTs raises
            raise BadScanError(self.path, f"{name} failed ({error}); look at the image") from error
        seconds = round(time.perf_counter() - start, 3)
        done = {"name": name, "settings": settings, "calls": calls, "seconds": seconds}
        self.steps.append(done)
        log.info("%s: %s, %.1f s", name, settings, seconds)


def provenance(settings: dict, paths: dict[str, Path], steps: list[dict], check: Path) -> dict:
    """Collect what sidecars tell: inputs, settings, steps, template, versions, seed, threads.

    The unit is that of stiffness: the damping ratio has none, and a T1's is arbitrary.
    """
    packages = ["antspyx", "nibabel", "nilearn", "numpy", "scipy"]
    packages += skull_strip.packages(settings.get("skull_strip", {}).get("method", "template"))
    return {
        "status": "ok",
        "stage": "preprocess",
        "reason": None,
        "unit_of_input": read_json(check)["unit"],
        "unit": "kPa" if "stiffness" in paths else None,
        "inputs": {
            name: {"path": str(path), "sha256": sha256(path)} for name, path in paths.items()
        },
        "settings": settings,
        "steps": steps,
        "seconds": round(sum(step["seconds"] for step in steps), 3),
        "seed": int(settings.get("registration", {}).get("seed", 1)),
        "threads": 1,
        "platform": platform.platform(),
        "template": template_record(as_source(settings.get("template"))),
        "versions": {
            "contrage": contrage.__version__,
            "python": platform.python_version(),
            **versions(*packages),
        },
    }


def template_record(source: Source) -> dict:
    """Return a template's name, files and checksums."""
    record = {"name": source.name, "file": source.path.name, "sha256": sha256(source.path)}
    if source.mask is not None:
        record |= {"mask": source.mask.name, "mask_sha256": sha256(source.mask)}
    return record
