"""Attributions beside what they must be of predictors that can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from predictors import linear, small

from contrage.errors import SettingsError
from contrage.evaluation.coefficients import read_coefficients, write_coefficients
from contrage.evaluation.logistic import fit_at
from contrage.evaluation.predictor import by_head, by_probe
from contrage.evaluation.ridge import fit
from contrage.evaluation.saliency.methods import METHODS, attributions, difference
from contrage.learning.embed import predicted
from contrage.learning.model import Model

KINDS = [(1, (9,)), (3, (10,)), (2, (9, 11)), (1, (10, 12, 8))]
"""Channels and shapes: a table, a series, pictures, volumes."""


def tensor(rng, *shape: int) -> torch.Tensor:
    return torch.from_numpy(rng.normal(0, 1, shape).astype(np.float32))


@pytest.mark.parametrize("method", METHODS)
def test_of_a_linear_predictor_each_value_adds_its_weight_times_its_distance(method, rng):
    weights = rng.normal(0, 1, (2, 3, 4))
    image, baseline = tensor(rng, 1, 2, 3, 4), tensor(rng, 1, 2, 3, 4)
    each = np.arange(24).reshape(2, 3, 4)
    predictor = linear(weights, scale=3.0)
    found = attributions(predictor, image, method, baseline=baseline, regions=each)
    wanted = weights * (image - baseline).numpy()[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_occlusion_gives_a_region_what_is_lost_without_it(rng):
    predictor, regions = small(1, (10, 12, 8)), rng.integers(0, 4, (10, 12, 8))
    image, baseline = tensor(rng, 1, 1, 10, 12, 8), tensor(rng, 1, 1, 10, 12, 8)
    found = attributions(predictor, image, "occlusion", baseline=baseline, regions=regions)
    for number in range(4):
        inside = torch.from_numpy(regions == number)
        without = torch.where(inside, baseline, image)
        with torch.no_grad():
            lost = float(predictor(image) - predictor(without))
        own = found[0][regions == number]
        assert own.sum() == pytest.approx(lost, abs=1e-4)
        assert np.ptp(own) < 1e-6


@pytest.mark.parametrize(("channels", "shape"), KINDS)
def test_integrated_gradients_add_up_to_the_difference(channels, shape, rng):
    predictor = small(channels, shape)
    image, baseline = tensor(rng, 1, channels, *shape), tensor(rng, 1, channels, *shape)
    found = attributions(predictor, image, baseline=baseline, steps=256)
    assert found.shape == (channels, *shape) and found.dtype == np.float32
    wanted = difference(predictor, image, baseline)
    size = np.abs(found).sum()
    assert abs(found.sum() - wanted) < 0.02 * size and size > 0.1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("channels", "shape"), KINDS)
def test_however_many_images_are_in_a_pass_the_numbers_are_the_same(method, channels, shape, rng):
    predictor, image = small(channels, shape), tensor(rng, 1, channels, *shape)
    regions = rng.integers(0, 5, (channels, *shape))
    given = {"regions": regions, "steps": 16}
    first = attributions(predictor, image, method, **given, at_once=8)
    np.testing.assert_array_equal(first, attributions(predictor, image, method, **given, at_once=8))
    np.testing.assert_allclose(
        first, attributions(predictor, image, method, **given, at_once=1), atol=2e-5
    )


def test_without_a_baseline_it_is_zero(rng):
    weights, image = rng.normal(0, 1, (1, 7)), tensor(rng, 1, 1, 7)
    np.testing.assert_allclose(
        attributions(linear(weights), image), weights * image.numpy()[0], atol=1e-5
    )


def test_occlusion_without_regions_and_an_unknown_method_are_refused(rng):
    predictor, image = linear(np.ones((1, 5))), tensor(rng, 1, 1, 5)
    with pytest.raises(SettingsError, match=r"^evaluations\.saliency\.methods: occlusion needs"):
        attributions(predictor, image, "occlusion")
    with pytest.raises(SettingsError, match=r"^evaluations\.saliency\.methods: there is no lime"):
        attributions(predictor, image, "lime")


@pytest.mark.parametrize("binary", [False, True])
def test_a_predictor_predicts_what_the_probe_does(binary, rng, tmp_path):
    network = Model("small", (12, 10), [4])
    network(torch.randn(16, 1, 12, 10))
    network.eval()
    images = tensor(rng, 20, 1, 12, 10)
    with torch.no_grad():
        features = network.encoder(images).numpy()
    targets = (np.arange(20) % 2).astype(float) if binary else rng.uniform(20, 80, 20)
    people = [str(n) for n in range(20)]
    fitted = fit_at(features, targets, 2.0) if binary else fit(features, targets, people, [1.0], 5)
    write_coefficients(tmp_path / "p.npz", [3], [fitted])
    predictor = by_probe(network, read_coefficients(tmp_path / "p.npz")[3])
    found = predictor(images).detach().numpy()
    np.testing.assert_allclose(found, fitted.predict(features.astype(float)), rtol=1e-5)


@pytest.mark.parametrize("scale", [{"target_mean": 50.0, "target_sd": 12.0}, {"logit": True}])
def test_a_predictor_predicts_what_the_head_does(scale, rng):
    network = Model("small", (12, 10), [8, 2])
    network.eval()
    images = tensor(rng, 6, 1, 12, 10)
    with torch.no_grad():
        own = predicted(network, network.encoder(images), scale)
        found = by_head(network, scale)(images).numpy()
    np.testing.assert_allclose(found, own["score" if "logit" in scale else "prediction"], rtol=1e-6)


def test_a_predictor_stays_as_it_is(rng):
    predictor = small(1, (9, 11))
    predictor.train()
    assert not any(each.training for each in predictor.modules())
    before = {name: value.clone() for name, value in predictor.state_dict().items()}
    attributions(predictor, tensor(rng, 1, 1, 9, 11))
    assert all(torch.equal(before[name], value) for name, value in predictor.state_dict().items())
    assert not any(each.requires_grad for each in predictor.parameters())
