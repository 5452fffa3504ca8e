"""What a file has in it that lies in the place of data: a pointer, a web page, an archive.

It may stand where a table is expected or an image, so the words fit both.
"""

from __future__ import annotations

ANNEX = b"/annex/objects/"
LFS = b"version https://git-lfs.github.com/spec/"
START = 2000
"""Bytes in which a text shows what it is."""
MAGIC = (
    (0, b"\x1f\x8b", "is compressed by gzip; unpack it (gunzip)"),
    (4, b"1AY&SY", "is compressed by bzip2; unpack it (bunzip2)"),
    (0, b"\xfd7zXZ\0", "is compressed by xz; unpack it (unxz)"),
    (0, b"\x28\xb5\x2f\xfd", "is compressed by zstd; unpack it (unzstd)"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it"),
    (0, b"Rar!\x1a\x07", "is a RAR archive; unpack it"),
    (256, b"\0ustar", "is a tar archive; unpack it"),
    (0, b"\xd0\xcf\x11\xe0", "is an Excel workbook; save it as TSV or CSV"),
)
ZIP = b"PK\x03\x04"
ZIPPED = (
    (b"xl/", "is an Excel workbook; save it as TSV or CSV"),
    (b"opendocument.spreadsheet", "is a workbook of LibreOffice; save it as TSV or CSV"),
    (b"", "is a zip archive; unpack it"),
)
"""What a zip archive is by the names in it."""


def no_data(content: bytes) -> str | None:
    """Return what a file's content is in place of data, and what to do; None where it is not."""
    for place, magic, words in MAGIC:
        if content[place : place + len(magic)] == magic:
            return words
    if content.startswith(ZIP):
        return next(words for name, words in ZIPPED if name in content)
    start = content[:START].removeprefix(b"\xef\xbb\xbf").strip().lower()
    if start.startswith(LFS):
        return "is a pointer of git-lfs: fetch the file (git lfs pull)"
    if _is_annexed(start.replace(b"\\", b"/")):
        return "is a pointer of git-annex: fetch the file (git annex get, or datalad get)"
    if start.startswith(b"<") and (b"<html" in start or b"<!doctype html" in start):
        return "is a web page, perhaps a login's; download the file itself"
    return None


def _is_annexed(start: bytes) -> bool:
    """Tell a pointer, or a link that was checked out as text; a path within a table is neither."""
    return start.startswith(ANNEX) or (ANNEX in start and b"\n" not in start)
