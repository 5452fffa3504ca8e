"""Around a run: another one beside it, files that were cut, disks that are full or may not be
written, locales without the letters of a table."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from small_study import Workflow, checkout

from contrage.run import at_work

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("around")]

CONFIG = {
    "experiment": "small",
    "cohort": {"source": "table", "image": "table", "name": "regions", "path": "regions.csv"},
    "dataset": {"split": {"scheme": "holdout", "test_fraction": 0.25}},
    "benchmark": {"losses": ["l1"], "norms": [], "pretrained": []},
    "training": {"seeds": [0], "epochs": 1, "batch_size": 8, "encoder": "mlp", "device": "cpu"},
    "statistics": {"bootstrap": 200},
    "report": {"embedding_rows": []},
}


def write_table(path: Path) -> None:
    """Write 24 people of two sites, one of them with letters that not every locale has."""
    lines = ["participant_id,age,site,f1,f2"]
    for number in range(24):
        site = ("Zürich", "Łódź")[number % 2]
        lines.append(f"p{number:03d},{20 + 2 * number},{site},{number * 0.37 % 1},{number % 5}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A checkout in which the workflow has run on a small table."""
    workflow = checkout(root, tmp_path_factory.mktemp("around") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(CONFIG))
    finished = workflow.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


TABLES = "results/small/tables/mae.tsv"


def elsewhere(done: Workflow, folder: Path, *targets: str) -> list[str]:
    """Return the options of the same run, of the same checkout, in a folder of its own."""
    for name in ("regions.csv", "small.yaml"):
        shutil.copy(done.folder / name, folder / name)
    snakefile = str(done.folder / "Snakefile")
    own = done.options("-s", snakefile, config="small.yaml")
    return [*own, "--directory", str(folder), "--", *targets]


def as_users_do(done: Workflow, folder: Path, *targets: str) -> list[str]:
    """Return the command of that run."""
    return [sys.executable, "-m", "snakemake", *elsewhere(done, folder, *targets)]


@pytest.mark.parametrize(
    "name",
    [
        "features/l1/seed-0/fold-0.npz",
        "../derivatives/regions/array/features.npy",
    ],
)
def test_a_cut_file_is_named_and_the_same_command_makes_it_again(done, name):
    before = done.tables()
    path = done.folder / "results/small" / name
    whole = path.read_bytes()
    path.write_bytes(whole[:60])
    failed = done.run("--retries", "1")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert "Traceback" not in printed
    closing = printed[printed.index("failed:") :]
    assert f"{path.name} is cut short or damaged" in closing
    again = done.run()
    assert again.returncode == 0, again.stdout + again.stderr
    assert path.read_bytes() == whole
    assert done.tables() == before
    assert not done.jobs()


def test_a_second_run_is_refused_in_a_sentence_and_the_first_goes_on(done, tmp_path):
    command = as_users_do(done, tmp_path, "results/small/dataset/splits/seed-0.json")
    with (tmp_path / "printed").open("w") as log:
        first = subprocess.Popen(
            command, cwd=tmp_path, env=done.environment(), stdout=log, stderr=log
        )
    while not list((tmp_path / at_work.NOTES).glob("*.json")):
        assert first.poll() is None
        time.sleep(0.05)
    second = subprocess.run(
        command, cwd=tmp_path, env=done.environment(), capture_output=True, text=True
    )
    assert second.returncode != 0
    assert f"another run (process {first.pid} on" in second.stderr
    assert "is working on results/small in this folder" in second.stderr
    assert "Incomplete" not in second.stderr and "Traceback" not in second.stderr
    assert first.wait() == 0, (tmp_path / "printed").read_text()
    assert not list((tmp_path / at_work.NOTES).glob("*.json"))


def test_a_locale_without_the_letters_changes_no_number(done, tmp_path):
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    finished = subprocess.run(
        as_users_do(done, tmp_path),
        cwd=tmp_path,
        env=done.environment() | environment,
        capture_output=True,
    )
    printed = (finished.stdout + finished.stderr).decode("utf-8", "replace")
    assert finished.returncode == 0, printed
    assert "Traceback" not in printed and "Logging error" not in printed
    own = Workflow(tmp_path).tables()
    assert own == done.tables()
    assert "Zürich" in (tmp_path / "results/small/report.html").read_text(encoding="utf-8")


@pytest.mark.timeout(300)  # far less than the timespan, for which nobody is to wait
def test_a_run_ends_with_its_last_job(done):
    asked = ("--max-jobs-per-timespan", "1000/30m", "--forcerun", "feasible", "--")
    finished = done.run(*asked, "results/small/dataset/splits/seed-0.json")
    assert finished.returncode == 0 and "Finished jobid" in finished.stdout + finished.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
@pytest.mark.parametrize("size", ["48k", "300k"])
def test_a_full_disk_is_named_at_the_end_and_the_next_run_ends_as_if_undisturbed(
    done, tmp_path, size
):
    results = tmp_path / "results"
    results.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(results)]
    if subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        failed = done.in_memory(elsewhere(done, tmp_path), tmp_path)
        printed = failed.stdout + failed.stderr
        assert failed.returncode != 0
        assert "Traceback" not in printed and "Logging error" not in printed
        assert "no space left on device" in printed[printed.index("failed:") :]
        assert "killed?" not in printed
        subprocess.run(["mount", "-o", "remount,size=20m", str(results)], check=True)
        again = done.in_memory(elsewhere(done, tmp_path, TABLES), tmp_path)
        assert again.returncode == 0, again.stdout + again.stderr
        assert Workflow(tmp_path).tables() == done.tables()
    finally:
        subprocess.run(["umount", str(results)], check=True)


@pytest.mark.parametrize("sealed", [".", "results"])
def test_a_folder_that_may_not_be_written_is_named_before_any_job(done, tmp_path, sealed):
    command = as_users_do(done, tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / sealed).chmod(0o555)
    if os.geteuid() == 0:  # as an ordinary user
        powers = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--inh-caps={powers}", f"--bounding-set={powers}", *command]
    failed = subprocess.run(
        command, cwd=tmp_path, env=done.environment(), capture_output=True, text=True
    )
    (tmp_path / sealed).chmod(0o755)
    place = (tmp_path / sealed).resolve()
    assert failed.returncode != 0
    assert f"{place}: cannot be written (permission denied)" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not any((tmp_path / "results").iterdir())
