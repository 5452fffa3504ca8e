"""What the steps of imaging are asked for: of each what decides its images, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.bias_correction import BiasCorrectionSettings
from contrage.settings.blocks.quality import QualityLimits


@dataclass(frozen=True)
class TemplateFiles:
    """The template as a run has found it; `contrage.imaging.template.source.as_source` reads it.

    Attributes
    ----------
    name : str
        nilearn, files, or TemplateFlow's name of the template.
    anatomical : str or None
        File of the T1-weighted image; None for nilearn's own.
    mask : str or None
        File of the brain mask; None where what is not 0 is brain.
    sha256 : str or None
        Checksum that the image must have.
    mask_sha256 : str or None
        Checksum that the mask must have.
    """

    name: str
    anatomical: str | None
    mask: str | None
    sha256: str | None
    mask_sha256: str | None


@dataclass(frozen=True)
class MapUnit:
    """The unit of a map.

    Attributes
    ----------
    told : str
        For sentences ("kPa"); empty where there is none.
    in_bids : str
        What `Units` of a sidecar says.
    """

    told: str
    in_bids: str


@dataclass(frozen=True)
class MapLimits:
    """What values maps may have.

    Attributes
    ----------
    of : dict of str to tuple of float or None
        Least and largest value of each map of the run, in the map's unit; None for no limits.
    units : dict of str to MapUnit
        The units of these maps.
    beyond : str
        What becomes of voxels beyond: refuse (the map), background or clip.
    """

    of: dict[str, tuple[float, ...] | None]
    units: dict[str, MapUnit]
    beyond: str


@dataclass(frozen=True)
class StatedSettings:
    """What the configuration states of the image that is stripped and registered.

    Attributes
    ----------
    stripped : bool
        It is a brain on a background of zeros.
    in_mni : bool
        It lies in MNI152 space.
    """

    stripped: bool
    in_mni: bool


@dataclass(frozen=True)
class StripMethod:
    """A method of skull stripping.

    Attributes
    ----------
    method : str
        One of `contrage.imaging.skull_strip.available()`.
    options : dict
        The settings of this method alone: those of the others decide nothing.
    """

    method: str
    options: dict[str, Any]


@dataclass(frozen=True)
class AntsSettings:
    """One call of ants.registration.

    Attributes
    ----------
    template_mm : int
        Voxel edge of the template that images are compared with.
    ants : dict
        Arguments of the function.
    """

    template_mm: int
    ants: dict[str, Any]


@dataclass(frozen=True)
class NineSettings:
    """The search for an affine of nine parameters.

    Attributes
    ----------
    levels_mm : tuple of int
        Voxel edges at which it is refined, coarse to fine.
    """

    levels_mm: tuple[int, ...]


@dataclass(frozen=True)
class AntsQuality:
    """A quality of registration (resources/registration/<name>.json).

    Attributes
    ----------
    description : str
        What it is for.
    pose : AntsSettings
        The affine that places the template's brain in a head, for skull stripping.
    refine : AntsSettings or None
        The deformation that follows the outline of this one brain; None for none.
    linear : AntsSettings
        The linear transform to MNI152.
    affine9 : NineSettings
        What brings it to nine parameters.
    warp : AntsSettings
        The deformation that syn adds.
    """

    description: str
    pose: AntsSettings
    refine: AntsSettings | None
    linear: AntsSettings
    affine9: NineSettings
    warp: AntsSettings


@dataclass(frozen=True)
class FetchTemplateStep:
    """What the step fetch-template is asked for.

    Attributes
    ----------
    name : str
        TemplateFlow's name of the template.
    resolution : int
        TemplateFlow's resolution index.
    """

    name: str
    resolution: int


@dataclass(frozen=True)
class CheckStep:
    """What the step check is asked for.

    Attributes
    ----------
    stiffness_unit : str
        Unit of the stiffness files: auto, Pa or kPa.
    titles : dict of str to str
        What each map of the run measures, in words.
    limits : MapLimits or None
        What values maps may have; None where there are none.
    stated : StatedSettings or None
        What the image that is stripped is said to be already; None where nothing is said.
    template : TemplateFiles or None
        What such an image is compared with.
    """

    stiffness_unit: str
    titles: dict[str, str]
    limits: MapLimits | None
    stated: StatedSettings | None
    template: TemplateFiles | None


@dataclass(frozen=True)
class StripFit:
    """How the template is placed in a head.

    Attributes
    ----------
    seed : int
        Seed of ANTs' random sampling.
    pose : AntsSettings
        The affine.
    refine : AntsSettings or None
        The deformation that follows the outline of this one brain; None for none.
    """

    seed: int
    pose: AntsSettings
    refine: AntsSettings | None


@dataclass(frozen=True)
class StripStep:
    """What the step strip is asked for.

    Attributes
    ----------
    skull_strip : StripMethod
        How the brain is found.
    limits : MapLimits or None
        What values maps may have; None where none is stripped.
    reference : str or None
        The map that is stripped, where there are several and no anatomical image.
    template : TemplateFiles or None
        What is placed in the head, by the method template.
    registration : StripFit or None
        How it is placed.
    """

    skull_strip: StripMethod
    limits: MapLimits | None
    reference: str | None
    template: TemplateFiles | None
    registration: StripFit | None


@dataclass(frozen=True)
class CorrectStep:
    """What the step correct is asked for.

    Attributes
    ----------
    bias_correction : BiasCorrectionSettings or None
        N4, and which image it corrects; None where nothing is corrected.
    limits : MapLimits or None
        What values maps may have; None where none is corrected.
    reference : str or None
        The map that is registered, where there are several and no anatomical image.
    """

    bias_correction: BiasCorrectionSettings | None
    limits: MapLimits | None
    reference: str | None


@dataclass(frozen=True)
class RegisterFit:
    """How a scan comes to MNI152.

    Attributes
    ----------
    transform : str
        affine, affine9, rigid, similarity, syn, or none.
    voxel_mm : int
        Voxel size of the MNI152 grid.
    interpolation : str
        How values come between voxels.
    map_pose : str
        How a map comes to the anatomical image of its session.
    seed : int
        Seed of ANTs' random sampling.
    quality : str or None
        Where ANTs' settings are from; None where it registers nothing.
    linear : AntsSettings or None
        The linear transform, of the scan's or of the magnitude; None where there is none.
    affine9 : NineSettings or None
        What brings it to nine parameters.
    warp : AntsSettings or None
        The deformation that is added.
    """

    transform: str
    voxel_mm: int
    interpolation: str
    map_pose: str
    seed: int
    quality: str | None
    linear: AntsSettings | None
    affine9: NineSettings | None
    warp: AntsSettings | None


@dataclass(frozen=True)
class RegisterStep:
    """What the step register is asked for.

    Attributes
    ----------
    template : TemplateFiles
        What images are registered to.
    registration : RegisterFit
        How.
    limits : MapLimits or None
        What values maps may have; None where there are none.
    reference : str or None
        The map that is registered, where there are several and no anatomical image.
    """

    template: TemplateFiles
    registration: RegisterFit
    limits: MapLimits | None
    reference: str | None


@dataclass(frozen=True)
class QualityStep:
    """What the step quality is asked for.

    Attributes
    ----------
    template : TemplateFiles
        What images are compared with.
    image : str
        The kind of data that is learned from: of several maps, the one whose coverage counts.
    limits : QualityLimits
        Beyond which a scan is flagged, or misplaced.
    """

    template: TemplateFiles
    image: str
    limits: QualityLimits
