"""A model's folder, read and verified: afterwards nothing of it is asked of the disk again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrage import modalities
from contrage.bundle import parts
from contrage.bundle.distance import Reference
from contrage.bundle.errors import BundleError
from contrage.bundle.facts import BundleFacts, MemberFacts, has_region
from contrage.bundle.mean import MeanImage
from contrage.bundle.residuals import WHOM, Residuals, read_residuals
from contrage.bundle.written import NAME, read_facts
from contrage.imaging import skull_strip
from contrage.learning import encoders
from contrage.participants.described import AUTO, PER_YEAR
from contrage.settings.blocks.kinds import PetSettings
from contrage.settings.steps.model import ArraysOfModel

STORAGES = {"float32", "float16"}
LARGEST = 2**31
"""Numbers of one image that a network is built for: a volume of 1 mm has eight million."""


@dataclass(frozen=True)
class Member:
    """A training: a network and what it needs of the people whom it learned from.

    Attributes
    ----------
    number : int
    facts : MemberFacts
    weights : dict of str to dict
        "encoder" and "head", each name → tensor.
    scores : dict of str to ndarray
        mean, sd and, of features, median: what z-scores are made with; empty where each image is
        scored by itself.
    field : ndarray of bool, shape (channels, *shape), or None
        The common field of view.
    reading : dict of str to ndarray
        Of a probe coef, mean and scale (d,) and intercept (); of a head target_mean
        and target_sd.
    reference : Reference
        How far features lie from those that were learned from.
    """

    number: int
    facts: MemberFacts
    weights: dict[str, dict[str, Any]]
    scores: dict[str, np.ndarray]
    field: np.ndarray | None
    reading: dict[str, np.ndarray]
    reference: Reference


@dataclass(frozen=True)
class Bundle:
    """A model that predicts new scans.

    Attributes
    ----------
    folder : Path
    facts : BundleFacts
    members : tuple of Member
    residuals : Residuals
        How held-out people fared.
    card : str
        MODEL.md.
    region : ndarray of bool on the grid of the volumes, or None
        By whose mean values are divided.
    mean : MeanImage or None
        What new scans are compared with to say where the model looks.
    """

    folder: Path
    facts: BundleFacts
    members: tuple[Member, ...]
    residuals: Residuals
    card: str
    region: np.ndarray | None = None
    mean: MeanImage | None = None


def open_bundle(folder: Path) -> Bundle:
    """Read a model, and verify the checksums of all of its parts.

    Parameters
    ----------
    folder : Path
        As an export wrote it, wherever it was copied.

    Raises
    ------
    BundleError
        It is no model, of a newer format, or not as it was written; the message names the file.
    """
    folder = Path(folder)
    facts, checksums = read_facts(folder)
    _check_facts(folder / NAME, facts)
    divides = has_region(facts.seen.arrays)
    wanted = parts.names(len(facts.members), divides, has_mean(facts))
    if set(checksums) != set(wanted):
        odd = sorted(set(checksums) ^ set(wanted))[0]
        raise BundleError(
            folder / NAME, f"a model of {len(facts.members)} members has no other parts than its "
            f"own, and {odd[:60]!r} is too many or missing; copy the model again"
        )  # fmt: skip
    content = {name: parts.read_part(folder, name, checksums[name]) for name in wanted}
    members = tuple(
        _member(folder, number, each, facts, content) for number, each in enumerate(facts.members)
    )
    residuals = read_residuals(
        folder / parts.CALIBRATION, content[parts.CALIBRATION], facts.interval
    )
    card = content[parts.CARD].decode("utf-8", errors="replace")
    region = _region(folder / parts.REGION, content, facts) if divides else None
    mean = _mean(folder, facts, content)
    return Bundle(folder, facts, members, residuals, card, region, mean)


def has_mean(facts: BundleFacts) -> bool:
    """Return whether a model has a mean image, with which new scans are compared."""
    return facts.looks is not None and facts.looks.people > 0


def _mean(folder: Path, facts: BundleFacts, content: Mapping[str, bytes]) -> MeanImage | None:
    if not has_mean(facts):
        return None
    path, shape = folder / parts.MEAN, (facts.network.channels, *facts.network.shape)
    try:
        return MeanImage.of(parts.read_arrays(path, content[parts.MEAN]), shape)
    except KeyError as error:
        raise BundleError(path, f"it lacks {error}; copy the model again") from None
    except ValueError as error:
        raise BundleError(path, f"{error}; copy the model again") from None


def _region(path: Path, content: Mapping[str, bytes], facts: BundleFacts) -> np.ndarray:
    arrays, grid = parts.read_arrays(path, content[parts.REGION]), facts.seen.arrays.own.grid
    try:
        found = _bits(arrays, "region", grid)
    except (KeyError, ValueError) as error:
        raise BundleError(path, f"holds no region ({error}); copy the model again") from None
    if not found.any():
        raise BundleError(path, "its region is empty; copy the model again")
    return found


def _check_facts(path: Path, facts: BundleFacts) -> None:
    """Refuse names that are none of this version's, and numbers that no model has."""
    seen, network = facts.seen, facts.network
    chains = [each for each in (seen.imaging, seen.arrays, seen.table) if each is not None]
    if seen.name not in modalities.available() or len(chains) != 1:
        raise BundleError(path, f"its kind of data {seen.name!r} is not known; update contrage")
    if network.encoder not in encoders.available():
        raise BundleError(path, f"its encoder {network.encoder!r} is not known; update contrage")
    method = seen.imaging.strip.skull_strip.method if seen.imaging else None
    if method is not None and method not in skull_strip.available():
        raise BundleError(path, f"skull stripping by {method!r} is not known; update contrage")
    if seen.arrays is not None:
        _check_place(path, seen.arrays)
    if facts.interval.whom not in WHOM or not 0 < facts.interval.level < 1:
        raise BundleError(path, "its interval is for nobody, or of no level; copy the model again")
    if odd := {each.stored for each in facts.members} - STORAGES:
        raise BundleError(path, f"it kept images as {odd.pop()!r}, which is not known")
    unit = seen.table.age_unit if seen.table else AUTO
    if unit not in (AUTO, *PER_YEAR):
        raise BundleError(path, f"its unit of ages {unit!r} is not known; update contrage")
    sizes = (network.channels, *network.shape, *network.head)
    form = seen.scores.form
    if (
        *(not facts.members, len(network.shape) != form.axes, min(sizes) < 1),
        *(float(np.prod(sizes[: 1 + len(network.shape)], dtype=float)) > LARGEST,),
        *(network.reads not in ("probe", "head"), bool(facts.features) != (seen.table is not None)),
    ) != (False,) * 6:
        raise BundleError(path, "no network can be as it says; copy the model again")


def _check_place(path: Path, of: ArraysOfModel) -> None:
    """Refuse volumes whose grid is none, or lies nowhere."""
    if not isinstance(of.own, PetSettings):
        return
    count = len(of.own.grid) == 3 and float(np.prod(of.own.grid, dtype=float))
    if of.affine is None or len(of.affine) != 16 or not 1 <= count <= LARGEST:
        raise BundleError(path, "it does not say where its volumes lie; copy the model again")


def _member(
    folder: Path, number: int, facts: MemberFacts, of: BundleFacts, content: Mapping[str, bytes]
) -> Member:
    name = parts.weights_name(number)
    weights = parts.read_weights(folder / name, content[name])
    name = parts.arrays_name(number)
    path, arrays = (
        folder / name,
        parts.read_arrays(folder / name, content[parts.arrays_name(number)]),
    )
    try:
        return Member(
            number=number,
            facts=facts,
            weights=weights,
            scores=_scores(arrays, of),
            field=_field(arrays, of),
            reading=_reading(arrays, of),
            reference=Reference.of(arrays),
        )
    except KeyError as error:
        raise BundleError(path, f"it lacks {error}; copy the model again") from None
    except ValueError as error:
        raise BundleError(path, f"{error}; copy the model again") from None


def _scores(arrays: Mapping[str, np.ndarray], of: BundleFacts) -> dict[str, np.ndarray]:
    asked, network = of.seen.scores, of.network
    if asked.form.has_channels and asked.normalisation == "image":
        return {}
    names = ("mean", "sd") if asked.form.has_channels else ("mean", "sd", "median")
    size = network.channels if asked.form.has_channels else network.shape[0]
    return {name: shaped(arrays, name, (size,)) for name in names}


def _field(arrays: Mapping[str, np.ndarray], of: BundleFacts) -> np.ndarray | None:
    """Return the common field of view, which stands there as packed bits."""
    if of.seen.scores.field_of_view != "common":
        return None
    return _bits(arrays, "field", (of.network.channels, *of.network.shape))


def _bits(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask of packed bits."""
    count = int(np.prod(shape))
    packed = shaped(arrays, name, (-(-count // 8),))
    if packed.dtype != np.uint8:
        raise ValueError(f"{name} holds no bits")
    return np.unpackbits(packed, count=count).astype(bool).reshape(shape)


def _reading(arrays: Mapping[str, np.ndarray], of: BundleFacts) -> dict[str, np.ndarray]:
    if of.network.reads == "head":
        return {name: shaped(arrays, name, ()) for name in ("target_mean", "target_sd")}
    width = arrays["coef"].shape
    if len(width) != 1:
        raise ValueError("coef has no length")
    names = {"coef": "coef", "mean": "coef_mean", "scale": "coef_scale"}
    found = {name: shaped(arrays, stored, width) for name, stored in names.items()}
    return {**found, "intercept": shaped(arrays, "intercept", ())}


def shaped(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array, which must have a shape; raise `ValueError` otherwise."""
    if arrays[name].shape != shape:
        raise ValueError(f"{name} has shape {arrays[name].shape}, not {shape}")
    return arrays[name]
