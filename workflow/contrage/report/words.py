"""What the images of a study are called, and the groups in which people were scanned."""

from __future__ import annotations

from contrage import modalities
from contrage.modalities import Modality as Kind

__all__ = ["Kind", "kind_of"]


def kind_of(image: str) -> Kind:
    """Return the words for ``cohort.image``, and how it is pictured."""
    return modalities.load(image)
