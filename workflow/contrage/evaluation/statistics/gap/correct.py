"""The gap between predicted and true age, raw and corrected for its dependence on age.

What is predicted leans towards the training mean: the old look younger than they are, and a gap
that falls with age says little of a disease that comes with age. A line through the predictions of
controls takes that away. It is fitted on people of other folds than those it corrects, so that no
one's own prediction has a part in what it is compared with.

Corrected gaps are no predictions: the truth is in them (age plus a corrected gap correlates with
age by .999 even where the prediction is noise), so that nothing here returns a corrected age, and
errors of one are never told. Butler et al. (Hum Brain Mapp 42:4092, 2021) show what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

from contrage.errors import TableError
from contrage.evaluation.statistics.people import scan_weights

Floats = NDArray[np.float64]

LEAST = 0.25
"""Slope below which a gap is not divided by it: noise would be multiplied by more than four."""
KINDS = ("raw", "cole", "residual")


@dataclass(frozen=True)
class CorrectionLine:
    """What controls of some age are predicted to be: intercept + slope · age.

    Attributes
    ----------
    intercept : float
        α, in the unit of age.
    slope : float
        β, without unit: 1 where the prediction does not lean towards the mean.
    people : int
        Controls that it is fitted on.
    """

    intercept: float
    slope: float
    people: int

    def residual(self, true: ArrayLike, predicted: ArrayLike) -> Floats:
        """Return ŷ − (α + β·y) of each scan, in the unit of age.

        The method of Beheshti et al. (NeuroImage Clin 24:102063, 2019), as de Lange and Cole
        (NeuroImage Clin 26:102229, 2020) write it: a gap of one year stays one of β years.
        """
        return np.asarray(predicted, float) - self.intercept - self.slope * np.asarray(true, float)

    def cole(self, true: ArrayLike, predicted: ArrayLike) -> Floats:
        """Return (ŷ − α)/β − y of each scan, in the unit of age.

        Cole et al. (Mol Psychiatry 23:1385, 2018); de Lange and Cole (2020).

        Raises
        ------
        TableError
            If β is below .25.
        """
        if self.slope < LEAST:
            raise TableError(
                f"no gap by Cole's method: the predictions for controls rise by {self.slope:.2f} "
                f"years with a year of age, less than {LEAST}; divided by so little a gap is noise"
            )
        truth = np.asarray(true, float)
        return (np.asarray(predicted, float) - self.intercept) / self.slope - truth


def fit_line(true: ArrayLike, predicted: ArrayLike, participants: ArrayLike) -> CorrectionLine:
    """Fit the line of controls by least squares; a person's scans weigh 1 together.

    Parameters
    ----------
    true, predicted : array of shape (n,)
        Of controls' test scans, in the unit of age.
    participants : array of shape (n,)

    Raises
    ------
    TableError
        If there are not two different ages.
    """
    ages, people = np.asarray(true, float), np.asarray(participants)
    if len(np.unique(ages)) < 2:
        raise TableError(
            "no correction for age: its line needs controls of two ages at least from other folds, "
            f"and there are {len(np.unique(people))} controls of {len(np.unique(ages))} ages"
        )
    weight = np.sqrt(scan_weights(people))  # NumPy squares the weighted residuals
    intercept, slope = polynomial.polyfit(ages, np.asarray(predicted, float), 1, w=weight)
    return CorrectionLine(float(intercept), float(slope), len(np.unique(people)))


@dataclass(frozen=True)
class Gaps:
    """Gaps of every scan, and how they came about.

    Attributes
    ----------
    scans : DataFrame
        raw, cole, residual, in the unit of age, with the index of the scans; a kind that is
        refused is NaN everywhere.
    lines : DataFrame
        fold, intercept, slope, n_controls: the line that a fold was corrected by, one fold a line.
    refused : dict of str to str
        Kind → a sentence that says why it is not there.
    """

    scans: pd.DataFrame
    lines: pd.DataFrame
    refused: dict[str, str]


def gaps(scans: pd.DataFrame, is_control: ArrayLike) -> Gaps:
    """Return the raw and corrected gaps of a cohort's test scans.

    A fold is corrected by a line through the controls of the other folds, without anybody who has
    a scan in the fold itself.

    Parameters
    ----------
    scans : DataFrame
        participant_id, fold, target (the age), predicted; of one cohort, controls and patients,
        each scan as its own fold's model predicts it.
    is_control : array of bool, shape (n,)
        Whose scans the line may be fitted on.

    Returns
    -------
    Gaps
        A kind is there for all scans or for none: were it missing in one fold, groups would be
        compared by other people than with the other kinds.
    """
    frame = scans[["participant_id", "fold", "target", "predicted"]]
    found = pd.DataFrame(index=frame.index, columns=list(KINDS), dtype=float)
    found["raw"] = frame["predicted"] - frame["target"]
    lines: list[tuple[int, float, float, int]] = []
    refused: dict[str, str] = {}
    for fold in sorted(frame["fold"].unique()):
        inside = (frame["fold"] == fold).to_numpy()
        given = frame.loc[inside, "target"], frame.loc[inside, "predicted"]
        try:
            line = _line_of_others(frame, inside, np.asarray(is_control, bool))
            lines.append((fold, line.intercept, line.slope, line.people))
            found.loc[inside, "residual"] = line.residual(*given)
        except TableError as error:
            refused = dict.fromkeys(("cole", "residual"), f"fold {fold}: {error}") | refused
            continue
        try:
            found.loc[inside, "cole"] = line.cole(*given)
        except TableError as error:
            refused.setdefault("cole", f"fold {fold}: {error}")
    found[list(refused)] = np.nan
    columns = ["fold", "intercept", "slope", "n_controls"]
    return Gaps(found, pd.DataFrame(lines, columns=columns), refused)


def _line_of_others(
    frame: pd.DataFrame, inside: NDArray[np.bool_], is_control: NDArray[np.bool_]
) -> CorrectionLine:
    """Return the line through the controls who have no scan among those inside a fold."""
    is_own = frame["participant_id"].isin(frame.loc[inside, "participant_id"]).to_numpy()
    others = frame[is_control & ~is_own]
    return fit_line(others["target"], others["predicted"], others["participant_id"])
