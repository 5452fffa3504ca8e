"""Phantoms of region tables, read from their files, and estimators of scikit-learn's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contrage.tables import read_tsv

ROI = "*/derivatives/sub-{0}/ses-1/sub-{0}_preproc-cat12vbm_desc-gm_ROI.npy"
REGIONS = "neuromorphometrics_cat12_vbm_roi.tsv"
ALPHAS = np.logspace(-2, 4, 7)
FOLDS = 5
GROUPS = ("HC", "sMCI", "pMCI", "AD")


@dataclass(frozen=True)
class Planted:
    """The truth, a row per scan, and the features as the owners' files have them.

    Attributes
    ----------
    truth : DataFrame
        truth.tsv, with `person`, who is one across cohorts.
    values : ndarray of shape (n, 284)
    """

    truth: pd.DataFrame
    values: np.ndarray

    def where(self, **columns: str | tuple[str, ...]) -> np.ndarray:
        """Return which scans have some values in columns of the truth."""
        found = np.ones(len(self.truth), dtype=bool)
        for column, wanted in columns.items():
            values = (wanted,) if isinstance(wanted, str) else wanted
            found &= self.truth[column].isin(values).to_numpy()
        return found

    @property
    def ages(self) -> np.ndarray:
        return self.truth["age"].to_numpy()

    @property
    def people(self) -> np.ndarray:
        return self.truth["person"].to_numpy()

    @property
    def first(self) -> np.ndarray:
        return (self.truth["years"] == 0).to_numpy()


def read(study: Path) -> Planted:
    """Read all cohorts of a folder; of a session with several images the first."""
    truth = read_tsv(study / "truth.tsv")
    truth["person"] = truth["cohort"] + " " + truth["participant_id"]
    truth = truth[truth["run"] == 1].reset_index(drop=True)
    values = np.full((len(truth), 284), np.nan)
    for cohort, rows in truth.groupby("cohort").groups.items():
        of_cohort = _arrays if cohort == "openbhb" else _regions
        values[rows] = of_cohort(study / cohort, truth.loc[rows])
    assert np.isfinite(values).all()
    return Planted(truth, values)


def names(study: Path) -> list[str]:
    """Return the names of the regions, in the order of OpenBHB's arrays."""
    told = json.loads((study / "openbhb/resource/resources.json").read_text(encoding="utf-8"))
    return told["vbm_roi"]["features"]


def _arrays(folder: Path, truth: pd.DataFrame) -> np.ndarray:
    found = []
    for person in truth["participant_id"]:
        (path,) = folder.glob(ROI.format(person))
        found.append(np.load(path, allow_pickle=False).ravel())
    return np.stack(found)


def _regions(folder: Path, truth: pd.DataFrame) -> np.ndarray:
    table = read_tsv(folder / REGIONS).set_index(["participant_id", "session", "run"])
    grey = [name for name in table if name.endswith("_GM_Vol")]
    fluid = [name for name in table if name.endswith("_CSF_Vol")]
    labels = ["sub-" + re.sub(r"\W|_", "", person) for person in truth["participant_id"]]
    keys = pd.MultiIndex.from_arrays([labels, truth["session"], truth["run"]])
    return table.loc[keys, grey + fluid].to_numpy()


def ridge(values: np.ndarray, ages: np.ndarray, people: np.ndarray) -> GridSearchCV:
    """Fit ridge regression on z-scored features, its α chosen in five folds by person."""
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": ALPHAS}, cv=folds
    )
    return search.fit(values, ages, groups=people)


def folds_of(planted: Planted, learn: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Deal those who are learned from to five folds, then the others; -1 for everybody else."""
    found = np.full(len(planted.ages), -1)
    for seed, rows in enumerate((learn, others & ~learn)):
        people, person = np.unique(planted.people[rows], return_inverse=True)
        found[rows] = (np.random.default_rng(seed).permutation(len(people)) % FOLDS)[person]
    return found


def predicted(
    planted: Planted, learn: np.ndarray, folds: np.ndarray, ages: np.ndarray
) -> np.ndarray:
    """Predict everybody who is in a fold by the ridge of the other folds."""
    found = np.full(len(ages), np.nan)
    for fold in range(FOLDS):
        train = learn & (folds != fold)
        model = ridge(planted.values[train], ages[train], planted.people[train])
        found[folds == fold] = model.predict(planted.values[folds == fold])
    return found


@dataclass(frozen=True)
class Gaps:
    """Brain-age gaps of all scans, in years.

    Attributes
    ----------
    raw, cole, residual : ndarray of shape (n,)
        NaN where nobody was predicted.
    beta : float
        Mean slope of the folds' lines of predicted against true age, in controls.
    """

    raw: np.ndarray
    cole: np.ndarray
    residual: np.ndarray
    beta: float


def gaps(
    planted: Planted,
    told: np.ndarray,
    controls: np.ndarray,
    folds: np.ndarray,
    ages: np.ndarray,
) -> Gaps:
    """Correct gaps by the line of controls of the other folds; each control weighs one."""
    cole, residual, betas = np.full(len(told), np.nan), np.full(len(told), np.nan), []
    scans = planted.truth.groupby("person")["person"].transform("count").to_numpy()
    for fold in range(FOLDS):
        line, own = controls & (folds != fold), folds == fold
        beta, alpha = np.polyfit(ages[line], told[line], 1, w=scans[line] ** -0.5)
        cole[own] = (told[own] - alpha) / beta - ages[own]
        residual[own] = told[own] - alpha - beta * ages[own]
        betas.append(beta)
    return Gaps(told - ages, cole, residual, float(np.mean(betas)))


def mean_by_group(planted: Planted, values: np.ndarray) -> dict[str, float]:
    """Return the mean of ADNI's groups at the first scan."""
    return {
        group: values[planted.where(cohort="adni", group=group) & planted.first].mean()
        for group in GROUPS
    }


def nested(planted: Planted, rows: np.ndarray, fraction: float) -> np.ndarray:
    """Return the first people of each site in a fixed random order."""
    found = np.zeros_like(rows)
    rng = np.random.default_rng(0)
    for site in np.unique(planted.truth.loc[rows, "site"]):
        order = rng.permutation(np.flatnonzero(rows & planted.where(site=site)))
        found[order[: int(np.ceil(fraction * len(order)))]] = True
    return found


def slope_by_group(planted: Planted, values: np.ndarray) -> dict[str, float]:
    """Return the change per year in ADNI's groups, people weighted by the spread of their scans."""
    found = {}
    for group in GROUPS:
        rows = planted.where(cohort="adni", group=group)
        told = planted.truth[rows].assign(value=values[rows])
        centred = told["years"] - told.groupby("person")["years"].transform("mean")
        found[group] = float((centred * told["value"]).sum() / (centred**2).sum())
    return found
