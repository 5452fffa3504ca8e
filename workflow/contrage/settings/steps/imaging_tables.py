"""What the steps of imaging that make no image are asked for: an edit here makes none anew."""

from __future__ import annotations

from dataclasses import dataclass

from contrage.settings.blocks.bias_correction import BiasCorrectionSettings
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.blocks.registration import RegistrationSettings
from contrage.settings.steps.imaging import AntsQuality, StripMethod, TemplateFiles


@dataclass(frozen=True)
class ScreenStep:
    """What the step screen is asked for.

    Attributes
    ----------
    on_bad_scan : str
        What to do with a scan that cannot be used.
    image : str
        The kind of data that is learned from.
    duplicates : str
        What to do about one image under two participants.
    """

    on_bad_scan: str
    image: str
    duplicates: str


@dataclass(frozen=True)
class UsableStep:
    """What the step usable is asked for.

    Attributes
    ----------
    on_bad_scan : str
        What to do with a scan that failed.
    """

    on_bad_scan: str


@dataclass(frozen=True)
class DescribeStep:
    """What the step describe is asked for.

    Attributes
    ----------
    name : str
        Of the cohort.
    anatomical : str or None
        The image that was stripped and registered; None where only maps are used.
    maps : tuple of str
        Those that were brought to MNI152.
    titles : dict of str to str
        What each of them measures, in words.
    units : dict of str to str
        The unit of each of them; empty where there is none.
    template : TemplateFiles
        What images were registered to.
    skull_strip : StripMethod
        How brains were found.
    bias_correction : BiasCorrectionSettings
        Which images were corrected, and how.
    registration : RegistrationSettings
        How scans came to MNI152.
    ants : AntsQuality
        ANTs' settings, of all parts.
    quality : QualitySettings
        Limits beyond which a scan was flagged or left out.
    """

    name: str
    anatomical: str | None
    maps: tuple[str, ...]
    titles: dict[str, str]
    units: dict[str, str]
    template: TemplateFiles
    skull_strip: StripMethod
    bias_correction: BiasCorrectionSettings
    registration: RegistrationSettings
    ants: AntsQuality
    quality: QualitySettings
