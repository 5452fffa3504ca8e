"""The block dataset of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.roles import RolesSettings


@dataclass(frozen=True)
class DatasetSettings(RolesSettings):
    """From images to arrays.

    Attributes
    ----------
    voxel_mm : float
        Voxel size that the network sees, a multiple of that of the preprocessed images
        (preprocessing.registration.voxel_mm; 1.5 of vbm arrays, 1 of quasiraw ones).
    normalisation : str
        Z-score over brain voxels with statistics of the training split (train), of all
        scans (cohort, as the paper) or of each image.
    field_of_view : str
        Each image's own, or only the voxels that all training images cover (common).
    leave_out : dict
        Participants to leave out of this experiment, each with the reason (participant_id
        to text); the report lists them.
    learn_from, external, subset, missing_targets, split
        As of `contrage.settings.blocks.roles.RolesSettings`.
    """

    voxel_mm: float
    normalisation: str
    field_of_view: str
    leave_out: dict[str, Any]
