"""Numbers among measurements that stand for a missing value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LONG = (77.0, 88.0, 97.0, 98.0, 99.0, 99.9, 777.0, 888.0, 996.0, 997.0, 998.0, 999.0, 999.9)
LONG += (7777.0, 8888.0, 9997.0, 9998.0, 9999.0, 9999.9, 99999.0, 999999.0, 9999999.0)
NEGATIVE_CODES = (-1.0, -4.0, -8.0, -9.0, *(-code for code in LONG))
NEGATIVE_CODES += (-32767.0, -32768.0, -2147483647.0, -2147483648.0)
NINES = (-99.0, -999.0, -9999.0, -99999.0, -999999.0, -9999999.0)
"""Negative codes that are believed wherever nothing else is negative."""
POSITIVE_CODES = (*LONG[2:], 32767.0, 65535.0, 2147483647.0)
FAR = 5.0
"""How many times the largest of the other values a code is at least."""
HUGE, FAR_OF_HUGE = 1e10, 1000.0
"""From where on any number is a code that is so many times the largest of the others."""
FEWEST_OTHERS = 2
"""Different values beside a positive code: 0, 1 and 99 are asked about, 0 and 99 are not."""
SHORT, FEWEST_BESIDE_SHORT = -10.0, 10
"""Codes of one digit may be values of a scale: so many others, and different ones, are asked."""
PART, NEXT_TO_ZERO = 0.25, (-5.0, 0.5)
"""Of the other values, from which a negative code stands apart; more for -1 and -4."""


def may_have_codes(table: np.ndarray) -> np.ndarray:
    """Return which columns are worth `has_codes`: their least or greatest value may be a code.

    Parameters
    ----------
    table : ndarray of shape (rows, features)

    Returns
    -------
    ndarray of shape (features,), bool
    """
    import numpy as np

    least = np.fmin.reduce(table, axis=0)  # of those that are not NaN
    greatest = np.fmax.reduce(table, axis=0)
    return _may_be(least, NEGATIVE_CODES) | _may_be(greatest, POSITIVE_CODES)


def has_codes(column: np.ndarray) -> str | None:
    """Say which numbers of a column are no measurements, and how often they occur.

    Negative ones where nothing else is, or that are far below; positive ones far above the rest.
    """
    import numpy as np

    values, counts = np.unique(column[np.isfinite(column)], return_counts=True)
    candidates = values[_may_be(values, (*NEGATIVE_CODES, *POSITIVE_CODES))].tolist()
    codes = [code for code in candidates if _is_code(code, values, counts)]
    counted = [f"{code:.6g} in {_rows(int(counts[values == code][0]))}" for code in codes]
    return ", ".join(counted) or None


def _may_be(values: np.ndarray, codes: tuple[float, ...]) -> np.ndarray:
    import numpy as np

    return np.isin(values, codes) | (np.abs(values) >= HUGE)


def _is_code(code: float, values: np.ndarray, counts: np.ndarray) -> bool:
    """Judge a candidate against the values that are none themselves, or are smaller ones.

    Parameters
    ----------
    code : float
    values, counts : ndarray of shape (different values,)
        Of the column, ascending, and in how many rows each is.
    """
    import numpy as np

    times = FAR_OF_HUGE if abs(code) >= HUGE else FAR
    none = (values < 0) & _may_be(values, NEGATIVE_CODES)
    none |= (values >= abs(code) / times) & _may_be(values, POSITIVE_CODES)
    others, rows = values[~none & (values != code)], counts[~none & (values != code)]
    if len(others) < (FEWEST_OTHERS if code > 0 else 1) or not others.any():
        return False
    far = abs(code) >= times * float(np.abs(others).max())
    if code > 0 or far:
        return far
    if code > SHORT and len(others) < FEWEST_BESIDE_SHORT:
        return False
    if code <= -HUGE or others[0] < 0:
        return False
    return code in NINES or _stands_apart(code, int(counts[values == code][0]), others, rows)


def _stands_apart(code: float, count: int, others: np.ndarray, rows: np.ndarray) -> bool:
    """Tell a negative code from the end of a scale whose values ascend from 0 or more.

    It is a whole number among broken ones, or as far from the least as a `PART` of the others, or
    more frequent than any of these: a score that happens to fall below zero is none of that.
    """
    import numpy as np

    if rows[others % 1 != 0].sum() > 0.5 * rows.sum():
        return True
    part = NEXT_TO_ZERO[1] if code > NEXT_TO_ZERO[0] else PART
    last = int(np.searchsorted(rows.cumsum(), part * rows.sum()))
    far = others[0] - code >= others[last] - others[0]
    return bool(far or count > rows[: last + 1].max())


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"
