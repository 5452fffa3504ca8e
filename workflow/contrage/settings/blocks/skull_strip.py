"""The block preprocessing.skull_strip of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BetSettings:
    """Settings of bet.

    Attributes
    ----------
    frac : float
        Fractional intensity threshold (-f); smaller gives a larger brain.
    robust : bool
        Look for the brain's centre several times (-R), for heads with a neck.
    """

    frac: float
    robust: bool


@dataclass(frozen=True)
class FreesurferSettings:
    """Settings of freesurfer.

    Attributes
    ----------
    normalised : bool
        The images are normalised so that white matter is 110 (-T1); raw scans are not.
    """

    normalised: bool


@dataclass(frozen=True)
class SynthstripSettings:
    """Settings of synthstrip.

    Attributes
    ----------
    border : int
        Distance of the mask's border from the brain, mm (-b).
    no_csf : bool
        Leave the fluid around the brain out (--no-csf).
    """

    border: int
    no_csf: bool


@dataclass(frozen=True)
class HdbetSettings:
    """Settings of hdbet.

    Attributes
    ----------
    tta : bool
        Average over mirrored images as well, eight times as slow; HD-BET's authors leave it
        out on a CPU (--disable_tta).
    """

    tta: bool


@dataclass(frozen=True)
class DeepbetSettings:
    """Settings of deepbet.

    Attributes
    ----------
    threshold : float
        Probability above which a voxel is brain; smaller gives a larger brain.
    n_dilate : int
        Voxels that the mask is grown by; shrunk by where it is negative.
    """

    threshold: float
    n_dilate: int


@dataclass(frozen=True)
class SkullStripSettings:
    """Skull stripping of the anatomical image; its mask is carried to the map.

    Attributes
    ----------
    method : str
        template (pip packages only), bet (FSL), freesurfer (its watershed), freesurfer-
        recon-all (the first third of recon-all), synthstrip, hdbet, deepbet (a pip
        package), mask (given beside the image as desc-brain_mask), none (already stripped;
        checked).
    bet : BetSettings
        Settings of bet.
    freesurfer : FreesurferSettings
        Settings of freesurfer.
    synthstrip : SynthstripSettings
        Settings of synthstrip.
    hdbet : HdbetSettings
        Settings of hdbet.
    deepbet : DeepbetSettings
        Settings of deepbet.
    """

    method: str
    bet: BetSettings
    freesurfer: FreesurferSettings
    synthstrip: SynthstripSettings
    hdbet: HdbetSettings
    deepbet: DeepbetSettings
