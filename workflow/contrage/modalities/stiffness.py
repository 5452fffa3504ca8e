"""Maps of the shear stiffness from MR elastography."""

from contrage.modalities._modality import MAP, Picture, volume

MODALITY = volume(
    many="stiffness maps",
    one="map",
    title="stiffness",
    rank=0,
    suffix="stiffness",
    folder="mre",
    unit="kPa",
    bids_unit="kPa",
    plausible=(0, 50),
    picture=Picture("stiffness [kPa]", "inferno", step=0.5, highest=5.0),
    preprocessing=MAP,
)
