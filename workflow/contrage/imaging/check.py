"""Is this a scan that can be used? All that is wrong with it, before hours are spent."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np

from contrage.errors import BadScanError
from contrage.files import write_json
from contrage.imaging.images import Image, read_nifti, squeezed, transform_points
from contrage.imaging.limits import PASCAL, beyond, range_of
from contrage.imaging.plausible import judge, spread
from contrage.imaging.space.coordinates import contradiction, sheared
from contrage.imaging.stated import stated_problems
from contrage.imaging.template.source import as_source
from contrage.settings.steps.imaging import CheckStep, MapLimits

log = logging.getLogger(__name__)

LOWEST_KPA, HIGHEST_KPA = 0.3, 20.0
LOWEST_DAMPING, HIGHEST_DAMPING = 0.01, 1.0
SMALLEST_VOXEL_MM, LARGEST_VOXEL_MM = 0.2, 12.0
PASCAL_FROM = 100.0
"""A median above this can only be Pa: 100 kPa is cartilage, 100 Pa is no tissue."""


@dataclass
class Finding:
    """What was found in one file."""

    path: Path
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    image: Image | None = None
    implausible: bool = False
    other_unit: bool = False

    def problem(self, reason: str) -> None:
        """Note a problem together with the file's name."""
        self.problems.append(f"{self.path}: {reason}")

    def warning(self, reason: str) -> None:
        """Note what is doubtful together with the file's name."""
        self.warnings.append(f"{self.path}: {reason}")


def check(
    settings: CheckStep,
    *,
    anatomical: Path | None = None,
    maps: dict[str, Path],
    mask: Path | None = None,
    magnitude: Path | None = None,
    output: Path,
) -> None:
    """Check the images of one scan and write what was found; never raises for a bad scan.

    Parameters
    ----------
    settings : CheckStep
    anatomical, mask, magnitude : Path, optional
        Images of the scan.
    maps : dict of str to Path
        Its maps, by name.
    output : Path
        JSON: status (ok, failed), stage, reason, problems, warnings, unit, median_kpa, and for
        each image shape, voxel_mm, axcodes, sha256 (of the file) and voxels_sha256 (of its values).
    """
    given = {"anatomical": anatomical, **maps, "mask": mask, "magnitude": magnitude}
    findings = {name: inspect(path) for name, path in given.items() if path is not None}
    unit = settings.stiffness_unit
    for name, finding in findings.items():
        title = settings.titles[name] if name in maps else None
        check_values(name, finding, settings, title)
    record: dict = {"status": "ok", "stage": "check", "reason": None}
    record |= {"unit": None, "median_kpa": None}
    for name in maps:
        if findings[name].image is not None and name == "stiffness":
            record |= check_units(findings[name], unit)
        elif findings[name].image is not None:
            check_median(name, findings[name])
    for name in maps:
        check_limits(name, findings[name], record["unit"], settings.limits)
    main = next((found for name, found in findings.items() if name != "mask"), None)
    for name in (*maps, "mask", "magnitude"):
        check_overlap(findings.get(name), main)
    check_stated(main, settings)
    problems = [text for finding in findings.values() for text in finding.problems]
    if not findings:
        problems = ["neither an anatomical image nor a map is given"]
    record["problems"] = problems
    record["warnings"] = [text for finding in findings.values() for text in finding.warnings]
    for text in record["warnings"]:
        log.warning("%s", text)
    if problems:
        record |= {"status": "failed", "reason": "; ".join(problems)}
        log.info("scan cannot be used: %s", record["reason"])
    record |= {key: main.facts.get(key) for key in ("shape", "voxel_mm", "axcodes")} if main else {}
    record["inputs"] = {name: finding.facts for name, finding in findings.items()}
    write_json(output, record)


def inspect(path: Path) -> Finding:
    """Read one image fully and note all that is wrong with it by itself."""
    finding = Finding(path, facts={"path": str(path), "sha256": None})
    try:
        nifti, finding.facts["sha256"] = read_nifti(path)
    except BadScanError as error:
        finding.problem(error.reason)
        return finding
    array = squeezed(nifti.get_fdata(dtype=np.float32))
    finding.facts |= {"shape": list(array.shape), "dtype": str(nifti.get_data_dtype())}
    finding.facts["voxels_sha256"] = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
    usable = _check_axes(finding, array)
    usable = _check_affine(finding, nifti) and usable
    _check_values(finding, array)
    if usable:
        finding.image = Image(array, np.asarray(nifti.affine, dtype=float))
    return finding


def _check_axes(finding: Finding, array: np.ndarray) -> bool:
    if array.ndim != 3:
        finding.problem(f"has {array.ndim} axes {array.shape}; give one 3-D volume per file")
        return False
    if min(array.shape) < 8:
        finding.problem(f"has only {min(array.shape)} voxels along an axis {array.shape}")
        return False
    return True


def _check_affine(finding: Finding, nifti: nib.Nifti1Image) -> bool:
    header, affine = nifti.header, np.asarray(nifti.affine, dtype=float)
    codes = int(header["sform_code"]), int(header["qform_code"])
    finding.facts |= {"sform_code": codes[0], "qform_code": codes[1]}
    if codes == (0, 0):
        finding.problem(
            "has no affine (sform_code and qform_code are 0), so left and right and its place "
            "are unknown; convert it again from DICOM"
        )
        return False
    if not np.isfinite(affine).all() or np.linalg.matrix_rank(affine[:3, :3]) < 3:
        finding.problem("has a singular affine; convert it again from DICOM")
        return False
    voxel = Image(np.empty((1, 1, 1)), affine).voxel_mm
    finding.facts["voxel_mm"] = [round(float(edge), 4) for edge in voxel]
    finding.facts["axcodes"] = "".join(nib.aff2axcodes(affine))
    if voxel.min() < SMALLEST_VOXEL_MM or voxel.max() > LARGEST_VOXEL_MM:
        sizes = " x ".join(f"{edge:.3g}" for edge in voxel)
        finding.problem(f"has voxels of {sizes} mm; the header's units or affine are wrong")
        return False
    mirrored, apart = contradiction(nifti)
    for reason in filter(None, (sheared(affine), mirrored)):
        finding.problem(reason)
    if apart:
        finding.warning(apart)
    return True


def _check_values(finding: Finding, array: np.ndarray) -> None:
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        finding.problem(f"has {bad} voxels that are NaN or infinite; set the background to 0")
    finite = array[np.isfinite(array)]
    if finite.size and not finite.any():
        finding.problem("is zero everywhere")
    elif finite.size and finite.min() == finite.max():
        finding.problem(f"is constant (every voxel is {finite.flat[0]:g})")


def check_values(name: str, finding: Finding, settings: CheckStep, title: str | None) -> None:
    """Note where the values of a sound file are none that such an image has.

    `title` is what a map measures, None of other images.
    """
    if finding.image is None or finding.problems:
        return
    array = finding.image.array
    is_pascal = name == "stiffness" and unit_of(array, settings.stiffness_unit)[0] == "Pa"
    scale = PASCAL if is_pascal else 1.0
    low, high = (limit * scale for limit in range_of(name, settings.limits) or (-np.inf, np.inf))
    if (
        title is not None
        and (within := array[(array != 0) & (array >= low) & (array <= high)]).size
    ):
        finding.facts["spread"] = round(spread(within)[1], 4)
    found = judge(name, array, (low, high), title)
    for reason in found.problems:
        finding.problem(reason)
    for reason in found.warnings:
        finding.warning(reason)
    finding.implausible = bool(found.problems)


def check_units(finding: Finding, declared: str) -> dict:
    """Decide between Pa and kPa and judge the map's median.

    Returns
    -------
    dict
        unit, unit_declared, median_kpa.
    """
    unit, median = unit_of(finding.image.array, declared)
    kilopascal = 0.0 if median is None else median / 1000 if unit == "Pa" else median
    fits = median is None or LOWEST_KPA <= kilopascal <= HIGHEST_KPA
    if not fits and not finding.implausible:
        finding.other_unit = True
        finding.problem(
            f"wrong units: the median is {kilopascal:.4g} kPa when read as {unit}, outside "
            f"{LOWEST_KPA}-{HIGHEST_KPA:g} kPa; set cohort.stiffness_unit or convert the map"
        )
    return {"unit": unit, "unit_declared": declared, "median_kpa": kilopascal}


def unit_of(array: np.ndarray, declared: str) -> tuple[str, float | None]:
    """Return a map's unit, Pa or kPa, and the median of what is not 0 in it, None without any."""
    values = array[np.isfinite(array) & (array != 0)]
    median = float(np.median(values)) if values.size else None
    if declared != "auto":
        return declared, median
    return "Pa" if median is not None and median > PASCAL_FROM else "kPa", median


def check_limits(name: str, finding: Finding, unit: str | None, limits: MapLimits | None) -> None:
    """Note where voxels of a map have values that no measurement gives.

    Of a map in another unit, or another map, what is negative alone is told.
    """
    if finding.image is None or finding.implausible:
        return
    scale = PASCAL if name == "stiffness" and unit == "Pa" else 1.0
    found = beyond(name, finding.image.array, limits, scale, finding.other_unit)
    if found is None:
        return
    finding.facts["beyond"] = found.facts
    if found.refused:
        finding.problem(found.problem(scale))
    else:
        finding.warning(found.warning(scale))


def check_stated(finding: Finding | None, settings: CheckStep) -> None:
    """Note where an image is not what the settings state: stripped, or in MNI152, already."""
    stated, template = settings.stated, settings.template
    if stated is None or finding is None or finding.image is None or finding.problems:
        return
    for reason in stated_problems(finding.image, stated, as_source(template)):
        finding.problem(reason)


def check_median(name: str, finding: Finding) -> None:
    """Note a map's median, and judge that of the damping ratio.

    It has no unit: G''/2G' lies between 0 and about 1. The median of what is measured counts, so
    that outliers of the inversion do not; a map in per cent, or another map (kPa, Pa) under this
    name, is beyond the limits.
    """
    values = finding.image.array
    values = values[np.isfinite(values) & (values != 0)]
    if not values.size:
        return
    median = float(np.median(values))
    finding.facts["median"] = round(median, 4)
    if name != "dampingratio" or finding.implausible:
        return
    if not LOWEST_DAMPING <= median <= HIGHEST_DAMPING:
        finding.other_unit = True
        finding.problem(
            f"is no map of the damping ratio: its median is {median:.4g}, outside "
            f"{LOWEST_DAMPING:g}-{HIGHEST_DAMPING:g}; it has no unit (kPa, Pa and per cent are "
            "none of it)"
        )


def check_overlap(finding: Finding | None, reference: Finding | None) -> None:
    """Note when less than half of an image's non-zero voxels lie in the reference's view."""
    if finding is None or reference is None or finding is reference:
        return
    if finding.image is None or reference.image is None:
        return
    index = np.argwhere(finding.image.array != 0)[::17].astype(float)
    if not index.size:
        return
    world = transform_points(finding.image.affine, index)
    inside = transform_points(np.linalg.inv(reference.image.affine), world)
    shape = np.array(reference.image.array.shape)
    share = float(((inside >= -0.5) & (inside <= shape - 0.5)).all(axis=1).mean())
    finding.facts["share_in_reference"] = round(share, 4)
    if share < 0.5:
        finding.problem(
            f"does not overlap {reference.path}: {share:.0%} of it lies inside; are they of one "
            "session, with scanner coordinates kept?"
        )
