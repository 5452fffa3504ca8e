"""Grey matter of voxel-based morphometry, prepared by CAT12 as OpenBHB distributes it."""

from contrage.modalities._modality import volume

MODALITY = volume(
    many="grey-matter maps (VBM)",
    one="map",
    title="grey matter",
    group="site",
    ending="preproc-cat12vbm_desc-gm_T1w.npy",
    shape=(121, 145, 121),
    voxel_mm=1.5,
)
