"""From the files of a scan to the image that a model takes, by the very steps of the workflow."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrage import modalities
from contrage.bundle.facts import BundleFacts
from contrage.bundle.opened import Bundle
from contrage.bundle.subject import Subject
from contrage.bundle.template import with_template
from contrage.dataset.arrays import fitted, judged, load_array
from contrage.dataset.stack import block_mean
from contrage.errors import BadScanError
from contrage.files import read_image, read_json
from contrage.imaging.check import check
from contrage.imaging.correct import correct
from contrage.imaging.quality.measure import quality
from contrage.imaging.register import register
from contrage.imaging.strip import strip
from contrage.modalities import pet
from contrage.settings.blocks.kinds import PetSettings
from contrage.settings.steps.imaging import TemplateFiles
from contrage.settings.steps.model import ImagingOfModel

Tell = Callable[[str], None]
PREPROC, CORRECTED = "preproc_", "corrected_"


@dataclass(frozen=True)
class ImageOfScan:
    """An image as the cohort's array has it, and what was made on the way.

    Attributes
    ----------
    image : ndarray of shape (channels, *shape), or (features,)
    record : dict
        What `quality` found; empty of what was not preprocessed.
    warnings : list of str
        What `check` found doubtful.
    files : dict of str to Path
        What the steps wrote.
    """

    image: np.ndarray
    record: dict[str, Any]
    warnings: list[str]
    files: dict[str, Path]


def seen(
    bundle: Bundle, subject: Subject, template: TemplateFiles | None, work: Path, tell: Tell
) -> ImageOfScan:
    """Return what a model takes of a scan.

    Parameters
    ----------
    bundle : Bundle
    subject : Subject
    template : TemplateFiles or None
        Where the template lies on this machine; None where there is no need of one.
    work : Path
        A folder of the scan's own, which is there.
    tell : callable
        Is told each stage as it begins.

    Raises
    ------
    BadScanError
        The scan cannot be used.
    """
    facts = bundle.facts
    if subject.values is not None:
        tell("check")
        return ImageOfScan(_features(facts, subject), {}, [], {})
    if facts.seen.arrays is not None:
        tell("check")
        return ImageOfScan(_array(bundle, subject), {}, [], {})
    return _scan(with_template(facts.seen.imaging, template), subject, work, tell)


def _features(facts: BundleFacts, subject: Subject) -> np.ndarray:
    return np.array([subject.values[name] for name in facts.features], float)


def _array(bundle: Bundle, subject: Subject) -> np.ndarray:
    """Read a prepared array, as `contrage.dataset.arrays` does."""
    of, path = bundle.facts.seen.arrays, subject.images["array"]
    try:
        values = _read(bundle, path)
        if of.divided_by is not None:
            values = fitted(path, values / _volume(of.divided_by, subject), of.kind)
    except (OSError, ValueError, EOFError) as error:
        said = " ".join(str(error).split())[:100]
        raise BadScanError(path, f"cannot be read ({said}); copy it again") from error
    values = judged(path, values)
    factor = round(of.voxel_mm / of.kind.voxel_mm) if of.kind.voxel_mm else 1
    if factor == 1:
        return values
    return np.stack([block_mean(channel, factor) for channel in values])


def _read(bundle: Bundle, path: Path) -> np.ndarray:
    """Return what a file holds, in the shape of its kind; divided by a volume it was not yet."""
    of = bundle.facts.seen.arrays
    module = modalities.reader(of.kind.name)
    own = importlib.import_module(module) if module else None
    if of.divided_by is not None:
        return np.load(path, allow_pickle=False)  # to be divided in the precision of its file
    if own is None:
        return load_array(path, of.kind)
    if isinstance(of.own, PetSettings):
        there = pet.Place(np.reshape(of.affine, (4, 4)), bundle.region)
        return pet.reading_at(of.own, there)(path, None, lambda what: None)
    if of.own is not None:
        return own.reading(of.kind, of.own)(path, None, lambda what: None)
    return fitted(path, own.read(path, of.kind), of.kind)


def _volume(column: str, subject: Subject) -> float:
    """Return the volume by which a scan's values are divided."""
    if subject.volume is None:
        raise BadScanError(
            subject.images["array"],
            f"is to be divided by the total intracranial volume, which no table tells; give it in "
            f"a column {column} of participants.tsv or of a table (--known), or type it beside the "
            "file on the page of contrage serve",
        )
    return subject.volume


def _scan(of: ImagingOfModel, subject: Subject, work: Path, tell: Tell) -> ImageOfScan:
    """Check, strip, correct, register and measure a scan in a folder of its own."""
    raw = {name: subject.images[name] for name in of.takes}
    head = {"anatomical": raw["anatomical"]} if of.anatomical is not None else {}
    maps = {of.map: raw[of.map]} if of.map is not None else {}
    steps = _Steps(of, subject, work, head, maps, raw)
    tell("check")
    warnings = steps.check()["warnings"]
    tell("strip")
    steps.strip()
    if of.correct is not None:
        tell("correct")
        steps.correct()
    tell("register")
    steps.register()
    tell("quality")
    record = steps.quality()
    made = steps.made
    learned = made[f"{PREPROC}{of.map}" if of.map is not None else f"{PREPROC}anatomical"]
    image = np.asarray(read_image(learned).dataobj, dtype=np.float32)
    factor = int(of.stack.voxel_mm // of.stack.grid_mm)
    names = {"preprocessed": learned, "mask": made[f"{PREPROC}mask"], "brain_mask": steps.mask}
    if head:
        names["anatomical"] = made[f"{PREPROC}anatomical"]
    files = {**made, **names, "picture": steps.picture}
    return ImageOfScan(block_mean(image, factor)[None], record, warnings, files)


@dataclass(frozen=True)
class _Steps:
    """The steps of imaging on one scan, each of which reads what the one before wrote."""

    of: ImagingOfModel
    subject: Subject
    work: Path
    head: dict[str, Path]
    maps: dict[str, Path]
    raw: dict[str, Path]

    @property
    def mask(self) -> Path:
        return self.work / "brain_mask.nii.gz"

    @property
    def picture(self) -> Path:
        return self.work / "scan_desc-quality.png"

    @property
    def made(self) -> dict[str, Path]:
        """Where `correct` and `register` write, by their names."""
        endings = {"transform": ".mat", "map_transform": ".mat"}
        names = (*self.of.corrects, *self.of.registers)
        return {name: self.work / f"{name}{endings.get(name, '.nii.gz')}" for name in names}

    @property
    def corrected(self) -> dict[str, Any]:
        return _named(self.of.corrects, self.made, CORRECTED)

    @property
    def placed(self) -> dict[str, Any]:
        return _named(self.of.registers, self.made, PREPROC)

    def record(self, step: str) -> Path:
        return self.work / f"{step}.json"

    def some(self, *names: str) -> dict[str, Path]:
        return {name: self.raw[name] for name in names if name in self.raw}

    def check(self) -> dict[str, Any]:
        more = self.some("mask", "magnitude")
        check(self.of.check, **self.head, maps=self.maps, **more, output=self.record("check"))
        return self.told("check")

    def strip(self) -> None:
        files = {"before": self.record("check"), "record": self.record("strip")}
        given = {**self.head, **self.some("mask")}
        maps = {} if self.head else self.maps
        strip(self.of.strip, **given, maps=maps, brain_mask=self.mask, **files)
        self.told("strip")

    def correct(self) -> None:
        files = {"before": self.record("strip"), "record": self.record("correct")}
        made = self.corrected
        maps = self.maps if made["corrected_maps"] else {}
        correct(self.of.correct, **self.head, maps=maps, brain_mask=self.mask, **made, **files)
        self.told("correct")

    def register(self) -> None:
        before = self.record("strip" if self.of.correct is None else "correct")
        files = {"before": before, "brain_mask": self.mask, "record": self.record("register")}
        raw = {**self.head, "maps": self.maps, **self.some("magnitude")}
        register(self.of.register, **raw, **self.corrected, **self.placed, **files)
        self.told("register")

    def quality(self) -> dict[str, Any]:
        made = {name: path for name, path in self.placed.items() if name != "warp"}
        made |= {name: path for name, path in self.corrected.items() if name == "corrected"}
        files = {"sidecar": self.record("register"), "brain_mask": self.mask}
        files |= {"output": self.record("quality"), "picture": self.picture}
        quality(self.of.quality, **self.head, maps=self.maps, **made, **files)
        return self.told("quality")

    def told(self, step: str) -> dict[str, Any]:
        """Return what a step told; raise `BadScanError` where it failed."""
        told = read_json(self.record(step))
        if told["status"] == "failed":
            path = next(iter(self.raw.values()))
            raise BadScanError(path, str(told["reason"]).removeprefix(f"{path}: "))
        return told


def _named(names: tuple[str, ...], made: dict[str, Path], before: str) -> dict[str, Any]:
    """Return files of a step by the names of its parameters: those of maps are one mapping."""
    is_map = {name: name.removeprefix(before) in modalities.maps() for name in names}
    maps = {name.removeprefix(before): made[name] for name in names if is_map[name]}
    return {**{name: made[name] for name in names if not is_map[name]}, f"{before}maps": maps}
