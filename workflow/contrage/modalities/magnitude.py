"""Magnitude images of the elastography: they lead maps to the T1; nothing learns from them."""

from contrage.modalities._modality import ANATOMICAL, volume

MODALITY = volume(
    many="magnitude images",
    title="magnitude image of the elastography",
    is_learned=False,
    suffix="magnitude",
    folder="mre",
    bids_unit="arbitrary",
    preprocessing=ANATOMICAL,
)
