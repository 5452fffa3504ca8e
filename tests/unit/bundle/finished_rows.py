"""A row of an experiment, trained and predicted by the run's own steps, and made a model of.

The cohort's array is given, so that no image is preprocessed and no Snakemake starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from given import config

from contrage.bundle.export import write_model
from contrage.bundle.gathered import gather
from contrage.bundle.opened import Bundle, open_bundle
from contrage.cohort.scans import Cohort, Scan
from contrage.dataset.split import split
from contrage.evaluation.head import head
from contrage.evaluation.probe import probe
from contrage.imaging.template.source import NILEARN
from contrage.learning.stage import train_stage
from contrage.learning.train import train
from contrage.plan import dataset_settings, jobs, model, rows
from contrage.plan.experiment import Experiment
from contrage.tables import read_tsv

TRAINING = {
    "seeds": [0],
    "epochs": 2,
    "batch_size": 6,
    "device": "cpu",
    "workers": 0,
    "encoder": "small",
}
DATASET = {"split": {"scheme": "kfold", "folds": 2}}


@dataclass(frozen=True)
class Finished:
    """A row that has been trained, in a folder; files are named by seed and fold."""

    folder: Path
    of: Experiment
    row: str

    @property
    def patterns(self) -> dict[str, str]:
        at = f"{self.folder}/{{row}}-{{seed}}"
        return {
            "models": f"{at}-{{fold}}.pt",
            "features": f"{at}-{{fold}}.npz",
            "coefficients": f"{at}-probe.npz",
            "predictions": f"{at}.tsv",
            "splits": f"{self.folder}/split-{{seed}}.json",
        }

    @property
    def files(self) -> dict[str, Path]:
        return {
            name: self.folder / f"{name}.{end}"
            for name, end in (("scans", "tsv"), ("array", "npy"))
        }

    def path(self, name: str, row: str = "", **at: int) -> Path:
        return Path(self.patterns[name].format(row=row or self.row, **at))

    def exported(self, **more: Path) -> Bundle:
        """Make the model and open it."""
        files = {**self.files, "columns": None, "quality": None, **more}
        settings = model.export(self.of, NILEARN.settings())
        write_model(self.folder / "model", gather(settings, self.row, 1, self.patterns, files))
        return open_bundle(self.folder / "model")

    def tested(self, seed: int, fold: int) -> pd.DataFrame:
        """Return the run's predictions of the people whom a training has not seen."""
        frame = read_tsv(self.path("predictions", seed=seed))
        return frame[(frame["split"] == "test") & (frame["fold"] == fold)]


def finish(folder: Path, array: np.ndarray, ages: np.ndarray, row: str, **blocks: Any) -> Finished:
    """Train a row on an array whose rows are people of some ages, and predict them.

    Parameters
    ----------
    folder : Path
    array : ndarray of shape (people, channels, …)
    ages : ndarray of shape (people,)
    row : str
        Of the table of errors; a stage is begun from its own row, trained here as well.
    **blocks
        Of the configuration.
    """
    names = [f"sub-{number:02d}" for number in range(len(ages))]
    people = Cohort([Scan(name, age) for name, age in zip(names, ages.tolist(), strict=True)])
    whole = {"experiment": "run", "cohort": {"name": "x"}, "dataset": {}, "training": {}, **blocks}
    whole["dataset"] = {**DATASET, **whole["dataset"]}
    whole["training"] = {**TRAINING, **whole["training"]}
    found = Finished(folder, Experiment.of(config(**whole), people), row)
    np.save(found.files["array"], array)
    lines = {"scan_id": names, "participant_id": names, "age": ages, "row": range(len(ages))}
    table = pd.DataFrame({**lines, "sex": "F", "site": "a"})
    table.to_csv(found.files["scans"], sep="\t", index=False)
    for seed in found.of.seeds:
        asked = dataset_settings.split(found.of, seed)
        split(asked, **found.files, output=found.path("splits", seed=seed))
    own = found.of.config["rows"].get(row, {})
    for each in (*([own["from"]["row"]] if "from" in own else []), row):
        _train(found, each, start=own["from"]["row"] if "from" in own and each == row else None)
    _predict(found)
    return found


def _train(of: Finished, row: str, start: str | None) -> None:
    for seed in of.of.seeds:
        for fold in of.of.folds:
            at = {"seed": seed, "fold": fold}
            outputs = {
                "model": of.path("models", row, **at),
                "features": of.path("features", row, **at),
                "curve": of.folder / "curve.tsv",
                "resume": of.folder / "resume.pt",
            }
            read = {**of.files, "split": of.path("splits", seed=seed), "fold": fold, **outputs}
            if start is None:
                train(jobs.training(of.of, row, seed, fold), **read)
                continue
            before = {
                "start_from": of.path("models", start, **at),
                "start_scans": of.files["scans"],
                "start_split": read["split"],
            }
            train_stage(jobs.stage(of.of, row, seed, fold), **read, **before)


def _predict(of: Finished) -> None:
    seeds = of.of.seeds
    files = {
        "features": [of.path("features", seed=s, fold=f) for s in seeds for f in of.of.folds],
        "scans": [of.files["scans"]],
        "splits": [of.path("splits", seed=seed) for seed in seeds],
        "predictions": [of.path("predictions", seed=seed) for seed in seeds],
        "metrics": [of.folder / f"metrics-{seed}.json" for seed in seeds],
    }
    if of.row in rows.head_rows(of.of.config):
        head(jobs.head(of.of, of.row), **files | {"scans": files["scans"]})
        return
    coefficients = [of.path("coefficients", seed=seed) for seed in seeds]
    probe(jobs.probe(of.of, of.row), **files, coefficients=coefficients)
