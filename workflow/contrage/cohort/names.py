"""Names of scans and of their files, after BIDS and BIDS derivatives."""

from __future__ import annotations

import re

MAPS = ("stiffness", "dampingratio")
"""Suffixes of the maps of MR elastography that can be learned from."""
LABEL = re.compile(r"^[A-Za-z0-9]+$")


def scan_id(participant_id: str, session: str | None) -> str:
    """Return "sub-X" or "sub-X_ses-Y".

    Parameters
    ----------
    participant_id : str
        With its prefix, "sub-X".
    session : str or None
        Without prefix; None where a participant was scanned once.
    """
    return f"{participant_id}_ses-{session}" if session else participant_id


def folder(scan: str) -> str:
    """Return the folder of a scan inside a BIDS tree: "sub-X" or "sub-X/ses-Y"."""
    return scan.replace("_ses-", "/ses-")


def participant(scan: str) -> str:
    """Return the participant of a scan: "sub-X"."""
    return scan.partition("_ses-")[0]


def preproc_file(scan: str, image: str, voxel_mm: int = 2) -> str:
    """Return a preprocessed image's path inside the derivatives folder.

    Parameters
    ----------
    scan : str
        "sub-X" or "sub-X_ses-Y".
    image : str
        The BIDS suffix: "stiffness", "dampingratio", "T1w", "magnitude" or "mask".
    voxel_mm : int
        Of the MNI152 grid; BIDS's entity `res`.
    """
    space = f"space-MNI152_res-{voxel_mm}"
    if image == "mask":
        return f"{folder(scan)}/anat/{scan}_{space}_desc-brain_mask.nii.gz"
    datatype = "anat" if image == "T1w" else "mre"
    return f"{folder(scan)}/{datatype}/{scan}_{space}_desc-preproc_{image}.nii.gz"


def preproc_record(scan: str) -> str:
    """Return the path of the record of a scan's preprocessing inside the derivatives folder."""
    return f"{folder(scan)}/{scan}_desc-preproc.json"


def quality_file(scan: str) -> str:
    """Return the path of a scan's quality record inside the derivatives folder."""
    return f"{folder(scan)}/qc/{scan}_desc-quality.json"


def check_file(scan: str) -> str:
    """Return the path of a scan's record of the first check inside the derivatives folder."""
    return f"{folder(scan)}/qc/{scan}_desc-check.json"
