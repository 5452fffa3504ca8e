"""T1-weighted images of the head."""  # noqa: N999 (what users type)

from contrage.modalities._modality import ANATOMICAL, volume

MODALITY = volume(
    many="T1-weighted images",
    title="T1-weighted image",
    rank=0,
    suffix="T1w",
    folder="anat",
    bids_unit="arbitrary",
    preprocessing=ANATOMICAL,
)
