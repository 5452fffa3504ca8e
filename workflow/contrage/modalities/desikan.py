"""FreeSurfer's seven measures of the 68 cortical regions of the Desikan atlas (OpenBHB).

Surface area, grey-matter volume, mean and SD of the thickness, integrated mean, Gaussian and
intrinsic curvature: seven channels of unlike units.
"""

from contrage.modalities._modality import regions

MODALITY = regions(
    many="measures of cortical regions (Desikan)",
    title="measures of cortical regions",
    channels=7,
    ending="preproc-freesurfer_desc-desikan_ROI.npy",
    shape=(68,),
)
