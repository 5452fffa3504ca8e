"""How an error falls with the size of the training set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import linregress

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
