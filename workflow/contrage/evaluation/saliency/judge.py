"""Whether methods may be shown of a row: maps with random weights, beside those of other trainings.

A few test people are explained by the training of the first seed whose fold tests most, by the same
network with random weights, and by other trainings of the row. What two trainings agree on can be
repeated; where random weights do as well, it is the image alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from torch import nn

from contrage.evaluation.saliency import methods, randomise
from contrage.evaluation.saliency.members import Explainer, Key, Members, places, spread
from contrage.evaluation.saliency.places import cells, sums
from contrage.evaluation.saliency.verdict import Judged

CHECKED, OTHERS, STEPS = 12, 2, 16
"""Scans that are looked at (raised from 4, with which generated tables of true ages failed: see
docs/evaluation.md); other trainings; points of the path of integrated gradients."""

Explain = Callable[[nn.Module], NDArray[np.floating]]


def judged(
    members: Members, asked: Iterable[str], is_age: bool, stages: int = randomise.STAGES
) -> dict[str, Judged]:
    """Return method → whether it may be shown.

    Parameters
    ----------
    members : Members
    asked : iterable of str
        Names of methods.
    is_age : bool
        Whether the target is age, by which a person's first scan is told.
    stages : int
        How many stages of the cascade are looked at; 1: that with all weights random alone, which
        decides.

    Raises
    ------
    TableError
        If nobody is tested.
    """
    key = busiest(members)
    people = spread([members.fold(key)], CHECKED, members.array, is_age)
    first = members.load(key)
    others = [members.load(each) for each in beside(members, key)]
    with first.repeatable():
        field = np.any([_differs(first, int(row)) for row in people.rows], axis=0)
        parts = cells(field, randomise.CELLS)
        return {name: compare(first, others, name, people.rows, parts, stages) for name in asked}


def busiest(members: Members) -> Key:
    """Return the training, of the first seed, whose fold tests most scans; of equal ones the first.

    Raises
    ------
    TableError
        If nobody is tested.
    """
    seed = next(iter(members.models))[0]
    own = [each for each in members.models if each[0] == seed]
    return max(own, key=lambda each: len(members.fold(each).test.ids))


def beside(members: Members, key: Key) -> list[Key]:
    """Return other trainings: of other seeds, or where there are none of other folds."""
    rest = [each for each in members.models if each[0] != key[0]]
    rest = rest or [each for each in members.models if each != key]
    return [rest[place] for place in places(len(rest), OTHERS)] if rest else []


def compare(
    first: Explainer,
    others: list[Explainer],
    name: str,
    rows: NDArray[np.int_],
    parts: NDArray[np.int_],
    stages: int = 1,
) -> Judged:
    """Return whether a method may be shown: a training's maps beside those of others.

    Parameters
    ----------
    first : Explainer
        Whose weights are drawn anew.
    others : list of Explainer
    name : str
        Of the method.
    rows : ndarray of int
        Of the scans that are explained, in the array.
    parts : ndarray of int, shape (C, *shape)
        Number of each value's place, from 1 on.
    stages : int
        Of the cascade.
    """
    explain = by_place(first, name, rows, parts)
    genuine = explain(first.predictor)
    again = [by_place(each, name, rows, parts)(each.predictor) for each in others]
    agree = [randomise.correlation(each, genuine) for each in again]
    between = float(np.mean(agree)) if agree else 1.0
    cascade = randomise.cascade(first.predictor, explain, genuine, most=stages)
    return Judged.of(cascade, between, int(parts.max()))


def by_place(
    member: Explainer, name: str, rows: NDArray[np.int_], parts: NDArray[np.int_]
) -> Explain:
    """Return a function from a predictor to what each place adds, absolute, mean over scans.

    Images and baseline are as a training takes them.

    Parameters
    ----------
    member : Explainer
    name : str
        Of the method.
    rows : ndarray of int
        Of the scans, in the array.
    parts : ndarray of int, shape (C, *shape)
        Number of each value's place, from 1 on.
    """
    images = [member.image(int(row)) for row in rows]
    given = {"baseline": member.baseline, "regions": parts, "steps": STEPS}

    def explain(predictor: nn.Module) -> NDArray[np.floating]:
        found = [methods.attributions(predictor, image, name, **given) for image in images]
        return np.mean([np.abs(sums(each, parts, int(parts.max()))[:-1]) for each in found], axis=0)

    return explain


def _differs(member: Explainer, row: int) -> NDArray[np.bool_]:
    """Return where a scan is not the baseline."""
    return (member.image(row) != member.baseline).numpy()[0]
