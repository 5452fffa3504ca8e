"""Files are written whole or not at all, and a full disk or a cut file is named in a sentence."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from contrage import cli, files
from contrage.errors import BadScanError, ContrageError, CutFileError, UnwritableError
from contrage.imaging.images import load_made
from contrage.run import at_work
from contrage.settings.steps.evaluation import SearchTableStep

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which Snakemake was at work."""
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cut(path: Path, left: int) -> Path:
    path.write_bytes(path.read_bytes()[:left])
    return path


@pytest.mark.parametrize("error", [FULL, OSError(errno.EDQUOT, "Disk quota exceeded")])
def test_a_full_disk_is_told_in_a_sentence_with_the_files_name(tmp_path, error):
    expected = pytest.raises(UnwritableError, match=r"model.pt: no space left on device.*make room")
    with expected, files.atomic(tmp_path / "model.pt"):
        raise error
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_seen_behind_what_a_library_makes_of_it(tmp_path):
    expected = pytest.raises(UnwritableError, match="no space left")
    with expected, files.atomic(tmp_path / "model.pt"):
        try:
            raise FULL
        except OSError:
            raise ValueError("cannot close") from None


def test_a_disk_that_takes_no_more_is_full_whatever_the_library_says(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_no_room_for_more", lambda file: FULL)
    expected = pytest.raises(UnwritableError, match="no space left")
    with expected, files.atomic(tmp_path / "model.pt"):
        raise RuntimeError("unexpected pos 75520 vs 75416")


def test_a_disk_with_room_is_not_to_blame_for_an_error(tmp_path):
    assert files._no_room_for_more(Path("/dev/full")).errno == errno.ENOSPC
    expected = pytest.raises(RuntimeError, match="unexpected pos")
    with expected, files.atomic(tmp_path / "model.pt"):
        raise RuntimeError("unexpected pos 75520 vs 75416")


def test_a_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    with pytest.raises(UnwritableError, match=r"x.json: cannot be written \(permission denied\)"):
        files.write_json(tmp_path / "x.json", {})


@pytest.mark.parametrize("place", ["step", "log"])
def test_a_step_that_finds_the_disk_full_says_so_without_a_traceback(
    place, monkeypatch, capsys, tmp_path
):
    def fail(settings: SearchTableStep):
        """Fail."""
        raise RuntimeError("x") from FULL

    def full(file):
        raise FULL

    monkeypatch.setattr(logging.getLogger("contrage"), "handlers", [])
    monkeypatch.setattr(cli, "load_step", lambda step: fail)
    if place == "log":
        monkeypatch.setattr(cli, "log_to", full)
    with pytest.raises(SystemExit, match="1"):
        cli.main(["check", "--settings", "{}", "--log", str(tmp_path / "log")])
    told = capsys.readouterr().err
    assert "no space left on device" in told and "Traceback" not in told


def test_a_log_that_finds_no_room_stops_nothing(monkeypatch, capsys):
    from contrage.logs import LogFile

    handler = LogFile("/dev/full")
    handler.emit(logging.LogRecord("contrage", logging.ERROR, "", 1, "broken", (), None))
    handler.close()
    assert capsys.readouterr().err == ""


def test_arrays_are_written_as_numpy_writes_them(tmp_path, rng):
    values = rng.normal(size=(4, 3, 5)).astype(np.float32)
    np.save(tmp_path / "numpy.npy", values)
    files.write_array(tmp_path / "own.npy", values.shape, iter(values))
    assert (tmp_path / "own.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()


def written(folder: Path) -> dict[Path, tuple]:
    """Files of all kinds that steps leave for others, and what reads each."""
    place = folder / "results/x"
    place.mkdir(parents=True)
    np.savez(place / "a.npz", features=np.arange(600.0))
    np.save(place / "a.npy", np.arange(600.0))
    (place / "a.json").write_text(json.dumps({"key": list(range(200))}))
    image = np.random.default_rng(0).normal(size=(9, 9, 9)).astype(np.float32)
    nib.save(nib.Nifti1Image(image, np.eye(4)), place / "a.nii.gz")
    readers = {
        "a.npz": files.read_npz,
        "a.npy": files.open_array,
        "a.json": files.read_json,
        "a.nii.gz": files.read_image,
    }
    return {place / name: reader for name, reader in readers.items()}


@pytest.mark.parametrize("left", [0, 20, 400])
def test_a_cut_file_is_named_and_noted_to_be_made_again(folder, left):
    for number, (path, read) in enumerate(written(folder).items(), 1):
        read(path)
        cut(path, left)
        with pytest.raises(
            CutFileError, match=f"{path.name} is cut short or damaged .*same command"
        ):
            read(path)
        assert path.exists(), "a second try of the job has to find its input"
        assert len(at_work.times_cut(folder)) == number
    assert set(at_work.times_cut(folder).values()) == {1}


def test_a_file_that_is_cut_twice_is_counted_twice(folder):
    path = cut(next(iter(written(folder))), 20)
    for _ in range(2):
        with pytest.raises(CutFileError):
            files.read_npz(path)
    assert at_work.times_cut(folder) == {"results/x/a.npz": 2}


def test_what_no_run_made_is_left_to_its_owner(folder):
    (folder / "mine.json").write_text("{")
    with pytest.raises(CutFileError, match="get it again from where it came"):
        files.read_json(folder / "mine.json")
    assert at_work.times_cut(folder) == {}


def test_a_cut_derivative_is_no_bad_scan(folder):
    path = cut(list(written(folder))[3], 30)
    with pytest.raises(
        CutFileError, match=r"a.nii.gz is cut short or damaged \(BadScanError\)"
    ) as told:
        load_made(path)
    assert not isinstance(told.value, BadScanError)


def test_a_file_of_a_folder_that_is_made_as_a_whole_is_noted_with_it(folder):
    path = cut(list(written(folder))[2], 10)
    with pytest.raises(CutFileError):
        files.read_json(path, whole=path.parent)
    assert at_work.times_cut(folder) == {"results/x": 1}


def test_what_the_system_says_of_a_file_is_no_damage(folder, monkeypatch):
    def fail(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(FileNotFoundError):
        files.read_json(folder / "none.json")
    path = next(iter(written(folder)))
    monkeypatch.setattr(np, "load", lambda *a, **k: fail(a))
    with pytest.raises(OSError, match="Input/output"):
        files.read_npz(path)
    assert at_work.times_cut(folder) == {}


def test_a_file_that_is_gone_for_which_another_stood_is_made_again(folder):
    with pytest.raises(CutFileError, match=r"a.json is gone: give the same command again"):
        files.read_json(folder / "results/x/a.json")
    assert at_work.times_cut(folder) == {"results/x/a.json": 1}


def test_a_note_that_is_cut_itself_is_passed_over(folder):
    (folder / files.TIMES_CUT).mkdir()
    (folder / files.TIMES_CUT / "a.json").write_text('{"file": "res')
    (folder / files.TIMES_CUT / "b.json").write_text("[]")
    assert at_work.times_cut(folder) == {}
    assert issubclass(CutFileError, ContrageError)


@pytest.mark.parametrize("left", [0, 31, 70])
def test_a_table_of_a_run_whose_last_line_has_no_end_was_cut(folder, left):
    table = folder / "results/x/scans.tsv"
    table.parent.mkdir(parents=True)
    table.write_text("scan_id\tage\n" + "".join(f"sub-{i:02d}\t{i}\n" for i in range(20)))
    files.require_end(table)
    with pytest.raises(CutFileError, match=r"scans.tsv is cut short or damaged \(EOFError\)"):
        files.require_end(cut(table, left))
    (folder / "mine.tsv").write_text("scan_id\tage\nsub-01\t3")
    files.require_end(folder / "mine.tsv")
