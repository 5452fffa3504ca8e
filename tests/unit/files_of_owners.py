"""Phantoms of files, read by no more than NumPy, Pillow, nibabel and PyAV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contrage.cohort.phantom.files.study import write_files
from contrage.settings.blocks.phantom_files import PhantomFilesSettings
from contrage.tables import read_tsv

ALPHAS = np.logspace(-2, 5, 15)


@dataclass(frozen=True)
class Written:
    """A phantom's folder and its truth, a row per person."""

    folder: Path
    truth: pd.DataFrame

    @property
    def target(self) -> np.ndarray:
        return self.truth["target"].to_numpy(float)

    def files(self, ending: str) -> dict[str, Path]:
        """Return id → file."""
        paths = list(self.folder.rglob(f"*{ending}"))
        found = {
            path.name.removeprefix("sub-")[: -len(ending)].split("_")[0]: path for path in paths
        }
        assert len(found) == len(paths)
        return found

    def read(self, ending: str, reader) -> np.ndarray:
        files = self.files(ending)
        return np.array([reader(files[name]) for name in self.truth["participant_id"]], float)


def write(of: str, folder: Path, people: int | None = None, seed: int = 2025) -> Written:
    write_files(PhantomFilesSettings(of=of, seed=seed, people=people), folder)
    truth = read_tsv(folder / "truth.tsv", as_text=True)
    return Written(folder / of, truth)


def errors(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the absolute errors of ridge on the last quarter, learned from the others."""
    features = features.reshape(len(features), -1)
    features = features[:, features.std(0) > 0]
    learned = len(target) * 3 // 4
    model = make_pipeline(StandardScaler(), RidgeCV(ALPHAS))
    model.fit(features[:learned], target[:learned])
    return np.abs(model.predict(features[learned:]) - target[learned:])


def mean_error(target: np.ndarray) -> float:
    """Return the error of predicting the mean."""
    learned = len(target) * 3 // 4
    return float(np.abs(target[learned:] - target[:learned].mean()).mean())
