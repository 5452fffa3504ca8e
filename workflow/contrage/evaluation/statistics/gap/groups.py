"""The gap by group: means over people, and differences to the controls, matched for age and not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from contrage.evaluation.statistics.people import Floats, bootstrap_interval, first_scans
from contrage.settings.blocks.statistics import StatisticsSettings

COLUMNS = ("group", "n", "mean", "sd", "ci_low", "ci_high", "difference", "difference_low")
COLUMNS += ("difference_high", "matched", "matched_low", "matched_high")


def gap_by_group(
    scans: pd.DataFrame, groups: Sequence[str], settings: StatisticsSettings
) -> pd.DataFrame:
    """Return what the gap of each group is, by the first scan of each person.

    Parameters
    ----------
    scans : DataFrame
        participant_id, group, target (the age), sex, gap; several scans of a person or one. The
        group is that of the first scan.
    groups : sequence of str
        Which groups have a line, in this order; the first is that of the controls.
    settings : StatisticsSettings

    Returns
    -------
    DataFrame
        group, n (people), mean, sd (between people), ci_low, ci_high (of the mean, bootstrap by
        person); difference to the controls with its interval (bootstrap by person within each
        group), and matched, the same with age and sex alike (`matched_difference`), with its
        interval. All in the unit of age; NaN where there are too few people, and in the controls'
        differences to themselves.
    """
    first = scans.iloc[first_scans(scans["participant_id"], scans["target"])]
    parts = {name: first[first["group"] == name] for name in groups}
    controls = parts[groups[0]]
    lines = [_line(name, part, controls, settings) for name, part in parts.items()]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _line(
    name: str, part: pd.DataFrame, controls: pd.DataFrame, settings: StatisticsSettings
) -> dict[str, Any]:
    own, reference = (each["gap"].to_numpy(float) for each in (part, controls))
    line: dict[str, Any] = {"group": name, "n": len(own)}
    line |= {"mean": part["gap"].mean(), "sd": part["gap"].std(ddof=1)}
    low, high = bootstrap_interval([len(own)], lambda drawn: own[drawn].mean(-1), settings)
    line |= {"ci_low": low, "ci_high": high}
    if part is controls:
        return line
    low, high = bootstrap_interval(
        [len(own), len(reference)],
        lambda these, those: own[these].mean(-1) - reference[those].mean(-1),
        settings,
    )
    line["difference"] = part["gap"].mean() - controls["gap"].mean()
    line |= {"difference_low": low, "difference_high": high}
    both = pd.concat([part, controls])
    is_patient = np.arange(len(both)) < len(part)
    given = both["gap"], is_patient, both["target"], both["sex"], settings.confidence
    matched, low, high = matched_difference(*given)
    return line | {"matched": matched, "matched_low": low, "matched_high": high}


def matched_difference(
    gap: ArrayLike, is_patient: ArrayLike, age: ArrayLike, sex: ArrayLike, confidence: float
) -> tuple[float, float, float]:
    """Return how far the gap of patients is from that of controls of the same age and sex.

    The coefficient of the group in a regression of the gap on group, age and sex, by least squares.
    Its interval is of Student's t with errors that may differ in spread between the groups (HC3 of
    MacKinnon and White, J Econometrics 29:305, 1985): patients' gaps vary more.

    Parameters
    ----------
    gap : array of shape (n,)
        One scan a person, in the unit of age.
    is_patient : array of bool, shape (n,)
    age : array of shape (n,)
    sex : array of shape (n,)
        Any labels; who has none is a category.
    confidence : float

    Returns
    -------
    (float, float, float)
        Difference and interval, in the unit of age. NaN where the group cannot be told from age
        and sex (all patients are women, all controls men); no interval where people are as few as
        coefficients, or a coefficient hangs on one person alone.
    """
    import statsmodels.api as sm

    design = _design(np.asarray(is_patient, bool), np.asarray(age, float), pd.Series(list(sex)))
    people, coefficients = design.shape
    if np.linalg.matrix_rank(design) < coefficients:
        return float("nan"), float("nan"), float("nan")
    fitted = sm.OLS(np.asarray(gap, float), design).fit()
    difference = float(fitted.params[1])
    # Whoever a coefficient is fitted to alone has no residual: HC3 divides by 1 - leverage.
    leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    if people == coefficients or leverage.max() > 1 - 1e-9:
        return difference, float("nan"), float("nan")
    robust = fitted.get_robustcov_results(cov_type="HC3", use_t=True)
    low, high = robust.conf_int(1 - confidence)[1]
    return difference, float(low), float(high)


def _design(is_patient: np.ndarray, age: Floats, sex: pd.Series) -> Floats:
    """Return the columns 1, group, age and sex, without those that are the same for everyone."""
    sexes = pd.get_dummies(sex.fillna("n/a").astype(str), drop_first=True).to_numpy(float)
    spread = age.std()
    scaled = (age - age.mean()) / spread if spread > 0 else np.zeros_like(age)
    columns = [np.ones(len(age)), is_patient.astype(float), scaled, *sexes.T]
    return np.column_stack([*columns[:2], *(each for each in columns[2:] if np.ptp(each) > 0)])
