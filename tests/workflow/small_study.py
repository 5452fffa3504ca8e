"""A copy of the workflow, and a small study for it to run on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from in_memory import snakemake
from scipy import ndimage
from steps_in_memory import folder_of_python

from contrage.files import save_nifti

SHAPE = (91, 109, 91)
TWIN_OF = (14, 2)
"""Number of the participant who has a rescan of another one's brain, and of that one."""
MNI = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
CONFIG = {
    "experiment": "small",
    "cohort": {"source": "bids", "name": "study", "path": "study", "on_bad_scan": "exclude"},
    "preprocessing": {
        "skull_strip": {"method": "none"},
        "bias_correction": {"target": "none"},
        "registration": {"transform": "none"},
        "quality": {"min_coverage": 0.5},
    },
    "dataset": {"voxel_mm": 8, "split": {"scheme": "kfold", "folds": 2}},
    "benchmark": {"losses": ["l1", "exp", "dynlocrep"], "norms": ["manhattan", "cosine"]},
    "training": {"seeds": [0, 1], "epochs": 3, "batch_size": 4, "device": "cpu"},
    "statistics": {"bootstrap": 200},
    "report": {"embedding_epochs": [1, 3]},
}

TINY = {
    "experiment": "tiny",
    "cohort": {
        "name": "tiny",
        "phantom": {
            "participants": 10,
            "t1_voxel_mm": [2.6, 2.8, 3.0],
            "stiffness_voxel_mm": [2.8, 3.0, 3.2],
        },
    },
    "dataset": {"voxel_mm": 8},
    "benchmark": {"losses": ["exp"], "norms": []},
    "training": {"seeds": [0], "epochs": 2, "batch_size": 4, "device": "cpu"},
    "statistics": {"bootstrap": 200},
    "report": {"embedding_rows": []},
}

# As `make demo` runs it: choosing jobs, and waking for each that has ended, take a second less.
BRISK = ("--scheduler", "greedy", "--max-jobs-per-timespan", "1000/10s")


@dataclass
class Workflow:
    """A checkout in which the workflow can be run."""

    folder: Path

    def run(self, *arguments: str, config: str = "small.yaml") -> subprocess.CompletedProcess:
        """Run Snakemake and return what it printed."""
        options = self.options(*arguments, config=config)
        return self.in_memory(options, self.folder)

    def in_memory(self, options: list[str], folder: Path) -> subprocess.CompletedProcess:
        """Run Snakemake with options in a folder, itself and its steps as forks."""
        environment = self.environment()
        environment["PATH"] = f"{folder_of_python()}{os.pathsep}{environment['PATH']}"
        return snakemake(*options, folder=folder, environment=environment)

    def start(self, config: str = "small.yaml") -> subprocess.Popen:
        """Start Snakemake beside the test; what it prints goes to a file beside the config."""
        with (self.folder / f"{config}.log").open("w") as log:
            return subprocess.Popen(
                self.command(config=config),
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def command(self, *arguments: str, config: str = "small.yaml") -> list[str]:
        options = self.options(*arguments, config=config)
        return [sys.executable, "-m", "snakemake", *options]

    def options(self, *arguments: str, config: str) -> list[str]:
        # The configuration first: --configfile takes all that follows up to the next option.
        return ["--configfile", config, "--cores", "2", *BRISK, *arguments]

    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}

    def jobs(self, config: str = "small.yaml") -> set[str]:
        """Return the messages of the jobs that a dry run plans, without their numbers."""
        done = self.run("-n", config=config)
        assert done.returncode == 0, done.stdout + done.stderr
        # Those of a group, which only a cluster submits as one, are printed further in.
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        found = [line.partition(": ")[2] for line in lines if line.startswith("Job ")]
        return {line for line in found if line}

    def tables(self) -> dict[str, bytes]:
        """Return the contents of everything that holds a number of the result."""
        results = self.folder / "results" / "small"
        files = [*results.glob("predictions/*/*.tsv"), results / "tables" / "mae.tsv"]
        return {str(file.relative_to(results)): file.read_bytes() for file in sorted(files)}


def checkout(root: Path, folder: Path) -> Workflow:
    """Copy the workflow, without results and environment."""
    for name in ("Snakefile", "config", "envs", "workflow"):
        source = root / name
        if source.is_dir():
            # With __pycache__, or each would compile anew, but for what is being written there.
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    return Workflow(folder)


def brain(age: float, rng: np.random.Generator) -> np.ndarray:
    """Return a map in kPa on the MNI grid that softens with age, 0 outside an ellipsoid."""
    grid = np.indices(SHAPE, dtype=np.float32)
    centre, radii = (45, 50, 40), (33, 42, 32)
    distance = sum(
        ((axis - middle) / radius) ** 2
        for axis, middle, radius in zip(grid, centre, radii, strict=True)
    )
    texture = ndimage.zoom(rng.normal(0, 0.6, (12, 14, 12)), 8, order=1)[:91, :109, :91]
    stiffness = 3.3 - 0.015 * age + texture
    return np.where(distance < 1, np.maximum(stiffness, 0.2), 0).astype(np.float32)


def write_study(folder: Path, people: int = 14) -> None:
    """Write a BIDS folder of brain-only maps in MNI space: one participant twice, two bad scans.

    The last of 14 is the second once more, scanned again under another id.
    """
    rng, rng_of_twin = np.random.default_rng(7), np.random.default_rng(8)
    first = np.zeros(SHAPE, np.float32)
    rows = ["participant_id\tage\tsex\tsite"]
    for number in range(1, people + 1):
        age = float(rng.integers(18, 80))
        name = f"sub-{number:02d}"
        rows.append(f"{name}\t{age}\t{'FM'[number % 2]}\tsite{number % 2}")
        sessions = ["ses-a", "ses-b"] if number == 3 else [""]
        for session in sessions:
            label = f"{name}_{session}" if session else name
            image = brain(age, rng)
            affine = MNI
            if number == TWIN_OF[0]:  # a rescan under another id
                image = np.where(first, first + rng_of_twin.normal(0, 0.15, SHAPE), 0)
            elif number == TWIN_OF[1]:
                first = image
            if number == 5:
                image = np.zeros_like(image)
            if number == 6:
                image = np.stack([image, image], -1)
            path = folder / name / session / "mre" / f"{label}_stiffness.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            if image.ndim == 4:
                nib.save(nib.Nifti1Image(image, affine), path)
            else:
                save_nifti(path, image * 1000, affine)
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")


@contextlib.contextmanager
def all_edited(folder: Path, *names: str) -> Iterator[None]:
    """Append a comment to files of a folder at once: where none may plan a job, one plan tells."""
    with contextlib.ExitStack() as edits:
        for name in names:
            edits.enter_context(edited(folder / name, "\n# an edit\n"))
        yield


@contextlib.contextmanager
def edited(path: Path, change: str) -> Iterator[None]:
    """Append to a file, and undo it."""
    before = path.read_bytes()
    path.write_bytes(before + change.encode())
    try:
        yield
    finally:
        path.write_bytes(before)
