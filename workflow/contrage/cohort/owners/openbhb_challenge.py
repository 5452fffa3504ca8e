"""OpenBHB as its challenge packs it: all kinds of data of a person in one row of one array.

`train`, `internal_test`, `external_test`: a `.tsv` of people and a `.npy` of as many rows, of
voxels inside two masks, vertices and regions one after another.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.cohort.scans import participant_label
from contrage.cohort.stored import Stored
from contrage.errors import BadScanError, TableError, few
from contrage.tables import Table, is_missing, read_table

if TYPE_CHECKING:
    import numpy as np

PARTS = ("train", "internal_test", "external_test")
EXTERNAL = PARTS[2]
KEY = "cohort.path"
SIZES = {
    "vbm": 519_945,
    "quasiraw": 1_827_095,
    "xhemi": 1_310_736,
    "vbm_roi": 284,
    "desikan": 7 * 68,
    "destrieux": 7 * 148,
}
"""Values of each kind in a row, in this order."""
WIDTH = sum(SIZES.values())
MASKS = {
    "vbm": ("cat12vbm_space-MNI152_desc-gm_TPM.nii.gz", 0.05),
    "quasiraw": ("quasiraw_space-MNI152_desc-brain_T1w.nii.gz", 0.0),
}
"""Images above a value of which a kind's voxels are kept; they are handed out with the data."""
FOLDS = "cv_splits_indices.json"


@dataclass(frozen=True)
class Packed:
    """A person of the challenge.

    Attributes
    ----------
    participant_id : str
        "sub-X".
    part : str
    age : str
        The cell.
    site : str or None
        None of everybody in the external test: these sites are not those that are learned from.
    line : int
        In the part's table.
    row : int
        In the part's array.
    """

    participant_id: str
    part: str
    age: str
    site: str | None
    line: int
    row: int


def is_packed(folder: Path) -> bool:
    """Return whether a folder holds the challenge's packing."""
    return any((folder / f"{part}.tsv").is_file() for part in PARTS)


def tables(folder: Path) -> dict[str, Table]:
    """Return the tables of people by part."""
    there = [part for part in PARTS if (folder / f"{part}.tsv").is_file()]
    return {part: read_table(folder / f"{part}.tsv") for part in there}


def people(of_part: dict[str, Table]) -> list[Packed]:
    """Return everybody, as the tables have them.

    Raises
    ------
    TableError
        If a column or an array is not there, or an array has other rows than its table.
    """
    found = []
    for part, table in of_part.items():
        person, age, site = (table.column(name, KEY) for name in ("participant_id", "age", "site"))
        _check_array(table)
        for row, (line, cells) in enumerate(zip(table.numbers, table.rows, strict=True)):
            label = participant_label(cells[person], table.path, line=line)
            told = None if is_missing(cells[site]) else cells[site]
            found.append(Packed(label, part, cells[age], told, line, row))
    return found


def _check_array(table: Table) -> None:
    import numpy as np

    path = table.path.with_suffix(".npy")
    if not path.is_file():
        raise TableError(f"{path}: no such file ({KEY}); {table.path.name} lists its rows")
    try:
        shape = np.load(path, mmap_mode="r", allow_pickle=False).shape
    except (OSError, EOFError, ValueError) as error:
        raise TableError(f"{path}: cannot be read ({error}); copy it again") from error
    if shape != (len(table.rows), WIDTH):
        raise TableError(
            f"{path}: has shape {shape}, not {(len(table.rows), WIDTH)}: as many rows as "
            f"{table.path.name} and {WIDTH:,} values each"
        )


def stored(folder: Path, packed: list[Packed], image: str) -> dict[str, Stored]:
    """Return where the arrays of a kind lie, by scan_id.

    Raises
    ------
    TableError
        If the kind's mask is not there, or keeps another number of voxels.
    """
    shape = None
    if image in MASKS:
        name, above = MASKS[image]
        found = sorted({*folder.rglob(name), *folder.parent.glob(f"resource/{name}")})
        if not found:
            raise TableError(f"{folder}: no {name} there ({KEY}); it says which voxels are packed")
        shape = found[0], above, SIZES[image]
        _mask(*shape)
    return {
        each.participant_id: Stored(
            folder / f"{each.part}.npy",
            _reader(folder / f"{each.part}.npy", each.row, image, shape),
        )
        for each in packed
    }


def _reader(
    path: Path, row: int, image: str, mask: tuple[Path, float, int] | None
) -> Callable[[], np.ndarray]:
    names = list(SIZES)
    start = sum(SIZES[name] for name in names[: names.index(image)])

    def read() -> np.ndarray:
        import numpy as np

        try:
            whole = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise BadScanError(path, f"cannot be read ({error}); copy it again") from error
        values = np.array(whole[row, start : start + SIZES[image]], dtype=np.float32)
        if mask is None:
            return values.reshape(7, -1) if image in ("desikan", "destrieux") else values
        inside = _mask(*mask)
        volume = np.zeros(inside.shape, np.float32)
        volume[inside] = values
        return volume

    return read


@cache
def _mask(path: Path, above: float, size: int) -> np.ndarray:
    """Return which voxels are packed."""
    import nibabel as nib
    import numpy as np

    inside = np.asarray(nib.load(path).dataobj).squeeze() > above
    if inside.sum() != size:
        raise TableError(
            f"{path}: {int(inside.sum()):,} voxels are above {above:g}, and {size:,} are packed "
            f"({KEY}); is it the challenge's own?"
        )
    return inside


def parts_of_folds(folder: Path, packed: list[Packed]) -> dict[str, dict[str, str]]:
    """Return the challenge's folds of the training part: cv0, cv1 … → participant → part.

    Raises
    ------
    TableError
        If the file has another form, a row that is not there, or a row in two parts.
    """
    path = folder / FOLDS
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        folds = [
            {part: [int(index) for index in rows] for part, rows in parts.items()}
            for parts in content.values()
        ]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise TableError(f"{path}: is no JSON of folds, parts and rows ({error})") from None
    training = {each.row: each.participant_id for each in packed if each.part == PARTS[0]}
    found: dict[str, dict[str, str]] = {}
    for number, parts in enumerate(folds):
        own: dict[str, str] = {}
        for part, rows in parts.items():
            for row in rows:
                if row not in training or training[row] in own:
                    what = "stands there twice" if row in training else "is no row of train.tsv"
                    raise TableError(f"{path}: fold {number}, {part}: {row} {what}")
                own[training[row]] = part
        found[f"cv{number}"] = own
    return found


def features(folder: Path, image: str) -> list[str]:
    """Return the names of a kind's regions, by `resource/resources.json`; empty where it is absent.

    Raises
    ------
    TableError
        If the file has another form, or regional volumes in another order.
    """
    names = {"vbm_roi": "vbm_roi", "desikan": "desikan_roi", "destrieux": "destrieux_roi"}
    places = [folder / "resource/resources.json", folder.parent / "resource/resources.json"]
    path = next((place for place in places if place.is_file()), None)
    if path is None or image not in names:
        return []
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig")).get(names[image], {})
        found = [str(name) for name in told.get("features") or []]
        shape = [int(size) for size in told.get("shape", [])]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise TableError(f"{path}: is no JSON of kinds and their features ({error})") from None
    half = len(found) // 2
    grey = all(name.endswith("_GM_Vol") for name in found[:half])
    fluid = all(name.endswith("_CSF_Vol") for name in found[half:])
    if image == "vbm_roi" and not (grey and fluid):
        raise TableError(f"{path}: the regions are not grey matter, then the fluid: {few(found)}")
    if found and shape and math.prod(shape[2:]) != len(found):
        raise TableError(f"{path}: {len(found)} features of {names[image]}, not {shape}")
    return found
