"""What the step `saliency` found of a row: kept as one npz, for tables, figures and pages."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contrage.evaluation.saliency.places import ELSEWHERE, NamedPlaces, sums
from contrage.evaluation.saliency.verdict import Judged, Stage
from contrage.files import atomic, read_npz, save_nifti
from contrage.learning.folds import Scans

Floats = NDArray[np.float64]


@dataclass
class _OfSeed:
    """Sums over the scans of a seed, of values a and of f, to what they add up."""

    values: Floats
    absolute: Floats
    products: Floats


@dataclass
class Gathered:
    """What a method tells, added up scan by scan: no map of a single person is kept.

    Attributes
    ----------
    regions : NamedPlaces
    ids : tuple of str
        Of the scans.
    contributions : dict of int to ndarray of shape (scans, regions + 1)
        Seed → what each region adds to each prediction, and what is elsewhere last; NaN where the
        seed does not test the scan.
    wanted : dict of int to ndarray of shape (scans,)
        Seed → f(image) − f(baseline).
    field : ndarray of bool, shape (C, *shape)
        Where anybody's image is not the baseline: background tells nothing and has no size.
    """

    regions: NamedPlaces
    ids: tuple[str, ...]
    field: NDArray[np.bool_] = dataclasses.field(init=False)
    contributions: dict[int, Floats] = dataclasses.field(default_factory=dict)
    wanted: dict[int, Floats] = dataclasses.field(default_factory=dict)
    of_seed: dict[int, _OfSeed] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.field = np.zeros(self.regions.labels.shape, bool)

    def add(
        self,
        seed: int,
        place: int,
        values: NDArray[np.floating],
        wanted: float,
        differs: NDArray[np.bool_],
    ) -> None:
        """Add attributions (C, *shape) of a scan by a training of a seed.

        `differs` is where the image is not the baseline.
        """
        self.field |= differs
        if seed not in self.wanted:
            self.contributions[seed] = np.full((len(self.ids), len(self.regions.names) + 1), np.nan)
            self.wanted[seed] = np.full(len(self.ids), np.nan)
            self.of_seed[seed] = _OfSeed(*(np.zeros(values.shape) for _ in range(3)))
        own, count = self.of_seed[seed], len(self.regions.names)
        self.contributions[seed][place] = sums(values, self.regions.labels, count)
        self.wanted[seed][place] = wanted
        own.values += values
        own.absolute += np.abs(values)
        own.products += values * wanted

    def absolute(self) -> Floats:
        """Return the mean absolute value over scans and seeds, (C, *shape)."""
        return np.mean([o.absolute / self._count(s) for s, o in self.of_seed.items()], axis=0)

    def explained(self) -> Floats:
        """Return where differences between predictions come from, (C, *shape): the mean of seeds.

        Of a value that is its covariance with f over scans, over the variance of f: all values of
        integrated gradients add up to 1, and those of a region to what it explains.
        """
        parts = []
        for seed, own in self.of_seed.items():
            f, count = self.wanted[seed], self._count(seed)
            varied = np.nanvar(f)
            if varied > 0:
                parts.append((own.products / count - own.values / count * np.nanmean(f)) / varied)
        return np.mean(parts, axis=0) if parts else np.zeros(self.regions.labels.shape)

    def _count(self, seed: int) -> int:
        return int(np.isfinite(self.wanted[seed]).sum())


@dataclass(frozen=True)
class OfMethod:
    """What one method found, and whether it may be shown.

    Attributes
    ----------
    contributions : ndarray of shape (seeds, scans, regions + 1)
    wanted : ndarray of shape (seeds, scans)
    absolute, explained : ndarray of shape (C, *shape)
    judged : Judged
    """

    contributions: Floats
    wanted: Floats
    absolute: NDArray[np.float32]
    explained: NDArray[np.float32]
    judged: Judged


@dataclass(frozen=True)
class Found:
    """What was found of a row.

    Attributes
    ----------
    row : str
    scans, participants : tuple of str
    targets : ndarray of shape (scans,)
    regions : tuple of str
        Those with names, and `ELSEWHERE` last.
    sizes : ndarray of shape (regions,)
        Values in each, of those in which people differ from the mean.
    planted : ndarray of shape (regions,)
        Of a phantom, else NaN.
    affine : ndarray of shape (4, 4), or None
        Of maps that have a place.
    methods : dict of str to OfMethod
    """

    row: str
    scans: tuple[str, ...]
    participants: tuple[str, ...]
    targets: Floats
    regions: tuple[str, ...]
    sizes: Floats
    planted: Floats
    affine: Floats | None
    methods: dict[str, OfMethod]

    @classmethod
    def of(
        cls,
        row: str,
        people: Scans,
        regions: NamedPlaces,
        gathered: dict[str, Gathered],
        checked: dict[str, Judged],
        affine: Floats | None,
    ) -> Found:
        """Put together what was gathered and checked of each method."""
        planted = (*(regions.planted or [np.nan] * len(regions.names)), np.nan)
        return cls(
            row,
            people.ids,
            people.participants,
            people.targets,
            (*regions.names, ELSEWHERE),
            sums(next(iter(gathered.values())).field, regions.labels, len(regions.names)),
            np.array(planted),
            affine,
            {
                name: OfMethod(
                    np.stack(list(own.contributions.values())),
                    np.stack(list(own.wanted.values())),
                    own.absolute().astype(np.float32),
                    own.explained().astype(np.float32),
                    checked[name],
                )
                for name, own in gathered.items()
            },
        )

    def save_map(self, path: Path, method: str) -> None:
        """Write where differences between predictions come from, as NIfTI; channels are a sum."""
        assert self.affine is not None
        save_nifti(path, self.methods[method].explained.sum(axis=0), self.affine)


def written(path: Path, found: Found) -> None:
    """Write what was found as npz, without pickles; equal contents give equal bytes."""
    arrays = {
        "row": np.array(found.row),
        "scans": np.array(found.scans),
        "participants": np.array(found.participants),
        "targets": found.targets,
        "regions": np.array(found.regions),
        "sizes": found.sizes,
        "planted": found.planted,
        "affine": np.zeros((0, 0)) if found.affine is None else found.affine,
        "methods": np.array(list(found.methods)),
    }
    for name, own in found.methods.items():
        arrays |= {
            f"{name}.contributions": own.contributions,
            f"{name}.wanted": own.wanted,
            f"{name}.absolute": own.absolute,
            f"{name}.explained": own.explained,
            f"{name}.stages": np.array([stage.name for stage in own.judged.stages]),
            f"{name}.layers": np.array([stage.layers for stage in own.judged.stages]),
            f"{name}.correlations": np.array([each.correlation for each in own.judged.stages]),
            f"{name}.between": np.array(own.judged.between),
            f"{name}.shown": np.array(own.judged.shown),
            f"{name}.why": np.array(own.judged.why),
        }
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


def read(path: Path) -> Found:
    """Return what `written` wrote."""
    arrays = read_npz(path)
    affine = arrays["affine"]
    return Found(
        str(arrays["row"]),
        tuple(arrays["scans"].tolist()),
        tuple(arrays["participants"].tolist()),
        arrays["targets"],
        tuple(arrays["regions"].tolist()),
        arrays["sizes"],
        arrays["planted"],
        affine if affine.size else None,
        {name: _method(arrays, name) for name in arrays["methods"].tolist()},
    )


def _method(arrays: dict[str, np.ndarray], name: str) -> OfMethod:
    own = {
        key.removeprefix(f"{name}."): a for key, a in arrays.items() if key.startswith(f"{name}.")
    }
    each = zip(own["stages"], own["layers"], own["correlations"], strict=True)
    stages = [Stage(str(layer), int(count), float(told)) for layer, count, told in each]
    maps = own["contributions"], own["wanted"], own["absolute"], own["explained"]
    between, shown, why = float(own["between"]), bool(own["shown"]), str(own["why"])
    return OfMethod(*maps, Judged(stages, between, shown, why))
