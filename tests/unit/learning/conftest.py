"""A small cohort whose age shows, and a training on it that takes a second."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_steps import told

from contrage.dataset.normalise import feature_statistics
from contrage.learning import train as whole_training

SHAPE = (10, 12, 8)
TRAINING = {
    "device": "cpu",
    "head": [16, 8],
    "lr_decay_every": 2,
    "batch_size": 8,
    "epochs": 3,
}


@dataclass
class Cohort:
    """Files of a cohort of 24 scans, 18 of them for training."""

    folder: Path
    images: np.ndarray
    ages: np.ndarray
    train: list[int]
    test: list[int]

    @property
    def inputs(self) -> dict[str, Any]:
        return {
            "array": self.folder / "images.npy",
            "scans": self.folder / "scans.tsv",
            "split": self.folder / "split.json",
            "fold": 0,
        }

    def write(self) -> Cohort:
        whole = self.images if self.images.ndim == 2 else self.images[:, None]
        np.save(self.folder / "images.npy", whole)
        lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
        lines += [f"sub-{i:02d}\tsub-{i:02d}\t{age}\tn/a\t{i}" for i, age in enumerate(self.ages)]
        (self.folder / "scans.tsv").write_text("\n".join(lines) + "\n")
        if self.images.ndim == 2:
            statistics = feature_statistics(self.images, np.array(self.train))
        else:
            voxels = self.images[self.train]
            voxels = voxels[voxels != 0]
            statistics = {"mean": [float(voxels.mean())], "sd": [float(voxels.std())]}
        fold = {
            "fold": 0,
            "train": [f"sub-{i:02d}" for i in self.train],
            "test": [f"sub-{i:02d}" for i in self.test],
            "train_rows": self.train,
            **statistics,
            "age_mean": float(self.ages[self.train].mean()),
            "age_sd": float(self.ages[self.train].std()),
        }
        (self.folder / "split.json").write_text(json.dumps({"folds": [fold]}))
        return self

    def outputs(self, name: str) -> dict[str, Path]:
        folder = self.folder / name
        return {
            "model": folder / "model.pt",
            "curve": folder / "curve.tsv",
            "resume": folder / "resume.pt",
            "features": folder / "features.npz",
        }


@pytest.fixture
def make_cohort(tmp_path: Path) -> Callable[[str], Cohort]:
    """Write a cohort into a folder of its own; always the same one."""

    def make(name: str = "cohort") -> Cohort:
        rng = np.random.default_rng(7)
        ages = rng.uniform(20, 80, 24).round(1)
        images = rng.normal(2.7, 0.3, (24, *SHAPE)) * (1 - 0.006 * (ages - 50))[:, None, None, None]
        images[:, :2] = 0
        folder = tmp_path / name
        folder.mkdir()
        order = rng.permutation(24).tolist()
        cohort = Cohort(folder, images.astype(np.float32), ages, order[:18], order[18:])
        return cohort.write()

    return make


@pytest.fixture
def cohort(make_cohort: Callable[[str], Cohort]) -> Cohort:
    return make_cohort("cohort")


@pytest.fixture
def settings() -> dict[str, Any]:
    return told(**TRAINING)


@pytest.fixture
def interrupted_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], Any]], None]:
    """Run a training that is interrupted after some epochs, each of which left a checkpoint."""

    def run(epochs: int, training: Callable[[], Any]) -> None:
        done = []

        def stops(state: Any, inputs: Any) -> None:
            if len(done) == epochs:
                raise KeyboardInterrupt
            done.append(state.epoch)
            run_epoch(state, inputs)

        run_epoch = whole_training.run_epoch
        with monkeypatch.context() as patch:
            patch.setattr(whole_training, "CHECKPOINT_SECONDS", 0.0)
            patch.setattr(whole_training, "run_epoch", stops)
            with pytest.raises(KeyboardInterrupt):
                training()

    return run
