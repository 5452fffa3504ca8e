"""Time series of the regions of an atlas, such as those of functional MRI: .npy or .csv."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.errors import BadScanError, TableError
from contrage.modalities._modality import Modality
from contrage.prepared import Cut, Prepared
from contrage.settings.blocks.kinds import SeriesSettings

if TYPE_CHECKING:
    import numpy as np

SETTINGS = SeriesSettings
MODALITY = Modality(
    many="time series of regions",
    title="time series of regions",
    one="series",
    layout="series",
    axes=("t",),
    channels=None,
    group="site",
    ending="series.npy or series.csv",
)
KEY = "cohort.series"


def configured(modality: Modality, settings: SeriesSettings) -> Modality:
    """Return the kind with its regions as channels, and the length that is asked for."""
    return replace(modality, channels=settings.regions, shape=(settings.length,))


def prepares(settings: SeriesSettings) -> str:
    """Say what is done to the series."""
    return (
        f"Of the time series {settings.length} points were taken, the middle of longer ones, and "
        "shorter ones were reflected at both ends; they were made elsewhere, from images that this "
        "workflow has not seen: nothing was stripped, corrected or registered here."
    )


def reading(
    kind: Prepared, settings: SeriesSettings
) -> Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]:
    """Return what reads a series: float32 of shape (regions, length)."""

    def read(path: Path, cut: Cut | None, tell: Callable[[str], None]) -> np.ndarray:
        import numpy as np

        values = _of_table(path) if path.suffix.lower() == ".csv" else _of_array(path)
        regions = len(values)
        if regions != settings.regions:
            turned = values.shape[1] == settings.regions
            hint = "; are its axes exchanged?" if turned else ""
            raise BadScanError(
                path, f"has {regions} regions, not {settings.regions} ({KEY}.regions){hint}"
            )
        if not np.isfinite(values).all():
            where = np.flatnonzero(~np.isfinite(values).all(axis=1))
            raise BadScanError(
                path,
                f"has values that are NaN or infinite, first in region {where[0] + 1} of {regions}",
            )
        length = values.shape[1]
        if not length:
            raise BadScanError(path, "has no point in time; copy it again")
        if length < settings.length:
            tell("series shorter than asked for, reflected at both ends")
        return values[:, taken(length, settings.length)].astype(np.float32)

    return read


def taken(length: int, wanted: int) -> np.ndarray:
    """Return which points in time are taken, (wanted,): the middle, or all and their reflections.

    The first and the last point are not doubled by the reflection (NumPy's "reflect"); where there
    is one point, it is repeated.
    """
    import numpy as np

    start = max(0, (length - wanted) // 2)
    points = np.arange(start, min(length, start + wanted))
    missing = wanted - len(points)
    mode = "reflect" if len(points) > 1 else "edge"
    return np.pad(points, (missing // 2, missing - missing // 2), mode=mode)


def _of_array(path: Path) -> np.ndarray:
    import numpy as np

    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        message = " ".join(str(error).split())[:100]
        raise BadScanError(path, f"cannot be read ({message}); copy it again") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise BadScanError(path, "is no array of numbers")
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2:
        raise BadScanError(path, f"has shape {values.shape}, not (regions, points in time)")
    return values


def _is_a_value(name: str) -> bool:
    """Return whether a column's name is a number that no region is counted by."""
    try:
        return not float(name).is_integer()
    except ValueError:
        return False


def _of_table(path: Path) -> np.ndarray:
    """Read a table with a region in each column and a point in time in each row."""
    import numpy as np

    from contrage.tables import read_table

    try:
        table = read_table(path)
        if all(_is_a_value(name) for name in table.columns):
            raise BadScanError(
                path, "has numbers where regions are named; put a line of names above the values"
            )
        cells = [[row[name] for name in table.columns] for row in table.rows]
        return np.array(cells, dtype=np.float64).reshape(len(cells), -1).T
    except TableError as error:
        raise BadScanError(path, str(error).removeprefix(f"{path}: ")) from None
    except ValueError as error:
        raise BadScanError(
            path,
            f"has a cell that is no number ({error}); a column is a region, named in the first "
            "line, a row a point in time",
        ) from None
