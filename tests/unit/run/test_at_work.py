"""Two runs that would write the same files are told apart before either reads anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contrage.errors import ContrageError, UnwritableError
from contrage.plan import pretraining
from contrage.run import at_work, place

OWN = ["results/x", "results/derivatives/a"]
NO_PHANTOM = {"phantom_tables": None, "phantom_files": None}


@pytest.fixture(autouse=True)
def _notes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_work.atexit, "register", lambda *arguments: None)


@pytest.fixture
def other() -> Iterator[subprocess.Popen]:
    """Another process of this host, until the test ends."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def note(folder: Path, process: subprocess.Popen, **facts: object) -> Path:
    """Write the note of a local run in a process that lives."""
    told = {
        "host": at_work.socket.gethostname(),
        "process": process.pid,
        "started": at_work._start_of(process.pid),
        "executor": "local",
        "folders": OWN,
    } | facts
    file = folder / at_work.NOTES / f"{told['host']}-{told['process']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({key: value for key, value in told.items() if value is not None}))
    return file


@pytest.mark.parametrize("shared", OWN)
def test_a_run_that_shares_a_folder_of_results_with_one_that_works_is_refused(
    tmp_path, other, shared
):
    note(tmp_path, other)
    with pytest.raises(ContrageError, match=rf"process {other.pid} on .* is working on {shared}"):
        at_work.begin(tmp_path, "local", ["results/y", shared])
    assert len(at_work._notes(tmp_path)) == 1


def test_a_cohort_that_the_other_run_only_reads_may_be_shared(tmp_path, other):
    note(tmp_path, other)
    locks = tmp_path / at_work.LOCKS
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("results/derivatives/a/scans.tsv\n")
    lock = locks / "0.output.lock"
    lock.write_text("results/derivatives/ab/x.nii.gz\nresults/x/report.html\n")
    at_work.begin(tmp_path, "local", ["results/y", "results/derivatives/a"])
    with pytest.raises(ContrageError, match="is working on results/x"):
        at_work.begin(tmp_path, "local", ["results/x"])
    lock.write_text("results/derivatives/a/sub-1/x.nii.gz\n")
    with pytest.raises(ContrageError, match="is working on results/derivatives/a"):
        at_work.begin(tmp_path, "local", ["results/y", "results/derivatives/a"])


def test_a_run_that_shares_none_is_not(tmp_path, other):
    note(tmp_path, other)
    at_work.begin(tmp_path, "local", ["results/y", "results/derivatives/b"])
    assert {run.folders for run in at_work._notes(tmp_path)} >= {
        ("results/y", "results/derivatives/b")
    }


def test_a_killed_run_blocks_nobody_and_its_note_goes(tmp_path, other):
    dead = note(tmp_path, other)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    at_work.begin(tmp_path, "local", OWN)
    assert not dead.exists()


def test_a_note_of_an_older_version_counts_for_all_folders(tmp_path, other):
    note(tmp_path, other, folders=None)
    with pytest.raises(ContrageError, match="is working on results/y"):
        at_work.begin(tmp_path, "local", ["results/y"])


def test_keys_of_a_later_version_are_passed_over(tmp_path, other):
    note(tmp_path, other, colour="red")
    with pytest.raises(ContrageError, match="another run"):
        at_work.begin(tmp_path, "local", OWN)


@pytest.mark.parametrize("content", ['{"host": "vm", "pro', "[]", "", '{"host": "vm"}', "\udc81"])
def test_a_note_that_cannot_be_read_is_passed_over(tmp_path, content):
    (tmp_path / at_work.NOTES).mkdir(parents=True)
    (tmp_path / at_work.NOTES / "vm-1.json").write_bytes(os.fsencode(content))
    at_work.begin(tmp_path, "local", OWN)
    assert len(at_work._notes(tmp_path)) == 1


def test_of_a_run_on_another_host_there_is_a_warning(tmp_path, other, caplog):
    note(tmp_path, other, host="elsewhere")
    at_work.begin(tmp_path, "local", OWN)
    assert "elsewhere" in caplog.text and "If it was killed" in caplog.text


def test_a_run_does_not_stand_in_its_own_way(tmp_path):
    at_work.begin(tmp_path, "local", OWN)
    at_work.begin(tmp_path, "local", OWN)
    assert not at_work.is_at_work(tmp_path)


def test_who_looks_on_is_told_of_a_run_that_works(tmp_path, other, caplog):
    assert not at_work.is_at_work(tmp_path)
    note(tmp_path, other)
    assert at_work.is_at_work(tmp_path)
    assert f"process {other.pid}" in caplog.text and "leave that alone" in caplog.text


PROGRAM = """
import sys, time
from pathlib import Path
from contrage.run import at_work
from contrage.errors import ContrageError
while not Path("go").exists():
    time.sleep(0.001)
try:
    at_work.begin(Path.cwd(), "local", ["results/x"])
    print("began", flush=True)
    input()
except ContrageError:
    print("refused", flush=True)
"""


def test_of_runs_that_start_at_the_same_moment_one_begins(tmp_path):
    (tmp_path / ".snakemake").mkdir()
    path = str(Path(at_work.__file__).parents[2])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    (tmp_path / "go").touch()
    said = sorted(process.stdout.readline().strip() for process in started)
    for process in started:
        process.communicate("\n")
    assert said == ["began", *["refused"] * 4]


@pytest.mark.parametrize("sealed", [".", ".snakemake", ".snakemake/locks", "results", "results/x"])
def test_what_cannot_be_written_is_named_before_any_job(tmp_path, monkeypatch, sealed):
    for folder in (".snakemake/locks", "results/x"):
        (tmp_path / folder).mkdir(parents=True)
    there = tmp_path / sealed
    monkeypatch.setattr(at_work.os, "access", lambda path, how: Path(path) != there)
    with pytest.raises(UnwritableError, match=r"cannot be written \(permission denied\)") as told:
        at_work.begin(tmp_path, "local", OWN)
    assert str(told.value).startswith(f"{there}: ")
    assert not at_work._notes(tmp_path)


def test_a_working_folder_without_room_is_named_before_any_job(tmp_path, monkeypatch):
    class Disk:
        f_bavail, f_frsize, f_flag = 4, 4096, 0

    monkeypatch.setattr(at_work.os, "statvfs", lambda path: Disk)
    with pytest.raises(UnwritableError, match="no space left on device"):
        at_work.begin(tmp_path, "local", OWN)


def test_a_run_with_a_pre_training_writes_to_the_folders_of_both():
    config = {
        "experiment": "x",
        "cohort": {"name": "a", "members": [], **NO_PHANTOM},
        "training": {"start_from": "pretraining"},
        "benchmark": {"losses": ["l1"], "pretrained": []},
        "losses": {},
        "pretraining": {"cohort": {"name": "b", "source": "phantom"}},
    }
    both = [*OWN, "results/x-pretraining", "results/derivatives/b"]
    assert pretraining.folders([config]) == both
    assert pretraining.folders([config, config | {"experiment": "y"}]) == [
        *both,
        "results/y",
        "results/y-pretraining",
    ]


def test_a_path_that_the_locale_writes_otherwise_is_told_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(os.fsdecode("Zürich".encode())).mkdir()
    config = {"cohort": {"path": "Zürich", "columns": ["Größe"]}}
    place.require_names(config)
    monkeypatch.setattr(place.sys, "getfilesystemencoding", lambda: "iso8859-1")
    place.require_names(config)
    monkeypatch.setattr(place, "_exists", lambda path: path == "Zürich".encode())
    with pytest.raises(ContrageError, match=r"Zürich: .*iso8859-1; put PYTHONUTF8=1 before"):
        place.require_names(config)


def test_a_run_on_a_merged_cohort_writes_to_the_folders_of_its_members():
    config = {
        "experiment": "x",
        "cohort": {
            "name": "both",
            "source": "merged",
            "members": [{"name": name, **NO_PHANTOM} for name in ("a", "b")],
            **NO_PHANTOM,
        },
        "training": {"start_from": None},
        "benchmark": {"losses": ["l1"], "pretrained": []},
        "losses": {},
        "pretraining": {"cohort": {"name": "p", "source": "phantom"}},
    }
    written = [f"results/derivatives/{name}" for name in ("a", "b", "both")]
    assert pretraining.folders([config]) == ["results/x", *written]
