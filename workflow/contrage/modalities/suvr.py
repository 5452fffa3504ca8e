"""Maps of the standardised uptake value ratio (SUVR) from PET, in the space of their T1.

BIDS has no suffix for them: they are looked for as `pet/…_suvr.nii.gz`. The imaging chain carries
them to MNI152 along with the T1, to which they have been aligned; `pet` is for volumes that lie on
the template's grid already.
"""

from contrage.modalities._modality import MAP, Picture, volume

MODALITY = volume(
    many="SUVR maps",
    one="map",
    title="SUVR",
    rank=2,
    group="site",
    suffix="suvr",
    folder="pet",
    bids_unit="1",
    picture=Picture("SUVR", "magma", step=0.1, highest=2.5),
    preprocessing=MAP,
)
