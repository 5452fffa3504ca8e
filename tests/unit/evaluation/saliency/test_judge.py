"""Which training is judged, beside which others, on whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from forms import VOLUME
from predictors import linear
from trained_rows import METHODS

from contrage.dataset.load import Loader
from contrage.errors import TableError
from contrage.evaluation.predictions import Fold
from contrage.evaluation.saliency import judge
from contrage.evaluation.saliency.members import Explainer, Members, evenly, one_each
from contrage.evaluation.saliency.places import cells
from contrage.form import Form
from contrage.learning.folds import Scans
from contrage.settings.steps.scores import ScoresSettings

SHAPE = (1, 6, 7, 5)


def people(count: int, first: int = 0, scans: int = 1) -> Scans:
    who = [f"p{first + n // scans:02d}" for n in range(count * scans)]
    ids = tuple(f"{one}_ses-{n % scans}" for n, one in enumerate(who))
    none = (None,) * len(ids)
    return Scans(ids, tuple(who), none, none, np.arange(len(ids), dtype=float), np.arange(len(ids)))


def members(folds: dict[int, list[int]], array: Path = Path("a.npy")) -> Members:
    """Return members of seeds whose folds test so many."""
    of_seed = {
        seed: [
            Fold(number, {}, {"train": people(8), "test": people(count, 20)})
            for number, count in enumerate(counts)
        ]
        for seed, counts in folds.items()
    }
    models = {(seed, n): Path("m") for seed, counts in folds.items() for n in range(len(counts))}
    return Members(models, {}, of_seed, array)


@pytest.mark.parametrize(
    ("folds", "key", "others"),
    [
        ({0: [5]}, (0, 0), []),
        ({0: [4, 6, 6]}, (0, 1), [(0, 0), (0, 2)]),
        ({3: [5], 1: [9], 2: [5]}, (3, 0), [(1, 0), (2, 0)]),
        ({0: [4, 5], 1: [4, 5], 2: [4, 5]}, (0, 1), [(1, 0), (2, 1)]),
    ],
)
def test_the_fullest_fold_of_the_first_seed_is_judged_beside_other_seeds_or_folds(
    folds, key, others
):
    assert judge.busiest(members(folds)) == key
    assert judge.beside(members(folds), key) == others


def test_where_nobody_is_tested_it_is_said():
    with pytest.raises(TableError, match="nobody is tested"):
        judge.judged(members({0: [0]}), METHODS, True)


def test_a_mean_is_of_people_each_of_whom_counts_once():
    several = people(4, scans=3)
    assert one_each(several).ids == tuple(f"p{n:02d}_ses-0" for n in range(4))
    assert evenly(np.arange(1000), 200).size == 200


@pytest.fixture
def pair(rng, tmp_path) -> tuple[list[Explainer], np.ndarray]:
    """Two trainings that look at one half of the image, differently within it."""
    np.save(tmp_path / "a.npy", rng.normal(2, 1, (12, *SHAPE)).astype(np.float32))
    settings = ScoresSettings(Form(**VOLUME), "train", "own")
    load = Loader(tmp_path / "a.npy", {"mean": [2.0], "sd": [1.0]}, settings)
    fold = Fold(0, {}, {"train": people(8), "test": people(12)})
    place = np.zeros(SHAPE)
    place[:, :3] = np.linspace(1, 9, 7)[None, None, :, None]
    from training_steps import training

    made = [
        Explainer(
            seed,
            fold,
            linear(place + 0.3 * rng.normal(0, 1, SHAPE)),
            load,
            load(np.arange(12)).mean(0, keepdims=True),
            training(device="cpu"),
        )
        for seed in (0, 1)
    ]
    import torch

    return [replace(each, baseline=torch.from_numpy(each.baseline)) for each in made], cells(
        np.ones(SHAPE, bool), 30
    )


@pytest.mark.parametrize("method", METHODS)
def test_trainings_that_look_at_the_same_places_agree_and_random_weights_do_not(method, pair):
    (one, other), parts = pair
    found = judge.compare(one, [other], method, np.arange(12), parts)
    assert found.shown and found.between > 0.8 > 2 * abs(found.stages[-1].correlation)


def test_a_training_alone_is_taken_to_agree_with_itself(pair):
    (one, _), parts = pair
    assert judge.compare(one, [], "occlusion", np.arange(12), parts).between == 1


def test_trainings_that_look_elsewhere_are_not_shown(pair, rng):
    (one, other), parts = pair
    away = np.zeros(SHAPE)
    away[:, 3:] = 5
    stranger = replace(other, predictor=linear(away))
    found = judge.compare(one, [stranger], "integrated_gradients", np.arange(12), parts)
    assert not found.shown and "trainings of the row do not agree on it" in found.why
