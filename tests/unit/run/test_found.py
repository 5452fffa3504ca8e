"""Whatever is done to a file of the data changes what was found."""

from __future__ import annotations

import os
import shutil

from contrage.run.found import contents, digest, stamps
from contrage.run.left_behind import left_behind, message


def test_another_file_in_place_is_found_also_an_older_one(tmp_path):
    file, other = tmp_path / "a.nii", tmp_path / "b.nii"
    file.write_bytes(b"one")
    other.write_bytes(b"two")
    os.utime(other, ns=(1, 1))
    before = stamps([str(file)])
    shutil.copy2(other, file)
    assert stamps([str(file)]) != before


def test_a_file_that_is_gone_or_behind_a_link_to_nowhere_is_found(tmp_path):
    (tmp_path / "lost").symlink_to("gone")
    assert stamps([str(tmp_path / "none"), str(tmp_path / "lost")]) == {
        str(tmp_path / "none"): None,
        str(tmp_path / "lost"): None,
    }


def test_what_a_link_points_to_counts(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"one")
    link.symlink_to(real)
    before = stamps([str(link)])
    real.write_bytes(b"other")
    assert stamps([str(link)]) != before


def test_tables_count_by_what_stands_in_them(tmp_path):
    table = tmp_path / "t.tsv"
    table.write_text("a\n", encoding="utf-8")
    before = contents([str(table)])
    os.utime(table, ns=(1, 1))
    assert contents([str(table)]) == before
    table.write_text("b\n", encoding="utf-8")
    assert contents([str(table)]) != before
    table.unlink()
    assert contents([str(table)]) == {str(table): None}


def test_the_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})


def test_folders_of_scans_that_are_gone_are_named_with_a_command_that_deletes_them(tmp_path):
    for name in ("sub-1", "sub-2/ses-a", "sub-2/ses-b", "sub-3/ses-a", "array"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / "logs/check" / name).mkdir(parents=True)
    gone = left_behind(tmp_path, ["sub-1", "sub-2_ses-b"])
    assert gone == ["sub-2/ses-a", "sub-3"]
    command = message(tmp_path, gone).partition("delete it: ")[2]
    assert os.system(f"bash -c '{command}'") == 0
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {
        *("sub-1", "sub-2", "sub-2/ses-b", "array", "logs", "logs/check", "logs/check/sub-1"),
        *("logs/check/sub-2", "logs/check/sub-2/ses-b", "logs/check/array"),
    }
    assert left_behind(tmp_path / "nowhere", []) == []
