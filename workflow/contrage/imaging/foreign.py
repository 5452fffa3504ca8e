"""What a file is that has an image's name and is no NIfTI image that can be used."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from contrage.marks import ANNEX, START, no_data

GZIP = b"\x1f\x8b"
MAGIC = (
    (128, b"DICM", "is a DICOM file; convert the series to NIfTI (dcm2niix)"),
    (0, b"NRRD", "is an NRRD image; convert it to NIfTI"),
    (0, b"CDF\x01", "is a MINC image; convert it to NIfTI (mnc2nii)"),
    (0, b"\x89HDF", "is an HDF5 file (MINC, MATLAB); convert it to NIfTI"),
    (0, b"MATLAB ", "is a file of MATLAB; convert it to NIfTI"),
    (0, b"\x89PNG", "is a PNG picture; give the NIfTI image"),
    (0, b"\xff\xd8\xff", "is a JPEG picture; give the NIfTI image"),
    (0, b"%PDF", "is a PDF; give the NIfTI image"),
    (0, b"\x93NUMPY", "is an array of NumPy; give the NIfTI image"),
)
MGH_TYPES = (0, 1, 3, 4, 10)
LARGEST_SIDE = 10_000
HEADER = 348
"""Bytes of a header of NIfTI-1 and of ANALYZE, which begins with this number."""
OTHERWISE = "is not a NIfTI file; convert it to .nii or .nii.gz"


def what_it_is(content: bytes) -> str:
    """Return what a file's unpacked content is, and what to do, where it is no NIfTI image."""
    if content.startswith(GZIP):
        return "is compressed twice; unpack it once (gunzip)"
    if reason := no_data(content):
        return reason
    for place, magic, words in MAGIC:
        if content[place : place + len(magic)] == magic:
            return words
    if _is_mgh(content):
        return "is an image of FreeSurfer (.mgh, .mgz); convert it to NIfTI (mri_convert)"
    if is_header_alone(content):
        return "is the header of a pair (.hdr and .img); convert the pair to one .nii file"
    return _text(content) or OTHERWISE


def is_header_alone(content: bytes) -> bool:
    """Tell the .hdr of a pair, NIfTI's or ANALYZE's, whose voxels lie in another file."""
    begins = content[:4] in (struct.pack("<i", HEADER), struct.pack(">i", HEADER))
    return begins and HEADER <= len(content) <= HEADER + 4


def _text(content: bytes) -> str | None:
    """Return what kind of text a content is, None where it is none."""
    start = content[:START].removeprefix(b"\xef\xbb\xbf").lstrip()
    try:
        words = start.decode("utf-8", errors="strict" if len(content) < START else "ignore")
    except UnicodeDecodeError:
        return None
    if not words or not all(each.isprintable() or each.isspace() for each in words):
        return None
    kind = {"{": "a JSON text", "<": "an XML text"}.get(words[0], "a text")
    return f"is not a NIfTI file but {kind} ({' '.join(words.split())[:40]!r} …)"


def _is_mgh(content: bytes) -> bool:
    """Tell FreeSurfer's format, which has no magic number: a version, sizes and a known type."""
    if len(content) < 284:
        return False
    version, *shape, kind = struct.unpack(">6i", content[:24])
    return version == 1 and kind in MGH_TYPES and all(0 < n < LARGEST_SIDE for n in shape)


def why_unreadable(path: Path, error: OSError) -> str:
    """Return why a file cannot be read; a link of git-annex says what it is by its target."""
    try:
        target = os.fsencode(os.readlink(path)) if Path(path).is_symlink() else b""
    except OSError:
        target = b""
    if ANNEX in target:
        return (
            "is a link of git-annex whose content is not here: fetch the file (git annex get, or "
            "datalad get)"
        )
    return f"cannot be read ({error.strerror}); check the path"


def no_numbers(kind: np.dtype) -> str | None:
    """Say why an image's values are none that can be used: not one real number per voxel."""
    if kind.kind == "c":
        return (
            f"is complex ({kind}); give the part or the magnitude that is meant, as an image of "
            "real numbers"
        )
    if kind.names:
        return f"is a colour image ({', '.join(kind.names)}); give an image of one number per voxel"
    return None
