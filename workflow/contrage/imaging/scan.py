"""A scan on its way through the steps of preprocessing: strip, correct, register.

Each step is a job of its own. It reads the record of the step before, writes its images, and a
record last, which tells all that was done so far: the next step goes on from there.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import contrage
from contrage.errors import BadScanError, SettingsError, failure, is_of_one_scan
from contrage.files import empty, read_json, sha256, versions, write_json
from contrage.imaging.ants.calls import noting
from contrage.imaging.images import Image, load, load_made
from contrage.imaging.limits import STEP, beyond, mended
from contrage.imaging.provenance.sidecars import clear_sidecars, write_failures
from contrage.imaging.recorded import recorded
from contrage.imaging.template.source import as_source, template_record
from contrage.settings.steps.imaging import CorrectStep, RegisterStep, StripStep

log = logging.getLogger(__name__)

Step = StripStep | CorrectStep | RegisterStep
PASCAL_PER_KILOPASCAL = 1000.0
NOTHING = {"inputs": {}, "outputs": {}, "settings": {}, "steps": [], "versions": {}}
"""What was done before the first step, after the check."""
PACKAGES = ("antspyx", "nibabel", "nilearn", "numpy", "scipy")


@dataclass
class ScanInStep:
    """A scan in one step.

    Attributes
    ----------
    settings : StripStep, CorrectStep or RegisterStep
        The step's.
    paths : dict of str to Path
        The raw images that exist and that the step reads: anatomical, mask, magnitude, and maps.
    head : Image or None
        The anatomical image.
    maps : dict of str to Image
        The maps of the session, stiffness in kPa.
    steps : list of dict
        What was done, with what, in how many seconds; `calls` holds the functions of ANTs
        with all their parameters.
    """

    settings: Step
    paths: dict[str, Path]
    head: Image | None
    maps: dict[str, Image]
    steps: list[dict] = field(default_factory=list)

    @property
    def reference(self) -> Image:
        """The image that is stripped and registered."""
        return self.head if self.head is not None else next(iter(self.maps.values()))

    @property
    def path(self) -> Path:
        """The reference's file."""
        return self.paths["anatomical" if self.head is not None else next(iter(self.maps))]

    @contextmanager
    def step(self, name: str, told: dict[str, Any]) -> Iterator[None]:
        """Time a part of the step and note it, and what it calls, for the sidecars.

        What fails inside is the scan's fault.
        """
        start = time.perf_counter()
        try:
            with noting() as calls:
                yield
        except RuntimeError as error:  # what ANTs raises
            raise BadScanError(self.path, f"{name} failed ({error}); look at the image") from error
        seconds = round(time.perf_counter() - start, 3)
        done = {"name": name, "settings": told, "calls": calls, "seconds": seconds}
        self.steps.append(done)
        log.info("%s: %s, %.1f s", name, told, seconds)

    def load_ants(self, seed: int) -> None:
        """Import ANTs for exact repetition, and note that."""
        from contrage.imaging.ants.load import import_ants

        with self.step("load ANTs", {"seed": seed, "threads": 1}):
            import_ants(seed)


def read_scan(
    settings: Step, paths: Mapping[str, Path | None], maps: Mapping[str, Path], unit: str | None
) -> ScanInStep:
    """Read the raw images of a scan: the anatomical one and the maps, stiffness in kPa.

    The maps come without what is no measurement in them (see `contrage.imaging.limits`).

    Parameters
    ----------
    settings : StripStep, CorrectStep or RegisterStep
        Its `reference` is the map that comes first.
    paths : mapping of str to Path or None
        The anatomical image first, and others by name; None where there is none.
    maps : mapping of str to Path
        Maps, by name.
    unit : str or None
        Of the stiffness in its file: Pa or kPa.

    Raises
    ------
    BadScanError
        A map has too many values that are no measurement.
    """
    there = {name: path for name, path in paths.items() if path is not None}
    if "anatomical" not in there and not maps:
        raise SettingsError("preprocessing needs an anatomical image, a map, or both")
    first = {name: path for name, path in there.items() if name == "anatomical"}
    given = {**first, **maps, **there}
    head = load(given["anatomical"]) if "anatomical" in given else None
    order = sorted(maps, key=lambda name: name != settings.reference)
    read = {name: load(maps[name]) for name in order}
    if "stiffness" in read:
        read["stiffness"] = to_kilopascal(read["stiffness"], unit)
    scan = ScanInStep(settings, given, head, read)
    for name in read:
        keep_to_limits(scan, name)
    return scan


def named(before: str, maps: Mapping[str, Path]) -> dict[str, Path]:
    """Return files of maps by their names in records: "preproc_stiffness"."""
    return {f"{before}_{name}": path for name, path in maps.items()}


def units_of(settings: Step) -> dict[str, str]:
    """Return what sidecars say of the units of maps."""
    if settings.limits is None:
        return {}
    return {name: unit.in_bids for name, unit in settings.limits.units.items()}


def to_kilopascal(stiffness: Image, unit: str | None) -> Image:
    """Convert a map from its file's unit, Pa or kPa, to kPa."""
    factor = {"Pa": PASCAL_PER_KILOPASCAL, "kPa": 1.0}[unit]
    return stiffness.with_array((stiffness.array / np.float32(factor)).astype(np.float32))


def keep_to_limits(scan: ScanInStep, name: str) -> None:
    """Take out of a map what is no measurement, before anything is made of it."""
    image = scan.maps[name]
    found = beyond(name, image.array, scan.settings.limits)
    if found is None:
        return
    if found.refused:
        raise BadScanError(scan.paths[name], found.problem())
    log.warning("%s: %s", scan.paths[name], found.warning())
    with scan.step(STEP, found.facts):
        scan.maps[name] = mended(image, found)


def carry_out(
    stage: str,
    before: Path,
    images: Mapping[str, Path | None],
    record: Path,
    work: Callable[[dict[str, Any]], None],
) -> None:
    """Do a step of one scan; where it fails, or one before it did, write so and go on.

    It runs on one thread, whatever the environment asks for, so that results repeat to the bit.

    Parameters
    ----------
    stage : str
        The step's name.
    before : Path
        The record of the step before, whose failure is passed on.
    images : mapping of str to Path or None
        Outputs; None where one does not apply. They become empty files where a step failed.
    record : Path
        Output: what the step tells, written last.
    work : callable
        Takes what the record before tells, and writes images and record.
    """
    wanted = [path for path in images.values() if path is not None]
    record.unlink(missing_ok=True)
    clear_sidecars(wanted)
    told = read_json(before)
    try:
        if told["status"] != "failed":
            with threadpool_limits(1):
                work(told)
            return
    except Exception as error:
        if not is_of_one_scan(error):
            raise
        told = {"status": "failed", **failure(stage, error)}
    # For `usable` to judge: the other scans go on.
    kept = {key: told[key] for key in ("status", "stage", "reason", "unexpected") if key in told}
    empty(*wanted)
    write_failures(wanted, kept)
    write_json(record, kept)


def account(
    stage: str,
    scan: ScanInStep,
    before: Mapping[str, Any],
    outputs: Mapping[str, Path | None],
    packages: Iterable[str] = (),
) -> dict[str, Any]:
    """Collect what a step's record tells: of this step and of those that led to it.

    Parameters
    ----------
    stage : str
        The step's name.
    scan : ScanInStep
        With its settings, its inputs and what was done.
    before : mapping
        The record of the step before.
    outputs : mapping of str to Path or None
        What it wrote; one that is empty is an image that there is none of.
    packages : iterable of str
        Further ones whose versions are told.
    """
    earlier = before if "steps" in before else NOTHING | {"unit_of_input": before["unit"]}
    steps, settings = _joined(earlier["steps"], scan.steps), recorded(scan.settings)
    written = {name: path for name, path in outputs.items() if path and path.stat().st_size}
    found = {
        "status": "ok",
        "stage": stage,
        "reason": None,
        "unit_of_input": earlier["unit_of_input"],
        "unit": "kPa" if "stiffness" in scan.paths else None,
        "inputs": earlier["inputs"]
        | {name: {"path": str(path), "sha256": sha256(path)} for name, path in scan.paths.items()},
        "outputs": earlier["outputs"] | {name: sha256(path) for name, path in written.items()},
        "settings": _merged(earlier["settings"], settings),
        "steps": steps,
        "seconds": round(sum(step["seconds"] for step in steps), 3),
        "threads": 1,
        "platform": platform.platform(),
        "versions": earlier["versions"]
        | {"contrage": contrage.__version__, "python": platform.python_version()}
        | versions(*PACKAGES, *packages),
    }
    found |= {key: earlier[key] for key in ("seed", "template", "found") if key in earlier}
    if "registration" in settings:
        found["seed"] = settings["registration"]["seed"]
    if "template" in settings:
        found["template"] = template_record(as_source(scan.settings.template))
    return found


def _joined(earlier: list[dict], own: list[dict]) -> list[dict]:
    """Put the parts of steps after each other; limits of a map are told once, though kept twice."""
    told = [step["settings"] for step in earlier if step["name"] == STEP]
    return [*earlier, *(s for s in own if s["name"] != STEP or s["settings"] not in told)]


def _merged(earlier: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a step's settings over those of the steps before, block by block."""
    found = {**earlier, **own}
    if "registration" in earlier and "registration" in own:
        found["registration"] = earlier["registration"] | own["registration"]
    return found


def layout(array: np.ndarray) -> str:
    """Return the order of an array in memory: sums of float32 depend on it in their last bits."""
    return "C" if array.flags.c_contiguous else "F"


def load_as_left(path: Path, like: Image, order: str) -> Image:
    """Load an image that a step made as that step had it in memory.

    Parameters
    ----------
    path : Path
        Its file, whose header holds the affine in float32 alone.
    like : Image
        The raw image on whose voxels it is.
    order : {"C", "F"}
        What `layout` said of it.
    """
    return like.with_array(np.asarray(load_made(path).array, order=order))
