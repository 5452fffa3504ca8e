"""The block preprocessing.template of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TemplateSettings:
    """What images are stripped by, registered to and compared with.

    Results are always on 91 x 109 x 91 voxels of 2 mm in MNI152.

    Attributes
    ----------
    source : str
        nilearn (ICBM 152 2009a symmetric, in its package), templateflow (a template in its
        cache), or files of your own.
    name : str
        TemplateFlow's name of the template; `contrage fetch-template` brings it into the
        cache.
    resolution : int
        TemplateFlow's resolution index; 1 is 1 mm in most templates.
    anatomical : str or None
        File of a T1-weighted template in MNI152 space, brain or head, any orientation and
        voxel size (files).
    mask : str or None
        File of its brain mask; null where the template is 0 outside the brain (files).
    sha256 : str or None
        SHA-256 that the T1's file must have (templateflow, files); null records what it
        has.
    mask_sha256 : str or None
        SHA-256 that the mask's file must have.
    """

    source: str
    name: str
    resolution: int
    anatomical: str | None
    mask: str | None
    sha256: str | None
    mask_sha256: str | None
