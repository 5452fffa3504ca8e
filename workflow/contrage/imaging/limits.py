"""Voxels of a map whose values nothing measured has: how many there are, what becomes of them.

0 is the background. A voxel that is not 0 and lies below the lower or above the upper limit is a
spike of the inversion or a fill value; a few of them take the contrast from a whole cohort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.imaging.recorded import limits_in
from contrage.settings.steps.imaging import MapLimits

if TYPE_CHECKING:  # each job of a run reads the configuration, and needs no nibabel for that
    from contrage.imaging.images import Image

STEP = "limits of the map"
TOLERATED = 1e-4
"""Of the voxels that are not 0, beyond the limits: the 102 public MRE134 maps have none."""
OTHER = 0.1
"""Of what is not 0, above the limits and of many values: another image, whatever is asked for."""
PASCAL = 1000.0


@dataclass(frozen=True)
class Beyond:
    """Voxels of one map beyond its limits.

    Attributes
    ----------
    map : str
        Its name.
    limits : tuple of two floats
        In the map's unit.
    action : {"refuse", "background", "clip"}
        What the settings say is done.
    below, above, of : int
        Voxels below and above the limits, and voxels that are not 0.
    lowest, highest : float
        The extremes of all that is not 0, in the map's unit.
    filled, topped : bool
        Whether more than half of those below, of those above, have one value.
    unit : str
        Of the map, for sentences.
    """

    map: str
    limits: tuple[float, float]
    action: str
    below: int
    above: int
    of: int
    lowest: float
    highest: float
    filled: bool
    topped: bool
    unit: str

    @property
    def refused(self) -> bool:
        """Whether this is no map that can be used."""
        many = self.below + self.above > TOLERATED * self.of
        return self.is_another or (self.action == "refuse" and many)

    @property
    def is_another(self) -> bool:
        """Whether so much lies above the limits that it is no map in the unit it is read in."""
        return self.above > OTHER * self.of and not self.topped

    @property
    def done(self) -> str:
        """What becomes of them: refuse (the map), background or clip."""
        return "refuse" if self.refused else "clip" if self.action == "clip" else "background"

    @property
    def facts(self) -> dict[str, Any]:
        """What a record tells: counts, extremes, limits and what is done."""
        found = asdict(self) | {"limits": list(self.limits), "action": self.done}
        return {
            key: value for key, value in found.items() if key not in ("filled", "topped", "unit")
        }

    def told(self, scale: float = 1.0) -> str:
        """Say how many voxels lie beyond, which way and how far.

        Parameters
        ----------
        scale : float
            How many of the file's unit are one of the limits'.
        """
        share = 100 * (self.below + self.above) / self.of
        parts = []
        if self.below:
            what = "negative voxel" if self.limits[0] == 0 else "voxel"
            where = "" if self.limits[0] == 0 else f" below {self._limit(0)}"
            parts.append(f"{_count(self.below, what)}{where} (lowest {_both(self.lowest, scale)})")
        if self.above:
            extreme = f"(largest {_both(self.highest, scale)})"
            parts.append(f"{_count(self.above, 'voxel')} above {self._limit(1)} {extreme}")
        percent = f"{share:.1g}%" if share < 1 else f"{share:.0f}%"
        return f"has {' and '.join(parts)}, {percent} of what is not 0"

    def problem(self, scale: float = 1.0) -> str:
        """Say why the map cannot be used, and what to do."""
        if self.is_another:
            return f"{self.told(scale)}: another image, or another unit; give the map itself"
        below = "a fill value" if self.filled else "errors of the inversion"
        above = "spikes of the inversion, or a fill value"
        causes = [below] * bool(self.below) + [above] * bool(self.above)
        return (
            f"{self.told(scale)}: {' and '.join(causes)}; set preprocessing.limits.beyond to "
            "background or clip, or mend the map"
        )

    def warning(self, scale: float = 1.0) -> str:
        """Say what is done with the voxels."""
        done = "set to background (0)"
        if self.done == "clip":
            done = f"clipped to {self.limits[0]:g} to {self._limit(1)}"
        return f"{self.told(scale)}: {done}"

    def _limit(self, end: int) -> str:
        return f"{self.limits[end]:g} {self.unit}".strip()


def mended(image: Image, found: Beyond, scale: float = 1.0) -> Image:
    """Return a map with its voxels beyond the limits as background, or at the nearest limit.

    Parameters
    ----------
    image : Image
        In which they were found.
    found : Beyond
        What `beyond` returned.
    scale : float
        As it was given there.
    """
    low, high = (np.float32(limit * scale) for limit in found.limits)
    array = image.array
    if found.done == "clip":
        held = np.clip(array, low, high)
        return image.with_array(np.where(array != 0, held, np.float32(0)))
    return image.with_array(np.where((array >= low) & (array <= high), array, np.float32(0)))


def beyond(
    name: str,
    array: np.ndarray,
    settings: MapLimits | None,
    scale: float = 1.0,
    negative_only: bool = False,
) -> Beyond | None:
    """Find what lies beyond a map's limits; None where nothing does, or it has none.

    Parameters
    ----------
    name : str
        Of the map; other images have no limits.
    array : ndarray of shape (X, Y, Z)
        NaN and infinite values are not looked at.
    settings : MapLimits or None
        None where there are no limits.
    scale : float
        How many of the array's unit are one of the limits': 1000 where it is in Pa.
    negative_only : bool
        Leave the upper limit out, as for a map whose unit is in doubt.
    """
    limits = range_of(name, settings)
    values = array[np.isfinite(array) & (array != 0)]
    if limits is None or not values.size:
        return None
    low, high = (np.float32(limit * scale) for limit in limits)
    below, above = values[values < low], values[(values > high) & (not negative_only)]
    if not below.size and not above.size:
        return None
    return Beyond(
        name,
        limits,
        settings.beyond,
        int(below.size),
        int(above.size),
        int(values.size),
        float(values.min() / scale),
        float(values.max() / scale),
        _is_of_one_value(below),
        _is_of_one_value(above),
        settings.units[name].told if name in settings.units else "",
    )


def range_of(name: str, settings: MapLimits | None) -> tuple[float, float] | None:
    """Return the limits of a kind of image, in its unit; None where it has none."""
    limits = settings.of[name] if settings is not None and name in settings.of else None
    return None if limits is None else (limits[0], limits[1])


def as_preprocessed(name: str, image: Image, record: Mapping[str, Any]) -> Image:
    """Take out of a raw map what preprocessing took out of it, as the scan's record says."""
    steps = [step["settings"] for step in record.get("steps", []) if step["name"] == STEP]
    if not any(done["map"] == name for done in steps):
        return image
    scale = PASCAL if name == "stiffness" and record["unit_of_input"] == "Pa" else 1.0
    found = beyond(name, image.array, limits_in(record), scale)
    return image if found is None else mended(image, found, scale)


def _is_of_one_value(values: np.ndarray) -> bool:
    counts = np.unique(values, return_counts=True)[1]
    return bool(values.size > 1 and counts.max() > values.size / 2)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _both(value: float, scale: float) -> str:
    """Return a value, and what stands in the file where that has another unit."""
    return _plain(value) + (f", in the file {_plain(value * scale)}" if scale != 1 else "")


def _plain(value: float) -> str:
    """Return a number with four digits; a whole one, such as 32767, as it stands in a file."""
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e6 else f"{value:.4g}"
