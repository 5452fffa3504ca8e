"""The end of a run that failed names the jobs, the reasons and the logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrage.run.failures import SHOWN, summary

BLOCK = """Error in rule {rule}:
    message: SLURM-job '{number}' failed, SLURM status is: 'FAILED'.
    jobid: {number}
    input: a.nii.gz
    log: {log}, /slurm/{number}.log (check log file(s) for error details)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(*blocks: str) -> list[str]:
    Path("snakemake.log").write_text("Building DAG of jobs...\n" + "\n".join(blocks))
    return summary(Path("snakemake.log"))


def failed(rule: str, number: int, *lines: str) -> str:
    log = Path(f"{rule}-{number}.log")
    log.write_text("\n".join(["2026-11-22 10:00:00,000 INFO device: cpu", *lines]))
    return BLOCK.format(rule=rule, number=number, log=log)


def test_a_failed_job_is_told_with_its_reason_and_log():
    lines = told(failed("check", 3, "2026-11-22 10:00:01,000 ERROR scan.nii: all zeros"))
    assert lines[0] == "1 job failed:"
    assert lines[1] == "  check: scan.nii: all zeros\n    check-3.log"


def test_of_a_traceback_the_last_line_is_told():
    lines = told(
        failed(
            "train",
            4,
            "2026-11-22 10:00:01,000 ERROR an error that contrage did not expect",
            "Traceback (most recent call last):",
            '  File "loss.py", line 3, in forward',
            "ValueError: nothing to compare",
        )
    )
    assert "train: ValueError: nothing to compare" in lines[1]


def test_a_job_that_succeeded_later_is_not_told():
    assert told(failed("train", 4), "Finished jobid: 4 (Rule: train)\n") == []


def test_a_job_is_told_once_however_often_it_failed():
    assert len(told(*[failed("train", 4, "x ERROR broken")] * 3)) == 2


def test_jobs_of_a_group_are_read_too_and_those_with_a_reason_come_first():
    members = failed("preprocess", 5) + failed("quality", 6, "x ERROR no brain")
    nested = "\n".join(f"    {line}" for line in members.splitlines())
    lines = told(f"    message: Error in group imaging\n{nested}\n")
    assert lines[0] == "2 jobs failed:"
    assert "quality: no brain" in lines[1]
    assert lines[2].startswith("  and 1 more")


def test_a_job_without_an_error_in_its_log_is_said_to_be_killed():
    assert "killed?" in told(failed("stack", 7))[1]


def test_of_many_only_the_first_are_told():
    lines = told(*(failed("check", number, "x ERROR bad") for number in range(SHOWN + 5)))
    assert len(lines) == SHOWN + 2
    assert lines[-1].startswith("  and 5 more")


def test_nothing_is_told_of_a_run_that_did_not_fail():
    assert told("Finished jobid: 1 (Rule: all)") == []


def test_what_stopped_snakemake_itself_is_told_where_the_log_says_nothing():
    said = "WorkflowError:\nOSError: [Errno 28] No space left on device\n"
    lines = told(said + failed("stack", 7))
    assert "no space left on device" in lines[1] and "killed?" not in lines[1]
    lines = told(failed("stack", 7), said, "Finished jobid: 3 (Rule: a)", failed("split", 8))
    assert [line for line in lines if "split: " in line and "no space left" in line]


def test_a_place_that_snakemake_may_not_write_to_is_named():
    said = "PermissionError: [Errno 13] Permission denied: 'results/x/tables'\n"
    assert "results/x/tables: cannot be written" in told(said + failed("stack", 7))[1]


def test_a_full_disk_is_told_of_a_job_that_could_not_write_its_log(monkeypatch):
    class Disk:
        f_bavail, f_frsize, f_files, f_favail = 1, 4096, 0, 0

    monkeypatch.setattr("contrage.run.failures.os.statvfs", lambda place: Disk)
    block = BLOCK.format(rule="stack", number=7, log="results/x/logs/stack.log")
    assert "no space left on device" in told(block)[1]
