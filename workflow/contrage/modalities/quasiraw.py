"""T1 images with the least preprocessing, as OpenBHB distributes them."""

from contrage.modalities._modality import volume

MODALITY = volume(
    many="quasi-raw T1 images",
    title="quasi-raw T1 image",
    group="site",
    ending="preproc-quasiraw_T1w.npy",
    shape=(182, 218, 182),
    voxel_mm=1.0,
)
