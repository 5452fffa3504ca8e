"""How the cohort's array is read: what every step must know that looks at images or features."""

from __future__ import annotations

from dataclasses import dataclass

from contrage.form import Form


@dataclass(frozen=True)
class ScoresSettings:
    """How values of the cohort's array become z-scores.

    Attributes
    ----------
    form : Form
        What is known of the kind of data.
    normalisation : str
        With whose mean and SD: of the training split (train), of all scans (cohort), or of each
        image.
    field_of_view : str
        Each image's own, or only the voxels that all training images cover (common).
    """

    form: Form
    normalisation: str
    field_of_view: str
