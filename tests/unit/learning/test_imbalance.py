"""Label and feature distribution smoothing: worked numbers, loops by hand, and a training."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from training_steps import asked, training

from contrage.errors import SettingsError
from contrage.learning.imbalance.asked import of_scans, smoothing
from contrage.learning.imbalance.features import SmoothedFeatures, change, statistics
from contrage.learning.imbalance.weights import weights
from contrage.learning.imbalance.window import smoothing as matrix_of
from contrage.learning.imbalance.window import window
from contrage.learning.labels import numbers
from contrage.learning.machine.processes import ALONE
from contrage.learning.train import train
from contrage.losses import load
from contrage.settings.blocks.training import FdsSettings, LdsSettings

FORMULATIONS = ("released", "paper")
COUNTS = {3: 1, 4: 4, 5: 9, 6: 16, 7: 4}
"""Rows of each label of the worked example."""


def lds(formulation: str) -> LdsSettings:
    return LdsSettings(formulation=formulation, window=5, sigma=2.0)


def fds(formulation: str, momentum: float = 0.9) -> FdsSettings:
    return FdsSettings(formulation=formulation, window=5, sigma=2.0, momentum=momentum)


def test_window_is_the_authors_nearly_flat_one():
    wanted = [0.858285, 0.945828, 1.0, 0.945828, 0.858285]
    np.testing.assert_allclose(window(5, 2.0), wanted, atol=1e-6)
    row = matrix_of(7, 5, 2.0)[3, 1:6]
    np.testing.assert_allclose(row, [0.186251, 0.205248, 0.217003, 0.205248, 0.186251], atol=1e-6)
    np.testing.assert_allclose(matrix_of(7, 5, 2.0).sum(1), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("formulation", "wanted"),
    [
        ("released", [1.814773, 1.076388, 0.881834, 0.949718, 1.186920]),
        ("paper", [1.538669, 1.043580, 0.958860, 0.966072, 1.050030]),
    ],
)
def test_weights_of_the_worked_example(formulation, wanted):
    labels = np.repeat(list(COUNTS), list(COUNTS.values()))
    found = weights(labels, lds(formulation))
    np.testing.assert_allclose(found[[0, 1, 5, 14, 30]], wanted, atol=1e-6)
    assert found.mean() == pytest.approx(1)


def weights_by_loops(labels: list[int], formulation: str) -> list[float]:
    over = [0.8582849, 0.9458278, 1.0, 0.9458278, 0.8582849]
    found = []
    for label in labels:
        total = 0.0
        for step in range(-2, 3):
            count = labels.count(label + step)
            total += over[step + 2] * (math.sqrt(count) if formulation == "released" else count)
        found.append(1 / (total if formulation == "released" else math.sqrt(total)))
    mean = sum(found) / len(found)
    return [each / mean for each in found]


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_weights_are_those_of_loops_over_scans(rng, formulation):
    labels = (rng.gamma(2, 4, 60) - 5).astype(int)
    found = weights(labels, lds(formulation))
    np.testing.assert_allclose(found, weights_by_loops(labels.tolist(), formulation), rtol=1e-6)


def test_labels_are_bins_of_the_target():
    assert numbers(np.array([20.0, 20.9, 23.3, -0.5]), 1).tolist() == [20, 20, 23, -1]
    assert numbers(np.array([23.3, 23.2, 0.05]), 0.1).tolist() == [233, 232, 0]
    assert numbers(np.array([7.5, 2.0, 7.5]), 0).tolist() == [1, 0, 1]


def test_smoothed_statistics_and_features_of_the_worked_example():
    mean, variance = np.array([0.0, 2, 4, 6, 8]), np.array([1.0, 1, 4, 1, 1])
    over = matrix_of(5, 5, 2.0)
    smoothed = over @ mean, over @ variance
    np.testing.assert_allclose(smoothed[0], [2.310996, 2.745003, 4, 5.254997, 5.689004], atol=1e-6)
    np.testing.assert_allclose(
        smoothed[1], [2.117504, 1.615743, 1.651010, 1.615743, 2.117504], atol=1e-6
    )
    columns = (torch.tensor(each)[:, None] for each in (mean, variance, *smoothed))
    fixed = SmoothedFeatures(0, 4, fds("paper"))
    fixed.change = change(*columns)
    found = fixed.smooth(torch.tensor([[5.0], [1.0]]), torch.tensor([2, 0]))
    np.testing.assert_allclose(found.flatten(), [4.6424581, 3.7661609], atol=1e-6)


def features_by_loops(epochs, formulation: str, momentum: float = 0.9) -> list[np.ndarray]:
    """Smooth the features of each epoch, a list of (features (n, d), labels (n,)), one by one."""
    labels, width = 6, epochs[0][0].shape[1]
    over = [0.186251, 0.205248, 0.217003, 0.205248, 0.186251]
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    empty = np.zeros(width), np.ones(width)
    calibration = None
    found = []
    for number, (features, of) in enumerate(epochs):
        out = features.astype(float)
        if calibration:
            newest, smoothed = calibration
            for row, label in enumerate(of.tolist()):
                for at in range(width):
                    mean, variance = newest[label][0][at], newest[label][1][at]
                    if variance > 0:
                        ratio = min(10, max(0.1, smoothed[label][1][at] / variance))
                        gone = (features[row, at] - mean) * math.sqrt(ratio)
                        out[row, at] = gone + smoothed[label][0][at]
        found.append(out)
        before = dict(known)
        for label in range(labels):
            own = features[of == label].astype(float)
            if len(own) == 0:
                continue
            spread = own.var(0, ddof=1) if len(own) > 1 else np.zeros(width)
            old = known.get(label, empty)
            first = number == 0 if formulation == "released" else label not in known
            kept = 0 if first else momentum
            known[label] = tuple(
                (1 - kept) * new + kept * past
                for new, past in zip((own.mean(0), spread), old, strict=True)
            )
        source = before if formulation == "released" else known
        if formulation == "released" and number == 0:
            continue
        smoothed = {}
        for label in range(labels):
            sums, whole = [np.zeros(width), np.zeros(width)], 0.0
            for step, share in zip(range(-2, 3), over, strict=True):
                near = abs(label + step)
                near = 2 * (labels - 1) - near if near > labels - 1 else near
                if near not in source and formulation == "paper":
                    continue
                each = source.get(near, empty)
                sums = [part + share * value for part, value in zip(sums, each, strict=True)]
                whole += share
            smoothed[label] = [part / whole if whole else part for part in sums]
        calibration = {each: known.get(each, empty) for each in range(labels)}, smoothed
    return found


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_features_are_smoothed_as_loops_smooth_them(rng, formulation):
    """A label without scans, one with one scan, a coordinate that never varies."""
    epochs = []
    for _ in range(4):
        of = np.array([0, 0, 0, 1, 1, 2, 2, 2, 4, 5, 5, 5])
        features = rng.normal(of[:, None], 1 + of[:, None] / 3, (12, 3)).astype(np.float32)
        features[:, 1] = 0.5
        epochs.append((features, of))
    smooths = SmoothedFeatures(20, 25, fds(formulation))
    wanted = features_by_loops(epochs, formulation)
    for (features, of), each in zip(epochs, wanted, strict=True):
        parts = [slice(0, 7), slice(7, 12)]
        got = [
            smooths.smooth(torch.from_numpy(features[p]), torch.from_numpy(of[p])) for p in parts
        ]
        np.testing.assert_allclose(torch.cat(got), each, rtol=1e-4, atol=1e-5)
        smooths.finish_epoch(ALONE)
    first = {"paper": 1, "released": 2}[formulation]
    changed = [not np.allclose(each, own) for each, (own, _) in zip(wanted, epochs, strict=True)]
    assert changed.index(True) == first


def test_a_label_of_one_scan_stays_as_it_is():
    counts, mean, variance = statistics(
        torch.tensor([[1.0], [3.0], [7.3]]), torch.tensor([0, 0, 2]), 3
    )
    assert counts.tolist() == [2, 0, 1]
    assert variance.flatten().tolist() == [2, 0, 0]
    assert mean.flatten().tolist() == pytest.approx([2, 0, 7.3])


def test_views_of_a_scan_have_its_label():
    smooths, seen = SmoothedFeatures(3, 5, fds("paper")), []

    def network(images, *views, between):
        between(images)
        seen.extend(smooths._of_epoch[-1][1].tolist())
        return images

    smooths.around(network, torch.tensor([5, 3]))(torch.zeros(4, 2))
    assert seen == [2, 2, 0, 0]


def test_weighted_l1_is_the_mean_of_weight_and_error(rng):
    predicted = torch.tensor(rng.normal(size=(4, 2, 1)))
    truth, of = torch.tensor(rng.normal(size=4)), torch.tensor([0.5, 2.0, 1.0, 0.1])
    for kind, error in (("l1", abs), ("mse", lambda gap: gap**2)):
        found = load("l1", kind=kind)(predicted, truth, weights=of)
        gaps = [
            float(of[i]) * error(float(predicted[i, v, 0] - truth[i]))
            for i in range(4)
            for v in range(2)
        ]
        assert found.item() == pytest.approx(sum(gaps) / 8)
    plain, ones = load("l1")(predicted, truth), load("l1")(predicted, truth, weights=torch.ones(4))
    assert plain.item() == pytest.approx(ones.item())


def told(settings, **own):
    settings = settings | {"row": "l1", "loss": {"loss": "l1"}, "bin_width": 5.0}
    settings["training"] = settings["training"] | own
    return settings


BOTH = {
    "lds": {"formulation": "released", "window": 5, "sigma": 2.0},
    "fds": {"formulation": "released", "window": 5, "sigma": 2.0, "momentum": 0.9},
}


def test_both_change_a_training_and_not_how_features_are_read_off(cohort, settings):
    models = {}
    for name, own in {"plain": {}, **{k: {k: v} for k, v in BOTH.items()}}.items():
        train(asked(told(settings, epochs=4, **own)), **cohort.inputs, **cohort.outputs(name))
        models[name] = torch.load(cohort.outputs(name)["model"], weights_only=True)
    heads = {name: model["head"]["2.weight"] for name, model in models.items()}
    assert not torch.equal(heads["plain"], heads["lds"])
    assert not torch.equal(heads["plain"], heads["fds"])
    assert models["plain"].keys() == models["fds"].keys()


def test_a_training_goes_on_with_the_statistics_of_its_features(
    cohort, settings, interrupted_after
):
    settings = asked(told(settings, epochs=5, **BOTH))
    train(settings, **cohort.inputs, **cohort.outputs("whole"))
    interrupted_after(3, lambda: train(settings, **cohort.inputs, **cohort.outputs("cut")))
    train(settings, **cohort.inputs, **cohort.outputs("cut"))
    whole, cut = (cohort.outputs(name)["model"].read_bytes() for name in ("whole", "cut"))
    assert whole == cut


@pytest.mark.parametrize(
    ("loss", "key", "message"),
    [
        ("exp", "lds", r"training\.lds: exp cannot weigh scans \(row exp\); set it to null"),
        ("exp", "fds", r"training\.fds: exp does not predict \(row exp\); set it to null"),
        ("bce", "lds", r"training\.lds: bce cannot weigh scans"),
    ],
)
def test_a_loss_that_has_no_part_in_it_is_refused(settings, loss, key, message):
    settings = settings | {"row": loss, "loss": {"loss": loss}, "bin_width": 1.0}
    settings["training"] = settings["training"] | {key: BOTH[key]}
    with pytest.raises(SettingsError, match=message):
        smoothing(asked(settings), np.array([1.0, 2.0]), load(loss))


def test_without_a_width_of_labels_there_are_none(settings):
    settings = told(settings, **BOTH)
    settings["bin_width"] = None
    with pytest.raises(SettingsError, match="bin_width: lds and fds need"):
        of_scans(asked(settings), np.array([1.0, 2.0]))


def test_a_training_that_is_asked_for_neither_says_nothing_of_them(settings):
    from contrage.settings.build import as_plain

    plain = as_plain(asked(settings))
    assert "bin_width" not in plain
    assert not {"lds", "fds"} & plain["training"].keys()
    assert training().lds is None
