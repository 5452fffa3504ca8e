"""The block preprocessing.quality of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MisplacedSettings:
    """Limits that no placed scan misses: beyond, an image does not lie where it ought to.

    None counts before the limit of its name above does; null switches one off.

    Attributes
    ----------
    min_correlation : float or None
        Least size of the correlation of a T1 with the template, whatever its sign.
    min_overlap : float or None
        Least Dice overlap of the brain mask with the template's.
    min_map_agreement : float or None
        Least Dice overlap of the map with the brain of its session, in the slices that the
        map has.
    max_map_shift_mm : float or None
        Farthest that the map may lie from where its outline agrees best.
    max_map_degrees : float or None
        Largest turn of the map to where its outline agrees best.
    """

    min_correlation: float | None
    min_overlap: float | None
    min_map_agreement: float | None
    max_map_shift_mm: float | None
    max_map_degrees: float | None


@dataclass(frozen=True)
class QualityLimits:
    """Limits beyond which a scan is flagged, and others beyond which it is misplaced.

    Attributes
    ----------
    min_coverage : float
        Least fraction of the template's brain that the map covers.
    min_overlap : float
        Least Dice overlap of the brain mask with the template's.
    min_correlation : float
        Least correlation of the anatomical image with the template inside the brain.
    min_signal : float or None
        Least share of the brain in which the anatomical image has signal; less where a part
        of the head is missing.
    max_air : float or None
        Largest intensity of the air around the head, as a fraction of the brain's; more
        where ghosts lie in it.
    max_pose_degrees : float or None
        Largest rotation from the scanner's axes to the template's; more where the header is
        wrong.
    min_scale : float or None
        Least scaling to the template, of lengths; less where the brain or its voxels are
        too large.
    max_scale : float or None
        Largest scaling to the template, of lengths.
    max_stretch : float or None
        Largest ratio of the scalings along the axes.
    min_map_agreement : float or None
        Least Dice overlap of the map with the brain of the anatomical image, in the slices
        that the map has.
    max_map_shift_mm : float or None
        Farthest that the map may lie from where its outline agrees best with the anatomical
        image.
    max_map_degrees : float or None
        Largest turn of the map to where its outline agrees best.
    min_map_smoothness : float or None
        Least correlation of neighbouring values of the map; less where it is noise.
    misplaced : MisplacedSettings
        Limits that no placed scan misses: an image does not lie where it ought to, and its
        values are those of another place.
    """

    min_coverage: float
    min_overlap: float
    min_correlation: float
    min_signal: float | None
    max_air: float | None
    max_pose_degrees: float | None
    min_scale: float | None
    max_scale: float | None
    max_stretch: float | None
    min_map_agreement: float | None
    max_map_shift_mm: float | None
    max_map_degrees: float | None
    min_map_smoothness: float | None
    misplaced: MisplacedSettings


@dataclass(frozen=True)
class QualitySettings(QualityLimits):
    """The limits, and what follows where a scan lies beyond one.

    Attributes
    ----------
    action : str
        Which scans are left out of the experiment: misplaced ones alone, with flagged ones
        listed in the report; none, all are listed (list); or all that are flagged
        (exclude).
    """

    action: str
