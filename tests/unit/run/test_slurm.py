"""What a killed run left in Slurm's queue and in the folder is ended, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contrage.errors import ContrageError
from contrage.run import at_work, slurm

QUEUE = """#!/bin/sh
# A queue in a file: number, working directory and comment of each job.
case "$*" in
  *%Z*) cat "$QUEUE_FILE" ;;
  *) cut -d'|' -f1 "$QUEUE_FILE" ;;
esac
"""
CANCEL = """#!/bin/sh
for job in "$@"; do sed -i "/^$job|/d" "$QUEUE_FILE"; done
"""


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that act on a file in place of Slurm's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("squeue", QUEUE), ("scancel", CANCEL), ("sinfo", "#!/bin/sh\necho cpu\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    file = tmp_path / "queue"
    file.write_text("")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QUEUE_FILE", str(file))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with Snakemake's lock in it."""
    (tmp_path / "study/.snakemake/locks").mkdir(parents=True)
    (tmp_path / "study/.snakemake/locks/0.output.lock").write_text("results\n")
    return tmp_path / "study"


def note(folder: Path, **facts: object) -> Path:
    """Write the note of a run: by default one on Slurm, on this host, that is no more."""
    run = at_work.Run(
        **{
            "host": at_work.socket.gethostname(),
            "process": 2**22 + 1,
            "started": "1",
            "executor": "slurm",
        }
        | facts
    )
    file = folder / run.note
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(run.__dict__))
    return file


def is_locked(folder: Path) -> bool:
    return any((folder / ".snakemake/locks").iterdir())


def test_a_dead_runs_jobs_are_cancelled_and_its_lock_and_note_removed(folder, queue, caplog):
    dead = note(folder)
    queue.write_text(f"7|{folder}|rule_train_wildcards_exp_0_0\n8|{folder}|rule_imaging\n")
    at_work.end_left_behind(folder)
    assert queue.read_text() == ""
    assert not is_locked(folder)
    assert not dead.exists()
    assert "left 2 jobs" in caplog.text


def test_jobs_of_other_folders_and_other_programs_stay(folder, queue):
    note(folder)
    others = f"1|{folder.parent}|rule_train\n2|{folder}|my own job\n3|{folder}x|rule_train\n"
    queue.write_text(f"{others}4|{folder}|rule_train\n")
    at_work.end_left_behind(folder)
    assert queue.read_text() == others


def test_nothing_is_touched_while_another_run_lives_in_the_folder(folder, queue):
    dead = note(folder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        note(folder, process=other.pid, started=at_work._start_of(other.pid))
        queue.write_text(f"7|{folder}|rule_train\n")
        at_work.end_left_behind(folder)
        other.communicate(b"\n")
    assert queue.read_text() and is_locked(folder) and dead.exists()


def test_a_later_process_of_the_same_number_is_not_the_run(folder, queue):
    note(folder, process=os.getpid(), started="1")
    at_work.end_left_behind(folder)
    assert not is_locked(folder)


def test_a_killed_run_that_its_parent_has_not_noticed_is_dead(folder, queue):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as killed:
        note(folder, process=killed.pid, started=at_work._start_of(killed.pid))
        killed.kill()
        os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
        at_work.end_left_behind(folder)
    assert not is_locked(folder)


def test_a_run_of_another_host_is_left_to_the_reader(folder, queue, caplog):
    note(folder, host="login2")
    queue.write_text(f"7|{folder}|rule_train\n")
    at_work.end_left_behind(folder)
    assert queue.read_text() and is_locked(folder)
    assert "login2" in caplog.text and "--unlock" in caplog.text


def test_a_run_that_was_a_job_itself_is_dead_when_its_job_is(folder, queue):
    dead = note(folder, host="node7", job="5")
    queue.write_text(f"5|{folder}|my driver\n7|{folder}|rule_train\n")
    at_work.end_left_behind(folder)
    assert "7|" in queue.read_text() and dead.exists()
    queue.write_text(f"7|{folder}|rule_train\n")
    at_work.end_left_behind(folder)
    assert queue.read_text() == "" and not dead.exists() and not is_locked(folder)


def test_nothing_is_unlocked_where_the_queue_cannot_be_read(folder, queue):
    note(folder)
    (queue.parent / "bin/squeue").write_text("#!/bin/sh\necho down >&2\nexit 1\n")
    with pytest.raises(ContrageError, match="squeue failed: down"):
        at_work.end_left_behind(folder)
    assert is_locked(folder)


def test_the_lock_of_a_run_without_slurm_stays(folder, queue):
    dead = note(folder, executor="local")
    at_work.end_left_behind(folder)
    assert is_locked(folder)
    assert not dead.exists()


def test_a_run_without_slurm_forgets_dead_ones_of_its_kind_alone(folder, queue, monkeypatch):
    monkeypatch.setattr(at_work.atexit, "register", lambda *arguments: None)
    of_slurm, of_here = note(folder), note(folder, executor="local", process=2**22 + 2)
    at_work.begin(folder, "local")
    assert of_slurm.exists() and not of_here.exists()
    assert is_locked(folder)


def test_a_lock_without_a_note_stays(folder, queue):
    at_work.end_left_behind(folder)
    assert is_locked(folder)


def test_jobs_that_do_not_end_are_named(folder, queue, monkeypatch):
    note(folder)
    queue.write_text(f"7|{folder}|rule_train\n")
    (queue.parent / "bin/scancel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(slurm, "JOBS_END_S", 0)
    with pytest.raises(ContrageError, match="do not end: 7"):
        at_work.end_left_behind(folder)


def test_a_run_notes_itself_until_it_ends(folder, queue):
    program = """
from pathlib import Path
from contrage.run import at_work
at_work.begin(Path.cwd(), "slurm")
print(len(list(Path(at_work.NOTES).glob("*.json"))))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(slurm.__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1\n", done.stderr
    assert not list((folder / at_work.NOTES).iterdir())


def test_a_controller_that_answers_is_enough(queue):
    slurm.require_controller()


@pytest.mark.parametrize(
    ("sinfo", "reason"),
    [
        (
            "#!/bin/sh\necho 'sinfo: error: Unable to contact slurm controller' >&2\nexit 1\n",
            "contact",
        ),
        ("#!/bin/sh\nsleep 30\n", "no answer within"),
    ],
)
def test_a_controller_that_does_not_answer_is_named(queue, monkeypatch, sinfo, reason):
    (queue.parent / "bin/sinfo").write_text(sinfo)
    monkeypatch.setattr(slurm, "PATIENCE_S", 0.5)
    with pytest.raises(ContrageError, match=f"does not answer .*{reason}"):
        slurm.require_controller()


def test_a_machine_without_slurm_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ContrageError, match="no Slurm on this machine"):
        slurm.require_controller()
