"""The phantom's settings: what a user may change, with the values of the demo."""

from __future__ import annotations

from dataclasses import dataclass, fields

from contrage.errors import SettingsError


@dataclass(frozen=True)
class PhantomSettings:
    """What decides a generated cohort; equal settings give equal files, byte by byte.

    Attributes
    ----------
    participants : int
        Size of the cohort, 1 or more. 311 gives the paper's Table 2 in full.
    seed : int
        Seed of the whole cohort.
    t1_voxel_mm, stiffness_voxel_mm : tuple of three floats
        Voxel sizes of the two images; studies permute and scale them by a few per cent.
    pose_degrees, pose_mm : float
        Largest rotation about, and shift along, any axis.
    bias_strength : float
        Largest departure of the multiplicative bias field from 1.
    noise : float
        Rician noise of the T1 image, as a fraction of white matter's intensity.
    min_coverage : float
        Smallest part of the brain that a map's slab may cover.
    ageing : float
        Scale of every effect of age: 1 as published, 0 a cohort that does not age.
    between_subject : float
        Scale of the differences between participants of one age.
    scan_rescan : float
        Coefficient of variation of whole-brain stiffness between two scans.
    study_offset : float
        Standard deviation of the studies' multiplicative stiffness offsets.
    """

    participants: int = 60
    seed: int = 2024
    t1_voxel_mm: tuple[float, float, float] = (2.0, 2.1, 2.3)
    stiffness_voxel_mm: tuple[float, float, float] = (2.0, 2.0, 2.2)
    pose_degrees: float = 15.0
    pose_mm: float = 15.0
    bias_strength: float = 0.4
    noise: float = 0.03
    min_coverage: float = 0.8
    ageing: float = 1.0
    between_subject: float = 1.0
    scan_rescan: float = 0.04
    study_offset: float = 0.03


def read_settings(settings: dict) -> PhantomSettings:
    """Check the keys of `cohort.phantom` and fill in what is not given.

    Parameters
    ----------
    settings : dict
        Any of the attributes of PhantomSettings; `index` is allowed and ignored.

    Returns
    -------
    PhantomSettings

    Raises
    ------
    SettingsError
        A key is unknown, or a value cannot work.
    """
    given = {key: value for key, value in settings.items() if key != "index"}
    known = {field.name for field in fields(PhantomSettings)}
    if unknown := sorted(set(given) - known):
        raise SettingsError(
            f"cohort.phantom: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    for key in ("t1_voxel_mm", "stiffness_voxel_mm"):
        if key in given:
            given[key] = _voxel(key, given[key])
    result = PhantomSettings(**given)
    _check(result)
    return result


def _voxel(key: str, value: object) -> tuple[float, float, float]:
    try:
        x, y, z = (float(size) for size in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise SettingsError(f"cohort.phantom.{key}: {value!r} is not three sizes in mm") from None
    if min(x, y, z) < 0.5 or max(x, y, z) > 8:
        raise SettingsError(f"cohort.phantom.{key}: sizes must lie between 0.5 and 8 mm")
    return x, y, z


def _check(settings: PhantomSettings) -> None:
    limits = {
        "pose_degrees": (0, 45),
        "pose_mm": (0, 60),
        "bias_strength": (0, 0.9),
        "noise": (0, 0.5),
        "min_coverage": (0.3, 1),
        "ageing": (0, 3),
        "between_subject": (0, 3),
        "scan_rescan": (0, 0.5),
        "study_offset": (0, 0.5),
    }
    for key, (low, high) in limits.items():
        value = getattr(settings, key)
        if not isinstance(value, int | float) or not low <= value <= high:
            raise SettingsError(f"cohort.phantom.{key}: must be a number from {low} to {high}")
