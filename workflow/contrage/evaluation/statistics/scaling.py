"""How an error falls with the size of the training set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import linregress, t

from contrage.errors import TableError


@dataclass(frozen=True)
class PowerLaw:
    """error = factor · size^exponent.

    Attributes
    ----------
    exponent : float
        Without unit; −.5 halves the error with four times the people.
    factor : float
        What the line says of a size of 1, in the target's unit.
    error : float
        Standard error of the exponent; NaN with two points.
    n : int
        Points.
    """

    exponent: float
    factor: float
    error: float
    n: int


@dataclass(frozen=True)
class Forecast:
    """What a power law says of a size at which nothing was trained.

    Attributes
    ----------
    size : float
    error : float
        On the line.
    low, high : float
        Prediction interval: where one further training of that size would lie, if the line goes on
        and points scatter around it as they do so far; NaN with two points.
    """

    size: float
    error: float
    low: float
    high: float


def forecast(
    sizes: ArrayLike, errors: ArrayLike, size: float, confidence: float = 0.95
) -> Forecast:
    """Carry the line of `power_law` on to another size.

    The interval is that of least squares for one new observation, by Student's t, on the scale of
    logarithms (Draper and Smith, Applied Regression Analysis, 1998, section 3.1).

    Parameters
    ----------
    sizes, errors : array of shape (n,)
        As for `power_law`.
    size : float
        Training scans.
    confidence : float

    Raises
    ------
    TableError
        As `power_law`.
    """
    law = power_law(sizes, errors)
    error = law.factor * size**law.exponent
    if law.n < 3:
        return Forecast(size, error, float("nan"), float("nan"))
    x, y = np.log(np.asarray(sizes, float)), np.log(np.asarray(errors, float))
    rest = y - np.log(law.factor) - law.exponent * x
    spread = np.sqrt((rest**2).sum() / (law.n - 2))
    apart = (np.log(size) - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum()
    reach = t.ppf((1 + confidence) / 2, law.n - 2) * spread * np.sqrt(1 + 1 / law.n + apart)
    return Forecast(size, error, float(error * np.exp(-reach)), float(error * np.exp(reach)))


def power_law(sizes: ArrayLike, errors: ArrayLike) -> PowerLaw:
    """Fit a line to errors over sizes, both in logarithms, by least squares.

    The form in which Hestness et al. (arXiv:1712.00409, 2017, section 3) describe learning curves,
    without the floor that they may reach.

    Parameters
    ----------
    sizes : array of shape (n,)
        Training scans.
    errors : array of shape (n,)
        Such as the mean absolute error, on test people who are the same at all sizes.

    Raises
    ------
    TableError
        If a size or an error is not above 0, or there are not two different sizes.
    """
    x, y = np.asarray(sizes, float), np.asarray(errors, float)
    if not ((x > 0).all() and (y > 0).all()):
        raise TableError("no exponent: sizes and errors must be above 0 to have logarithms")
    if len(np.unique(x)) < 2:
        raise TableError("no exponent: it needs two training sizes at least")
    line = linregress(np.log(x), np.log(y))
    error = float(line.stderr) if len(x) > 2 else float("nan")
    return PowerLaw(float(line.slope), float(np.exp(line.intercept)), error, len(x))
