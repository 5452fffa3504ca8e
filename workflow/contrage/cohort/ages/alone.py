"""Features that are age by themselves, known by their values, or by these and their names.

Found are: copies of age in any unit, rounded, with a tenth of the cells wrong, or (of thirty
people) with noise of less than a tenth of age's standard deviation; what rises or falls with age in
any curve; age groups of three levels or more; and what follows age less well where its name says
age.
Not found are: age with more noise, or a year of birth where scans span many years, under a name
that says nothing (a good predictor looks the same); curves with wrong cells; age groups of two
levels, which a sound feature may be; and anything among fewer than six people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from contrage.cohort.ages.names import says_age, says_birth

if TYPE_CHECKING:
    import numpy as np

SAME = ((30, 0.995), (10, 0.999), (0, 0.9998))
"""From how many rows on: correlation with age above which a column is age.

No measurement of an adult's brain gets there. Of features whose true correlation is 0.98 less than
one in 2,000 exceeds the limit by chance.
"""
SAME_RANK = 0.999
NAMED_AGE, NAMED_BIRTH, NAMED_ENOUGH = 0.7, 0.5, 0.9
"""Rank correlations that are enough where the name says age or birth, and that always are."""
BY_CHANCE = 3.0
"""Standard deviations of chance, 1 / sqrt(n - 1), which they exceed as well."""
CHANCE = 1e-9
"""Of a random column to be in the order of age: thousands of columns may be tried."""
FEWEST_PAIRS, FEWEST_DISTINCT = 6, 5
FEWEST_RANKED, FEWEST_RANKS = 20, 10
MOST_COMMON = 0.6
"""Share of the rows with the commonest value, from which a column of steps says little of age."""
ON_LINE, NEAR_YEARS, NEAR_SD = 0.9, 0.75, 0.1
"""Share of the rows that lie on one line with age, so many years or standard deviations off it."""
MIXED, HARDLY_MIXED = 0.15, 0.02
"""Share of changes against the trend up to which a column may lie on a line, or be in order."""
BLOCK = 256
"""Columns that are looked at together: more would need much memory."""


def age_by_itself(
    names: Sequence[str], table: np.ndarray, ages: np.ndarray, word: str = "age"
) -> dict[int, str]:
    """Return which columns are age, number of the column → by what it is known.

    Parameters
    ----------
    names : sequence of str
    table : ndarray of shape (rows, features)
        NaN where a value is missing.
    ages : ndarray of shape (rows,)
        Years, NaN where unknown.
    word : str
        Of what the ages are, where they are another target.
    """
    import numpy as np

    rows = np.argsort(ages, kind="stable")[: np.isfinite(ages).sum()]
    age = ages[rows]
    if len(age) < FEWEST_PAIRS or age[0] == age[-1]:
        return {}
    found = {}
    for start in range(0, len(names), BLOCK):
        block = table[rows, start : start + BLOCK]
        near = _straight(block, age) | (mixed(block, age) <= MIXED)
        for place in range(block.shape[1]):
            name, column = names[start + place], block[:, place]
            if (near[place] or says_age(name)) and (seen := is_age(name, column, age, word)):
                found[start + place] = seen
    return found


def _straight(block: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Return which columns of shape (rows, features) have a correlation that `is_age` asks for."""
    import numpy as np

    known = np.isfinite(block)
    count = np.maximum(known.sum(axis=0), 1)
    x = np.where(known, block, 0.0)
    x /= np.maximum(np.abs(x).max(axis=0), 1e-300)
    x = np.where(known, x - x.sum(axis=0) / count, 0.0)
    years = age - age.mean()
    spread = years**2 @ known - (years @ known) ** 2 / count
    product = (x**2).sum(axis=0) * np.maximum(spread, 0.0)
    return np.abs(years @ x) >= 0.999 * SAME[0][1] * np.sqrt(product)


def mixed(block: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Return how often columns change against their trend over a quarter of the rows.

    Parameters
    ----------
    block : ndarray of shape (rows, features)
    age : ndarray of shape (rows,)
        Ascends.

    Returns
    -------
    ndarray of shape (features,)
        Share of falls of what rises, or the reverse; 1 for what does not change.
    """
    import numpy as np

    lag = max(1, len(age) // 4)
    older = age[lag:] > age[:-lag]
    change = (block[lag:] - block[:-lag])[older]
    rises, falls = (change > 0).sum(axis=0), (change < 0).sum(axis=0)
    changes = rises + falls
    return np.where(changes > 0, np.minimum(rises, falls) / np.maximum(changes, 1), 1.0)


def is_age(name: str, column: np.ndarray, ages: np.ndarray, word: str = "age") -> str | None:
    """Say by what a column is known to be age, None where it is not.

    It is where it goes with age in a straight line, in the same order, or in steps of the same
    order that chance would hardly give; or nearly so, and its name says age.

    Parameters
    ----------
    name : str
    column, ages : ndarray of shape (rows,)
        In the order of age.
    word : str
        Of what the ages are, for the answer.
    """
    import numpy as np
    from scipy.stats import rankdata

    known = np.isfinite(column) & np.isfinite(ages)
    x, age = column[known], ages[known]
    if len(x) < FEWEST_PAIRS or np.ptp(x) == 0 or np.ptp(age) == 0:
        return None
    straight = correlation(x, age)
    same = next(limit for rows, limit in SAME if len(x) >= rows)
    if abs(straight) > same and _distinct(x, age) >= FEWEST_DISTINCT:
        return f"its correlation with {word} is {straight:.4f}"
    enough = len(x) >= FEWEST_RANKED and _distinct(x, age) >= FEWEST_RANKS
    if enough and (share := on_a_line(x, age)) >= ON_LINE:
        return f"{share:.0%} of its values lie on one line with {word}"
    named = says_age(name)
    if not named and mixed(x[:, None], age)[0] > HARDLY_MIXED:
        return None
    ranked = correlation(rankdata(x), rankdata(age))
    if abs(ranked) > SAME_RANK and enough:
        return f"its rank correlation with {word} is {ranked:.4f}"
    if abs(ranked) > 0.5 and in_order(x if ranked > 0 else -x, age):
        return f"it never {'falls' if ranked > 0 else 'rises'} as {word} rises"
    if named and abs(ranked) > _enough_for(name, len(x)):
        return f"its name, and a rank correlation with {word} of {ranked:.2f}"
    return None


def _distinct(x: np.ndarray, age: np.ndarray) -> int:
    """Return how many different values the one has that has fewer, counted as far as needed."""
    import numpy as np

    some = slice(None, None, max(1, len(x) // 1000))
    return min(len(np.unique(x[some])), len(np.unique(age[some])))


def _enough_for(name: str, rows: int) -> float:
    least = NAMED_BIRTH if says_birth(name) else NAMED_AGE
    return min(NAMED_ENOUGH, max(least, BY_CHANCE / math.sqrt(rows - 1)))


def on_a_line(x: np.ndarray, age: np.ndarray) -> float:
    """Return which share of values lies on one line with age; ages ascend, and differ."""
    import numpy as np

    lag = len(age) // 2
    years = age[lag:] - age[: len(age) - lag]
    slopes = (x[lag:] - x[: len(age) - lag])[years > 0] / years[years > 0]
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    if slope == 0 or not math.isfinite(slope):
        return 0.0
    told = x / slope
    off = np.abs(told - age - np.median(told - age))
    return float((off <= min(NEAR_YEARS, NEAR_SD * age.std())).mean())


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return Pearson's r of two arrays of shape (n,) that vary."""
    import numpy as np

    x, y = x - x.mean(), y - y.mean()
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    return float(x @ y / math.sqrt((x @ x) * (y @ y)))


def in_order(x: np.ndarray, ages: np.ndarray) -> bool:
    """Return whether values never fall as age rises, and a random order would hardly do so.

    Of n! orders of the rows those are in order that exchange rows of equal values; where one age
    has several values, also those that exchange rows of equal age.
    """
    import numpy as np

    order = np.lexsort((x, ages))
    sizes = np.unique(x, return_counts=True)[1]
    if (np.diff(x[order]) < 0).any() or len(sizes) < 3 or sizes.max() > MOST_COMMON * len(x):
        return False
    same_age = np.diff(ages[order]) == 0
    is_function = not np.diff(x[order])[same_age].any()
    of_age = np.unique(ages, return_counts=True)[1]
    exchanged = _log_factorials(sizes) + (0 if is_function else _log_factorials(of_age))
    return math.log(2) + exchanged - math.lgamma(len(x) + 1) < math.log(CHANCE)


def _log_factorials(counts: np.ndarray) -> float:
    return sum(math.lgamma(count + 1) for count in counts.tolist())
