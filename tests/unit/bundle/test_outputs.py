"""What `contrage predict` is to write is looked at first."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrage.bundle.outputs import check_outputs
from contrage.errors import SettingsError, UnwritableError


@pytest.fixture
def scan(tmp_path) -> Path:
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(b"x")
    return path


def test_a_folder_and_what_is_no_file_are_refused(tmp_path, scan):
    for given in (tmp_path, Path(""), Path(".")):
        with pytest.raises(SettingsError, match=r"^--output: .* is a folder"):
            check_outputs({"--output": given}, [scan])
    with pytest.raises(SettingsError, match=r"^--json: /dev/null is no ordinary file"):
        check_outputs({"--output": tmp_path / "p.tsv", "--json": Path("/dev/null")}, [scan])


def test_a_file_that_is_read_is_not_replaced(tmp_path, scan):
    link = tmp_path / "link.tsv"
    link.symlink_to(scan)
    for given in ([scan], [None, Path(f"anatomical=a.nii,stiffness={scan}")]):
        for path in (scan, link, tmp_path / "x" / ".." / "scan.nii.gz"):
            (tmp_path / "x").mkdir(exist_ok=True)
            with pytest.raises(SettingsError, match="is read as well, and would be replaced"):
                check_outputs({"--output": path}, given)
    assert scan.read_bytes() == b"x"


def test_two_outputs_are_two_files(tmp_path, scan):
    same = {"--output": tmp_path / "p.tsv", "--json": tmp_path / "." / "p.tsv"}
    with pytest.raises(SettingsError, match=r"^--json: .* is that of --output as well"):
        check_outputs(same, [scan])


def test_a_folder_that_cannot_be_written_to_is_named_at_once(tmp_path, scan):
    for path in (scan / "p.tsv", Path("/proc/p.tsv")):
        with pytest.raises(UnwritableError, match="cannot be written"):
            check_outputs({"--output": path}, [])


def test_what_can_be_written_leaves_nothing_behind(tmp_path, scan):
    old = tmp_path / "p.tsv"
    old.write_text("before")
    check_outputs({"--output": old, "--json": tmp_path / "new" / "p.json"}, [scan, tmp_path])
    assert old.read_text() == "before" and not list((tmp_path / "new").iterdir())
