"""What the steps that put the experiments of a study side by side are asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StudyOverlay:
    """An experiment of a study, as its tables know it.

    Attributes
    ----------
    name : str
        As the study calls it.
    experiment : str
        Its results lie in results/<experiment>.
    cohort : str
        Its cohort's name.
    members : tuple of str
        Names of the cohorts that this one is merged of; itself otherwise.
    values : dict of str to str
        Key → value, of a grid.
    is_here : bool
        Whether this run is of it: what is not here leaves empty cells.
    """

    name: str
    experiment: str
    cohort: str
    members: tuple[str, ...]
    values: dict[str, str]
    is_here: bool


@dataclass(frozen=True)
class Shown:
    """What everything that a study shows has in common.

    Attributes
    ----------
    title : str
        Its heading.
    asked : str
        What it answers, in a sentence.
    note : str
        What is another here than in the paper.
    overlays : tuple of str
        Names, in this order.
    where : dict of str to tuple
        Column of a finished table → values of the lines that count.
    """

    title: str
    asked: str
    note: str
    overlays: tuple[str, ...]
    where: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class TableAsked(Shown):
    """A table of a study.

    Attributes
    ----------
    table : dict of str to str
        Overlay → the finished table that values are of.
    rows : tuple of str
        What a line is for: columns of the finished table, overlay, cohort, or keys of a grid.
    columns : tuple of str
        What a column is for, likewise.
    values : tuple of str
        Columns of the finished table, without _mean, or of another one after its name and a dot.
    paper : dict
        Printed numbers: value → labels of the column joined by / → row → number.
    """

    table: dict[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[str, ...]
    paper: dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class CurveAsked(Shown):
    """Values over the size of the training set, or over the values of a grid.

    Attributes
    ----------
    table : dict of str to str
        As of a table.
    x : str
        n_train, or a key of the grid.
    y : tuple of str
        As values of a table.
    log : tuple of str
        Those of y with an exponent.
    """

    table: dict[str, str]
    x: str
    y: tuple[str, ...]
    log: tuple[str, ...]


@dataclass(frozen=True)
class FigureAsked(Shown):
    """A figure of lines of a finished table.

    Attributes
    ----------
    kind : str
        violin, roc, line or scatter.
    table : str
        Name of the finished table.
    rows : tuple of str
        Losses that are drawn; empty for all.
    x : str
        A column of it.
    y : str
        A column of it.
    low : str or None
        Column of the lower end of an interval of y.
    high : str or None
        Column of the upper end.
    by : str or None
        Column whose values are colours.
    order : tuple of str
        Values of x, or of `by`, in their order; empty for all.
    diagonal : bool
        Whether it is drawn against the diagonal.
    """

    kind: str
    table: str
    rows: tuple[str, ...]
    x: str
    y: str
    low: str | None
    high: str | None
    by: str | None
    order: tuple[str, ...]
    diagonal: bool


@dataclass(frozen=True)
class ClaimAsked:
    """An expectation that is compared with what was found.

    Attributes
    ----------
    asked : str
        As a sentence.
    table : str
        A table or curve of the study.
    value : str
        One of its values.
    rising : tuple of dict
        Cells whose values rise in this order, each with a `value` of its own or that of the claim;
        empty where it is `within`.
    within : tuple of float or None
        The smallest and the largest value of the cells `of`; empty where they are `rising`.
    of : dict of str to str
        Column of the table → value, or a pattern.
    """

    asked: str
    table: str
    value: str
    rising: tuple[dict[str, str], ...]
    within: tuple[float | None, ...]
    of: dict[str, str]


@dataclass(frozen=True)
class OfStudy:
    """What all steps of a study know.

    Attributes
    ----------
    overlays : tuple of StudyOverlay
        All of the study's, in their order.
    labels : dict of str to str
        Name or pattern → what readers are shown in its place.
    """

    overlays: tuple[StudyOverlay, ...]
    labels: dict[str, str]


@dataclass(frozen=True)
class StudyTablesStep(OfStudy):
    """What the step study-tables is asked for.

    Attributes
    ----------
    tables : dict of str to TableAsked
        By name.
    curves : dict of str to CurveAsked
        By name.
    claims : dict of str to ClaimAsked
        By name.
    """

    tables: dict[str, TableAsked]
    curves: dict[str, CurveAsked]
    claims: dict[str, ClaimAsked]


@dataclass(frozen=True)
class StudyFiguresStep(OfStudy):
    """What the step study-figures is asked for.

    Attributes
    ----------
    curves : dict of str to CurveAsked
        By name.
    figures : dict of str to FigureAsked
        By name.
    """

    curves: dict[str, CurveAsked]
    figures: dict[str, FigureAsked]


@dataclass(frozen=True)
class StudyPageStep(OfStudy):
    """What the step study-page is asked for.

    Attributes
    ----------
    study : str
        Its name.
    title : str
        Heading of the page; the name where it is empty.
    description : str
        What was asked.
    differs : tuple of str
        What is another here than in the paper, a sentence each.
    tables : dict of str to TableAsked
        By name.
    curves : dict of str to CurveAsked
        By name.
    figures : dict of str to FigureAsked
        By name.
    claims : dict of str to ClaimAsked
        By name.
    shown : tuple of str
        Names of tables, curves and figures in the order of the page, which JSON forgets.
    expected : tuple of str
        Those of claims, likewise.
    """

    study: str
    title: str
    description: str
    differs: tuple[str, ...]
    tables: dict[str, TableAsked]
    curves: dict[str, CurveAsked]
    figures: dict[str, FigureAsked]
    claims: dict[str, ClaimAsked]
    shown: tuple[str, ...]
    expected: tuple[str, ...]
