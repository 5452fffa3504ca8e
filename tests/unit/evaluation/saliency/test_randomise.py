"""A method is shown where its map depends on what was learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from predictors import linear, small

from contrage.evaluation.saliency import methods, randomise
from contrage.evaluation.saliency.places import cells, sums
from contrage.evaluation.saliency.verdict import FEWEST, Judged, Stage, highest


def edges(predictor, image, asked):
    """Return where an image changes, whoever looks at it."""
    found = torch.zeros_like(image)
    for axis in range(2, image.dim()):
        found += torch.diff(image, dim=axis, append=image.narrow(axis, -1, 1)).abs()
    return found


def explain(images, method, places):
    def told(predictor):
        found = [methods.attributions(predictor, each, method, regions=places) for each in images]
        count = int(places.max())
        return np.mean([np.abs(sums(each, places, count)[:-1]) for each in found], axis=0)

    return told


def cascade(predictor, explain):
    return randomise.cascade(predictor, explain, explain(predictor))


@pytest.fixture
def images(rng):
    return [torch.from_numpy(rng.normal(0, 1, (1, 1, 12, 14)).astype(np.float32)) for _ in range(5)]


@pytest.fixture
def places():
    return cells(np.ones((1, 12, 14), bool), 40)


def test_a_method_that_shows_the_image_whatever_was_learned_is_caught(images, places, monkeypatch):
    monkeypatch.setitem(methods.METHODS, "edges", edges)
    stages = cascade(small(1, (12, 14)), explain(images, "edges", places))
    assert all(stage.correlation == pytest.approx(1) for stage in stages)
    found = Judged.of(stages, 1.0, 40)
    assert not found.shown and "with random weights its map stays much the same" in found.why


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_a_predictor_that_looks_at_one_place_is_shown(method, images, places):
    weights = np.zeros((1, 12, 14))
    weights[:, 2:7, 3:9] = 1
    stages = cascade(linear(weights), explain(images, method, places))
    assert stages[-1].correlation < highest(1.0)
    assert Judged.of(stages, 1.0, 40) == Judged(stages, 1.0, True, "")


def test_weights_are_drawn_from_the_readout_downwards_one_layer_more_at_a_time():
    predictor = small(1, (12, 14))
    before = {name: value.clone() for name, value in predictor.state_dict().items()}
    names = [name for name, _ in randomise.layers(predictor)]
    assert names[0] == "readout" and names[-1] == "encoder.layers.1"
    for at, (name, changed) in enumerate(randomise.randomised(predictor, 0)):
        assert name == names[at]
        for layer, module in changed.named_modules():
            for key, value in module.named_parameters(layer, recurse=False):
                is_drawn = layer in names[: at + 1] and value.numel() > 1 and before[key].std() > 0
                assert torch.equal(value, before[key]) != is_drawn, (name, key)
    assert all(torch.equal(before[name], value) for name, value in predictor.state_dict().items())


def test_a_cascade_is_the_same_each_time_and_ends_with_all_layers(images, places):
    predictor = small(1, (12, 14))
    told = explain(images, "integrated_gradients", places)
    stages = cascade(predictor, told)
    assert stages == cascade(predictor, told)
    assert stages[-1].layers == len(randomise.layers(predictor))
    assert [stage.layers for stage in stages] == sorted({stage.layers for stage in stages})
    assert len(stages) <= randomise.STAGES
    assert randomise.cascade(predictor, told, told(predictor), most=1) == stages[-1:]


@pytest.mark.parametrize(
    ("count", "wanted"), [(1, [0]), (3, [0, 1, 2]), (20, [0, 4, 8, 11, 15, 19])]
)
def test_stages_are_evenly_chosen_the_first_and_the_last_too(count, wanted):
    assert randomise.chosen(count) == wanted


def test_what_cannot_be_compared_is_not_shown():
    assert not Judged.of([Stage("readout", 1, 0.1)], 1.0, FEWEST - 1).shown
    for stage, between in ((float("nan"), 1.0), (0.1, float("nan"))):
        found = Judged.of([Stage("readout", 1, stage)], between, 64)
        assert not found.shown and "nothing to compare" in found.why
    few = np.arange(FEWEST - 1.0)
    assert np.isnan(randomise.correlation(few, few))


@pytest.mark.parametrize(
    ("random", "between", "shown"),
    [
        (0.7, 1.0, True),  # of a single training: half of the variance of ranks
        (0.71, 1.0, False),
        (0.41, 0.6, True),  # of what two trainings agree on: .41² is less than half of .6²
        (0.43, 0.6, False),
        (-0.5, 0.3, False),
        (0.0, 0.0, False),  # nothing that could be repeated
        (-0.2, -0.1, False),
    ],
)
def test_random_weights_may_tell_less_than_half_of_what_another_training_tells(
    random, between, shown
):
    found = Judged.of([Stage("readout", 1, 0.9), Stage("encoder.0", 2, random)], between, 64)
    assert found.shown is shown and bool(found.why) is not shown
    assert shown is (between > 0 and random**2 < between**2 / 2)
