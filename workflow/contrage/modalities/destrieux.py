"""FreeSurfer's seven measures of the 148 cortical regions of the Destrieux atlas (OpenBHB)."""

from contrage.modalities._modality import regions

MODALITY = regions(
    many="measures of cortical regions (Destrieux)",
    title="measures of cortical regions",
    channels=7,
    ending="preproc-freesurfer_desc-destrieux_ROI.npy",
    shape=(148,),
)
