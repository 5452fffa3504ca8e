"""The block preprocessing.registration of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegistrationSettings:
    """Registration of the anatomical image to MNI152 (ANTs); maps follow in one interpolation.

    Attributes
    ----------
    transform : str
        affine has 12 degrees of freedom, affine9 has 9 (three scalings along the scan's
        axes, no shear); none is for images that are in MNI space already.
    voxel_mm : int
        Voxel size of the MNI152 grid; 1 is FSL's grid of 182 x 218 x 182 voxels.
    interpolation : str
        How values come between voxels, once from native to MNI152; bspline is cubic,
        lanczos a windowed sinc (both ANTs').
    map_pose : str
        How a map comes to the anatomical image of its session; by the scanner's
        coordinates, which both have, or by a rigid registration of the MRE magnitude
        (mre/…_magnitude.nii.gz).
    quality : str
        precise or testing (coarser and quicker); the settings lie in
        resources/registration.
    seed : int
        Seed of ANTs' random sampling.
    """

    transform: str
    voxel_mm: int
    interpolation: str
    map_pose: str
    quality: str
    seed: int
