"""The text of a file that somebody else wrote, or the reason why it is none."""

from __future__ import annotations

import re
from pathlib import Path

from contrage.errors import TableError
from contrage.marks import no_data

LINE_END = re.compile(r"\r\n|\r|\n")


def read_text(path: Path) -> str:
    """Return the text of a table: UTF-8, with or without a mark, or UTF-16 with one.

    Raises
    ------
    TableError
        If the file cannot be read, is something else than text, or in another encoding: the line
        is named.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        lost = "a link to nowhere; fetch the file" if path.is_symlink() else "no such file"
        raise TableError(f"{path}: {lost}") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})") from None
    if reason := no_data(content):
        raise TableError(f"{path}: {reason}")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = len(LINE_END.split(before.decode(encoding, "replace")))
        word = (
            re.split(rb"[\t\r\n,;]", before)[-1]
            + re.split(rb"[\t\r\n,;]", content[error.start : error.start + 40])[0]
        )
        raise TableError(
            f"{path}: line {line} is not UTF-8 ({word.decode('cp1252', 'replace')[:40]!r}, if it "
            "is Windows-1252): save the table as UTF-8"
        ) from None
    if "\0" in text:
        raise TableError(f"{path}: holds zero bytes: is no text, or UTF-16; save it as UTF-8")
    return text
