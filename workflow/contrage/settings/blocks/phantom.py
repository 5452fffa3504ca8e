"""The block cohort.phantom of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhantomSettings:
    """The digital phantom (cohort.source phantom).

    Attributes
    ----------
    participants : int
        Number of participants; 311 gives the paper's Table 2.
    seed : int
        Seed of everything that is drawn.
    t1_voxel_mm : tuple of float
        Voxel size of the T1 heads in mm; studies permute and scale it by a few per cent.
    stiffness_voxel_mm : tuple of float
        Voxel size of the stiffness maps in mm, likewise.
    pose_degrees : float
        Largest rotation about any axis.
    pose_mm : float
        Largest shift along any axis.
    bias_strength : float
        Largest departure of the multiplicative bias field from 1.
    noise : float
        Rician noise of the T1 as a fraction of white matter's intensity.
    min_coverage : float
        Smallest part of the brain that a map's slab covers.
    ageing : float
        Scale of every effect of age; 1 as published, 0 for a cohort that does not age.
    between_subject : float
        Scale of the differences between participants of one age.
    scan_rescan : float
        Coefficient of variation of whole-brain stiffness between two scans.
    study_offset : float
        Standard deviation of the studies' multiplicative offsets of stiffness.
    """

    participants: int
    seed: int
    t1_voxel_mm: tuple[float, ...]
    stiffness_voxel_mm: tuple[float, ...]
    pose_degrees: float
    pose_mm: float
    bias_strength: float
    noise: float
    min_coverage: float
    ageing: float
    between_subject: float
    scan_rescan: float
    study_offset: float


@dataclass(frozen=True)
class PhantomScanSettings:
    """What one generated scan is made of.

    Attributes
    ----------
    index : int
        Of the participant in the cohort's plan.
    phantom : PhantomSettings
        Of the whole cohort: who is there follows from it.
    """

    index: int
    phantom: PhantomSettings
