"""The block cohort.table of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TableColumnsSettings:
    """The columns and rows of a table of features (cohort.source table).

    Attributes
    ----------
    participant : str
        Column of the participant's id, any text; sub-X_ses-Y is read as participant and
        session.
    session : str
        Column of the visit, where participants stand in several rows; need not be there
        under its default name.
    age : str
        Column of the age in years.
    site : str
        Column of the site or study; need not be there under its default name.
    sex : str
        Column of the sex; need not be there under its default name.
    exclude : dict
        Rows to leave out, column by column, by the values given; the report lists them.
    features : tuple of str
        Columns to learn from, by name or pattern (lh_*); of these, columns of numbers other
        than the five above.
    leave_out : tuple of str
        Columns not to learn from, by name or pattern.
    accept : tuple of str
        Columns, by name or pattern, that are features all the same, where the workflow asks
        whether they are age in another dress, numbers of rows, or hold codes of missing
        values.
    missing : str
        What to do about missing values of features; fail, or give them the median of the
        training rows.
    missing_values : tuple of float
        Numbers that stand for a missing value of a feature, such as -999.
    """

    participant: str
    session: str
    age: str
    site: str
    sex: str
    exclude: dict[str, Any]
    features: tuple[str, ...]
    leave_out: tuple[str, ...]
    accept: tuple[str, ...]
    missing: str
    missing_values: tuple[float, ...]
