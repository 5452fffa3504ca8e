"""What lies in the place of data is called what it is, where a table stands and where an image."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import openpyxl
import pytest

from contrage.decode import read_text
from contrage.errors import BadScanError, TableError
from contrage.imaging.images import load
from contrage.marks import no_data

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.tsv"), io.BytesIO())
    return stream.getvalue()


def zipped(name: str, text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, text)
    return stream.getvalue()


def workbook() -> bytes:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    return stream.getvalue()


ODS = "application/vnd.oasis.opendocument.spreadsheet"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LFS, r"is a pointer of git-lfs: fetch the file \(git lfs pull\)"),
        (b"/annex/objects/MD5E-s1--0.tsv\n", "is a pointer of git-annex: fetch the file"),
        (b"..\\.git\\annex\\objects\\ab\\MD5E-s1--0", "is a pointer of git-annex"),
        (b"\xef\xbb\xbf <!-- 1 --><HTML>Log in", "is a web page, perhaps a login's"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC>', "is a web page"),
        (bz2.compress(b"a"), "is compressed by bzip2; unpack it"),
        (lzma.compress(b"a"), "is compressed by xz; unpack it"),
        (tar(), "is a tar archive; unpack it"),
        (zipped("a.tsv", "a"), "is a zip archive; unpack it"),
        (zipped("mimetype", ODS), "is a workbook of LibreOffice; save it as TSV or CSV"),
        (workbook(), "is an Excel workbook; save it as TSV or CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "is an Excel workbook"),
    ],
)
def test_what_lies_in_the_place_of_a_table_or_an_image_is_called_the_same(tmp_path, content, said):
    path = tmp_path / "map.nii.gz"
    path.write_bytes(content)
    with pytest.raises(TableError, match=f"map.nii.gz: {said}"):
        read_text(path)
    with pytest.raises(BadScanError, match=f"map.nii.gz: {said}"):
        load(path)


def test_what_is_compressed_says_what_to_do(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(gzip.compress(b"a\tb"))
    with pytest.raises(TableError, match=r"is compressed by gzip; unpack it \(gunzip\)"):
        read_text(path)


@pytest.mark.parametrize(
    "content",
    [
        b"participant_id\tfile\nsub-1\t.git/annex/objects/ab/MD5E-s1--0\n",
        b"id\tnote\n1\t<html> was read\n",
        b"BZh\tage\n1\t2\n",
        b"version\thttps://git-lfs.github.com/spec/v1\n",
        b"",
    ],
)
def test_a_table_that_only_speaks_of_them_is_one(content):
    assert no_data(content) is None
