"""The loss of docs/losses.md, dropped in as it stands, is trained, tested and reported."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from small_study import CONFIG, Workflow

from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("small")]

MOST_LINES = 10
OWN = {
    **CONFIG,
    "experiment": "own",
    "benchmark": {"losses": ["l1", "stress"], "norms": []},
    "training": {**CONFIG["training"], "seeds": [0]},
    "report": {"embedding_rows": []},
}


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of the section on one's own loss."""
    section = page.read_text().split("\n## Add your own loss\n")[1]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


@pytest.fixture(scope="module")
def block(root: Path) -> str:
    (found,) = blocks(root / "docs/losses.md", "python")
    return found


@pytest.fixture(scope="module")
def dropped(finished: Workflow, block: str) -> Iterator[Workflow]:
    """The checkout, in which the whole small study has run, with the file that the block names."""
    name = block.splitlines()[0].removeprefix("# ")
    file = finished.folder / name
    assert file.parent == finished.folder / "workflow/contrage/losses"
    assert not file.exists()
    file.write_text(block)
    yield finished
    file.unlink()


def contents(folder: Path) -> dict[Path, bytes]:
    """Return what every file of the workflow holds."""
    files = (path for name in ("workflow", "config") for path in (folder / name).rglob("*"))
    return {
        path.relative_to(folder): path.read_bytes()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_is_ten_lines_of_code(block: str):
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) <= MOST_LINES


def test_the_command_of_the_page_plans_it(root: Path, dropped: Workflow, tmp_path: Path):
    (command,) = blocks(root / "docs/losses.md", "console")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "snakemake"
    where = ["--directory", str(tmp_path), "--snakefile", str(dropped.folder / "Snakefile")]
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments, "-n", *where],
        env=dropped.environment(),
        capture_output=True,
        text=True,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    for seed in (0, 1, 2):
        assert f"Training stress, seed {seed}, fold 0" in printed


def test_it_is_trained_alone_where_the_others_are_there(dropped: Workflow):
    more = {**CONFIG["benchmark"], "losses": [*CONFIG["benchmark"]["losses"], "stress"]}
    (dropped.folder / "more.yaml").write_text(yaml.safe_dump({**CONFIG, "benchmark": more}))
    planned = dropped.jobs("more.yaml")
    assert {job for job in planned if job.startswith("Training")} == {
        f"Training stress, seed {seed}, fold {fold}" for seed in (0, 1) for fold in (0, 1)
    }


def test_it_is_a_row_of_table_and_page_without_another_edit(dropped: Workflow, block: str):
    before = contents(dropped.folder)
    (dropped.folder / "own.yaml").write_text(yaml.safe_dump(OWN))
    done = dropped.run(config="own.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    table = read_tsv(dropped.folder / "results/own/tables/mae.tsv").set_index("loss")
    assert set(table.index) == {"l1", "stress"}
    assert table.loc["stress", ["mae_mean", "ci_low", "ci_high"]].notna().all()
    page = (dropped.folder / "results/own/report.html").read_text()
    (rows,) = re.findall(r"<t[hd][^>]*>\s*(?:<[^>]*>\s*)*stress\b", page)[:1]
    assert rows
    assert contents(dropped.folder) == before
    assert before[Path("workflow/contrage/losses/stress.py")] == block.encode()


def test_the_contract_of_all_losses_covers_it(root: Path, dropped: Workflow):
    tests = dropped.folder / "tests/unit/losses"
    tests.mkdir(parents=True, exist_ok=True)
    for name in ("tests/conftest.py", "pyproject.toml"):
        shutil.copy(root / name, dropped.folder / name)
    for name in ("loss_helpers.py", "test_losses_contract.py"):
        shutil.copy(root / "tests/unit/losses" / name, tests / name)
    chosen = [str(tests / "test_losses_contract.py"), "-k", "stress"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen],
        cwd=dropped.folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    (passed,) = re.findall(r"(\d+) passed", printed)
    assert int(passed) > 50
