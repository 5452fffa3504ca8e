"""Files with an image's name that are none: each is called what it is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

import nibabel as nib
import numpy as np
import pytest

from contrage.errors import BadScanError
from contrage.imaging.images import load, read_nifti

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def nifti(array: np.ndarray) -> bytes:
    return nib.Nifti1Image(array, np.eye(4)).to_bytes()


def mgh() -> bytes:
    stream = io.BytesIO()
    image = nib.MGHImage(np.ones((9, 9, 9), np.float32), np.eye(4))
    image.file_map["image"].fileobj = stream
    image.to_file_map()
    return stream.getvalue()


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("a.nii")
        archive.addfile(entry, io.BytesIO())
    return stream.getvalue()


def header_of_pair(kind: type) -> bytes:
    files = kind.make_file_map()
    for holder in files.values():
        holder.fileobj = io.BytesIO()
    kind(np.ones((9, 9, 9), np.float32), np.eye(4)).to_file_map(files)
    return files["header"].fileobj.getvalue()


PLAIN = nifti(np.ones((9, 9, 9), np.float32))
COLOUR = np.zeros((9, 9, 9), [("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LFS, r"a pointer of git-lfs: fetch the file \(git lfs pull\)"),
        (b"/annex/objects/MD5E-s1--00.nii.gz\n", "a pointer of git-annex: fetch the file"),
        (b"../.git/annex/objects/x/y/MD5E-s1--0/MD5E-s1--0", "a pointer of git-annex"),
        (b"\n<!DOCTYPE html><html><body>Log in</body></html>", "is a web page"),
        (b'{"error": "not found"}', "not a NIfTI file but a JSON text"),
        (b'<?xml version="1.0"?><Error/>', "not a NIfTI file but an XML text"),
        ("Größe: keine".encode(), "not a NIfTI file but a text"),
        (mgh(), r"an image of FreeSurfer \(\.mgh, \.mgz\); convert it to NIfTI \(mri_convert\)"),
        (gzip.compress(PLAIN, mtime=0), "is compressed twice"),
        (bz2.compress(PLAIN), "compressed by bzip2"),
        (lzma.compress(PLAIN), "compressed by xz"),
        (tar(), "is a tar archive"),
        (header_of_pair(nib.Nifti1Pair), r"is the header of a pair \(.hdr and .img\)"),
        (header_of_pair(nib.Spm99AnalyzeImage), "convert the pair to one .nii file"),
        (b"", "is empty"),
        (b"\0" * 128 + b"DICM" + b"\0" * 500, "is a DICOM file"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 500, "is an HDF5 file"),
        (b"\x89PNG" + b"\0" * 500, "is a PNG picture"),
        (bytes(range(256)) * 3, "is not a NIfTI file; convert it"),
        (nifti(np.ones((9, 9, 9), np.complex64)), r"is complex \(complex64\); give the part or"),
        (nifti(COLOUR), r"is a colour image \(R, G, B\)"),
    ],
)
def test_what_is_no_image_is_called_what_it_is(tmp_path, content, said):
    path = tmp_path / "map.nii.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(BadScanError, match=said):
        load(path)


def test_a_pointer_is_recognised_without_gzip_as_it_lies_on_disk(tmp_path):
    (tmp_path / "map.nii.gz").write_bytes(LFS)
    with pytest.raises(BadScanError, match="a pointer of git-lfs"):
        read_nifti(tmp_path / "map.nii.gz")


def test_a_link_of_git_annex_without_its_content_says_how_to_get_it(tmp_path):
    (tmp_path / "map.nii.gz").symlink_to("../.git/annex/objects/ab/cd/MD5E-s1--0/MD5E-s1--0")
    with pytest.raises(BadScanError, match=r"link of git-annex .* datalad get"):
        load(tmp_path / "map.nii.gz")


@pytest.mark.parametrize("name", ["map.nii", "map.nii.gz"])
@pytest.mark.parametrize("content", [PLAIN, gzip.compress(PLAIN, mtime=0)])
def test_an_image_is_read_whether_it_is_compressed_or_not(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert load(tmp_path / name).array.shape == (9, 9, 9)
