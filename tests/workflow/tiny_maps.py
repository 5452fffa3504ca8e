"""A BIDS folder of tiny brain-only maps in MNI space, changed as people change theirs."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np

AFFINE = np.array([[-8.0, 0, 0, 90], [0, 8, 0, -126], [0, 0, 8, -72], [0, 0, 0, 1]])
SHAPE = (23, 28, 23)
CONFIG = {
    "experiment": "x",
    "cohort": {"source": "bids", "name": "x", "path": "study", "on_bad_scan": "exclude"},
    "preprocessing": {
        "skull_strip": {"method": "none"},
        "bias_correction": {"target": "none"},
        "registration": {"transform": "none"},
        "quality": {"min_coverage": 0.3},
    },
    "dataset": {"voxel_mm": 8, "split": {"scheme": "kfold", "folds": 2}},
    "benchmark": {"losses": ["l1"], "norms": [], "pretrained": []},
    "training": {"seeds": [0], "epochs": 1, "batch_size": 4, "device": "cpu", "workers": 0},
    "statistics": {"bootstrap": 100},
    "report": {"embedding_rows": []},
}


def brain(age: float, seed: int) -> np.ndarray:
    """Return a map in kPa, 0 outside an ellipsoid about where MNI152 has the brain."""
    rng = np.random.default_rng(seed)
    world = np.indices(SHAPE).reshape(3, -1).T @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    inside = (((world - [0, -24, 10]) / [64, 82, 62]) ** 2).sum(1).reshape(SHAPE) < 1
    values = 3.3 - 0.015 * age + rng.normal(0, 0.25, SHAPE)
    return np.where(inside, np.maximum(values, 0.3), 0).astype(np.float32)


@dataclass
class Study:
    """The folder, and who is in its table.

    Attributes
    ----------
    folder : Path
    ages : dict of str to float
        Label → age, in the order of participants.tsv.
    """

    folder: Path
    ages: dict[str, float] = field(default_factory=dict)

    def map(self, label: str) -> Path:
        return self.folder / f"sub-{label}" / "mre" / f"sub-{label}_stiffness.nii.gz"

    def add(self, label: str, age: float, seed: int) -> None:
        """Scan somebody new."""
        self.ages[label] = age
        self.map(label).parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(brain(age, seed), AFFINE), self.map(label))
        self.write()

    def remove(self, label: str) -> None:
        """Take a person who withdrew out of folder and table."""
        shutil.rmtree(self.folder / f"sub-{label}")
        del self.ages[label]
        self.write()

    def replace(self, label: str, seed: int) -> None:
        """Put another map in place, with an older time, as cp -p and rsync -a do."""
        nib.save(nib.Nifti1Image(brain(self.ages[label], seed), AFFINE), self.map(label))
        os.utime(self.map(label), ns=(seed * 10**9, seed * 10**9))

    def rename(self, old: str, new: str) -> None:
        """Give a person another label; the file keeps its times."""
        self.map(new).parent.mkdir(parents=True)
        self.map(old).rename(self.map(new))
        shutil.rmtree(self.folder / f"sub-{old}")
        self.ages = {new if label == old else label: age for label, age in self.ages.items()}
        self.write()

    def put_away(self, label: str, place: Path) -> None:
        """Move a map out of the folder, to be restored later."""
        place.mkdir(exist_ok=True)
        self.map(label).rename(place / self.map(label).name)

    def restore(self, label: str, place: Path) -> None:
        """Move a map back, with the times that it had."""
        (place / self.map(label).name).rename(self.map(label))

    def write(self) -> None:
        """Write participants.tsv, with a time in the past."""
        rows = [f"sub-{label}\t{age}\tF\ts" for label, age in self.ages.items()]
        table = self.folder / "participants.tsv"
        text = "\n".join(["participant_id\tage\tsex\tsite", *rows]) + "\n"
        table.write_text(text, encoding="utf-8")
        os.utime(table, ns=(10**9, 10**9))


def write_maps(folder: Path, people: int = 10) -> Study:
    """Write a study of people aged 20 to 92."""
    study = Study(folder)
    for number in range(1, people + 1):
        study.add(f"{number:02d}", 12.0 + 8 * number, number)
    return study
