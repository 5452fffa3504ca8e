"""Rows that are trained and probed on generated data, as the workflow does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from evaluation_steps import probe_of
from forms import TABLE
from targets import AGE
from training_steps import asked, told

from contrage.dataset.normalise import feature_statistics
from contrage.evaluation.probe import probe
from contrage.layout import Results
from contrage.learning.train import train
from contrage.settings.blocks.evaluations import SaliencySettings
from contrage.settings.steps.saliency import RegionsAsked, SaliencyStep

METHODS = ("integrated_gradients", "occlusion")
OUTPUTS = ("model", "curve", "resume", "features")


@dataclass
class Run:
    """Two folds of one training each, on images or a table, and what the step is given."""

    place: Results
    values: np.ndarray
    form: dict[str, Any]
    fold: dict[str, Any]
    folds: int = 2

    @property
    def step(self) -> dict[str, Any]:
        each = [{"row": "l1", "seed": 0, "fold": k} for k in range(self.folds)]
        return {
            "models": [Path(self.place.model.format(**at)) for at in each],
            "coefficients": [Path(self.place.coefficients.format(row="l1", seed=0))],
            "splits": [Path(self.place.split.format(seed=0))],
            "scans": Path(self.place.scans),
            "array": Path(self.place.root) / "array.npy",
            "attributions": Path(self.place.attributions.format(row="l1")),
        }

    def train(self) -> None:
        """Train and probe, as the workflow does."""
        features = []
        for k in range(self.folds):
            at = {"row": "l1", "seed": 0, "fold": k}
            out = {name: Path(getattr(self.place, name).format(**at)) for name in OUTPUTS}
            given = {"array": self.step["array"], "scans": self.step["scans"], "fold": k}
            encoder = {"encoder": "mlp"} if self.form == TABLE else {}
            own = {"device": "cpu", "head": [16, 8], "batch_size": 10, "epochs": 15, **encoder}
            own |= {"learning_rate": 0.003, "threads": 1}
            train(asked(told("l1", self.form, **own)), split=self.step["splits"][0], **given, **out)
            features.append(out["features"])
        files = {"predictions": [self.predictions], "metrics": [self.predictions.with_suffix(".j")]}
        files |= {"features": features, "coefficients": self.step["coefficients"]}
        files |= {"scans": [self.step["scans"]], "splits": self.step["splits"]}
        probe(probe_of("l1"), **files)

    @property
    def predictions(self) -> Path:
        return Path(self.place.predictions.format(row="l1", seed=0))


def write(folder: Path, values: np.ndarray, ages: np.ndarray, form: dict[str, Any]) -> Run:
    """Write an array, its scans and two folds."""
    place, count = Results.at(str(folder)), len(ages)
    names = [f"sub-{n:02d}" for n in range(count)]
    for file in (place.scans, place.split, place.coefficients, place.predictions):
        Path(file.format(row="l1", seed=0)).parent.mkdir(parents=True, exist_ok=True)
    np.save(folder / "array.npy", values.astype(np.float32))
    lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
    lines += [
        f"{name}\t{name}\t{age}\tn/a\t{n}"
        for n, (name, age) in enumerate(zip(names, ages, strict=True))
    ]
    Path(place.scans).write_text("\n".join(lines) + "\n")
    folds = []
    for k in range(2):
        test = list(range(k, count, 2))
        rows = [n for n in range(count) if n not in test]
        if form == TABLE:
            scores = feature_statistics(values, np.array(rows))
        else:
            inside = values[rows][values[rows] != 0]
            scores = {"mean": [float(inside.mean())], "sd": [float(inside.std())]}
        entry = {"train": [names[n] for n in rows], "test": [names[n] for n in test]}
        target = {"age_mean": float(ages[rows].mean()), "age_sd": float(ages[rows].std())}
        folds.append({"fold": k, **entry, "train_rows": rows, **scores, **target})
    Path(place.split.format(seed=0)).write_text(json.dumps({"folds": folds}))
    return Run(place, values, form, folds[0])


def step(by: str, scans: int = 20, atlas: Path | None = None, **more) -> SaliencyStep:
    """Return what the step is asked for."""
    chosen = SaliencySettings(None, METHODS, scans, atlas and str(atlas), 32)
    given = {"atlas": atlas and str(atlas), "grid_mm": None, "factor": 1, "axes": ("x", "y", "z")}
    regions = RegionsAsked(by=by, **{**given, "is_stiffness": False, **more})
    return SaliencyStep("l1", (0,), AGE.learned, chosen, regions)
