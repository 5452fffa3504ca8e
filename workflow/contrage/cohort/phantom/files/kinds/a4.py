"""Amyloid PET in A4's layout: a NIfTI volume per person, and a table of SUVR of eight rows each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contrage.cohort.phantom.files.kinds._parts import of_person
from contrage.files import save_nifti
from contrage.tables import write_csv

SOURCE = "a4"
PEOPLE = 160
TABLE = "A4_PETSUVR_PRV2_11Aug2022.csv"
COLUMNS = ["BID", "ligand", "brain_region", "suvr_cer", "centiloid"]
COMPOSITE = "Composite_Summary"
REFERENCE = "cerebellum_mask.nii.gz"
"""Beside the folder: in it, it would be a person's."""
SIZE, VOXEL_MM = 20, 8.0
REGIONS = {
    "Frontal_Med_Orb": (9.5, 15.5, 9.5),
    "Cingulate_Ant": (9.5, 13.0, 13.0),
    "Cingulate_Post": (9.5, 6.0, 13.0),
    "Precuneus": (9.5, 3.8, 15.0),
    "Parietal": (4.0, 6.5, 14.0),
    "Temporal": (3.8, 10.5, 7.5),
}
"""Centre of each region in voxels, of radius 2; the last two are on both sides."""
OTHER = "Cerebral_White_Matter"
CEREBELLUM = (9.5, 5.0, 3.5)
POSITIVE = 0.35
"""Part of the people with amyloid."""
LOW, HIGH = (1.0, 0.09), (1.5, 0.2)
"""Mean and SD of the SUVR of people without and with it."""
OF_REGION = 0.12
"""SD of a region about the person's composite."""
ACTIVITY = (3000.0, 9000.0)
"""Of the cerebellum, from dose and body: it says nothing."""
NOISE = 0.03
CL_SLOPE, CL_OFFSET = 183.07, -177.26
"""Centiloids of an SUVR of florbetapir (Navitsky et al., Alzheimers Dement 14:1565, 2018)."""


def write(seed: int, people: int, folder: Path) -> list[dict[str, Any]]:
    """Write volumes of 20³ voxels of 8 mm and the table, and beside them where the reference is."""
    masks, truth, rows = _masks(), [], []
    for number in range(people):
        rng = of_person(seed, "a4", number)
        name = f"B{10_081_264 + 7 * number}"
        mean, sd = HIGH if rng.random() < POSITIVE else LOW
        composite = float(np.clip(rng.normal(mean, sd), 0.72, 2.2))
        offsets = rng.normal(0, OF_REGION, len(REGIONS))
        of_regions = composite + offsets - offsets.mean()
        activity = float(rng.uniform(*ACTIVITY))
        volume = activity * _volume(rng, masks, of_regions)
        save_nifti(folder / "PET" / f"sub-{name}_pet.nii.gz", volume, _affine())
        told = dict(zip(REGIONS, of_regions, strict=True)) | {OTHER: 1.5, COMPOSITE: composite}
        rows += [_row(name, region, told[region]) for region in (OTHER, *REGIONS, COMPOSITE)]
        of_person_told = {"participant_id": name, "target": f"{composite:.2f}"}
        truth.append({**of_person_told, "suvr": f"{composite:.6f}", "activity": f"{activity:.2f}"})
    write_csv(folder / TABLE, COLUMNS, rows)
    save_nifti(folder.with_name(REFERENCE), masks["cerebellum"], _affine())
    return truth


def _row(name: str, region: str, suvr: float) -> dict[str, Any]:
    centiloid = CL_SLOPE * suvr + CL_OFFSET
    told = {"BID": name, "ligand": "Florbetapir", "brain_region": region}
    return {**told, "suvr_cer": f"{suvr:.2f}", "centiloid": f"{centiloid:.1f}"}


def _masks() -> dict[str, NDArray[np.bool_]]:
    """Return where the head, the cerebellum and the regions are."""
    grid = np.mgrid[:SIZE, :SIZE, :SIZE].astype(float)

    def ball(centre: tuple[float, ...], *radii: float) -> NDArray[np.bool_]:
        shift = [(axis - at) / r for axis, at, r in zip(grid, centre, radii, strict=True)]
        return np.sum(np.square(shift), axis=0) <= 1

    found = {"head": ball((9.5, 9.5, 9.5), 8.5, 9.4, 8.5)}
    for name, centre in REGIONS.items():
        found[name] = ball(centre, 2, 2, 2)
        if name in ("Parietal", "Temporal"):
            found[name] |= ball((SIZE - 1 - centre[0], *centre[1:]), 2, 2, 2)
    return found | {"cerebellum": ball(CEREBELLUM, 5, 3, 2)}


def _volume(
    rng: np.random.Generator, masks: dict[str, NDArray[np.bool_]], suvr: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a volume whose cerebellum is 1."""
    found = np.where(masks["head"], 1.3 + rng.normal(0, 0.05), 0.0)
    for name, value in zip(REGIONS, suvr, strict=True):
        found[masks[name]] = value
    found[masks["cerebellum"]] = 1.0
    return np.clip(found * (1 + NOISE * rng.standard_normal(found.shape)), 0, None)


def _affine() -> NDArray[np.float64]:
    """Return where voxels lie in mm, the middle of the volume at 0."""
    found = np.diag([VOXEL_MM] * 3 + [1.0])
    found[:3, 3] = -VOXEL_MM * (SIZE - 1) / 2
    return found
