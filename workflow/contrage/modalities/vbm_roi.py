"""Grey matter and cerebrospinal fluid of the Neuromorphometrics regions (CAT12, OpenBHB).

142 volumes of grey matter, then 142 of cerebrospinal fluid: one row of features per scan.
"""

from contrage.modalities._modality import features

MODALITY = features(
    many="regional volumes (VBM)",
    title="regional volumes",
    ending="preproc-cat12vbm_desc-gm_ROI.npy",
    shape=(284,),
)
