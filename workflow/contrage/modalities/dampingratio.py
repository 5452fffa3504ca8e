"""Maps of the damping ratio from MR elastography."""

from contrage.modalities._modality import MAP, Picture, volume

MODALITY = volume(
    many="maps of the damping ratio",
    one="map",
    title="damping ratio",
    suffix="dampingratio",
    folder="mre",
    bids_unit="1",
    plausible=(0, 2),
    picture=Picture("damping ratio", "magma", step=0.05, highest=0.5),
    preprocessing=MAP,
)
