"""The block preprocessing of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from contrage.settings.blocks.bias_correction import BiasCorrectionSettings
from contrage.settings.blocks.limits import LimitsSettings
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.blocks.registration import RegistrationSettings
from contrage.settings.blocks.skull_strip import SkullStripSettings
from contrage.settings.blocks.template import TemplateSettings


@dataclass(frozen=True)
class PreprocessingSettings:
    """From raw scan to MNI152, at 2 mm on 91 x 109 x 91 voxels.

    Attributes
    ----------
    template : TemplateSettings
        What images are stripped by, registered to and compared with.
    limits : LimitsSettings
        What values of a map are possible.
    skull_strip : SkullStripSettings
        Skull stripping of the anatomical image; its mask is carried to the map.
    bias_correction : BiasCorrectionSettings
        N4 bias field correction (ANTs).
    registration : RegistrationSettings
        Registration of the anatomical image to MNI152 (ANTs), applied to the map in one
        interpolation.
    quality : QualitySettings
        Limits beyond which a scan is flagged, and others beyond which it is left out.
    """

    template: TemplateSettings
    limits: LimitsSettings
    skull_strip: SkullStripSettings
    bias_correction: BiasCorrectionSettings
    registration: RegistrationSettings
    quality: QualitySettings
