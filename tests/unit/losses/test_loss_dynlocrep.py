"""Dynamic localized repulsion against equations 1-3 and Algorithm 1, in loops."""

from __future__ import annotations

import json

import pytest
import torch
from loss_helpers import anchors_of, assert_golden, assert_same, batch, kernel, value_and_gradient
from torch import Tensor

from contrage.errors import SettingsError
from contrage.losses import load

NORMS = {
    "manhattan": lambda a, b: float((a - b).abs().sum()),
    "euclidean": lambda a, b: float((a - b).pow(2).sum().sqrt()),
    "cosine": lambda a, b: float(1 - a @ b / a.norm() / b.norm()),
    "chebyshev": lambda a, b: float((a - b).abs().max()),
}


def by_loops(
    z: Tensor, y: Tensor, epoch: int, norm: str, neighbours: int, released: bool
) -> Tensor:
    """Compute either form at temperature 0.3, rbf, sigma 2, with the number of samples repelled."""
    size = neighbours * z.shape[1]
    z, y = anchors_of(z, y)
    terms, normalisers = [], []
    for i in range(len(z)):
        others = [t for t in range(len(z)) if t != i]
        w = {t: kernel("rbf", 2.0, y[i] - y[t]) for t in others}
        s = {t: z[i] @ z[t] / 0.3 for t in range(len(z))}
        if released:
            top = max(value.item() for value in s.values())
            s = {t: value - top for t, value in s.items()}
        by_distance = sorted(others, key=lambda t: NORMS[norm](z[i].detach(), z[t].detach()))
        near = by_distance[: size - 1] if released else by_distance[:size]
        denominator = sum(torch.exp(s[t] * (1 - w[t])) for t in near)
        terms.append(-sum(w[k] * torch.log(torch.exp(s[k]) / denominator) for k in others))
        normalisers.append(sum(w.values()))
    if released:
        return sum(terms) / sum(normalisers) * 0.3 / 0.07
    return sum(term / whole for term, whole in zip(terms, normalisers, strict=True)) / len(terms)


def at_epoch(formulation: str, norm: str, final: int, epoch: int, batch_size: int):
    loss = load(
        "dynlocrep", temperature=0.3, norm=norm, nn_final=final, nn_step_size=2, max_epochs=10,
        formulation=formulation,
    )  # fmt: skip
    return loss, loss.neighbours(epoch, batch_size)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("views", [1, 2, 3])
@pytest.mark.parametrize(("epoch", "neighbours"), [(0, 6), (5, 4), (9, 2)])
def test_paper_form_is_equation_3(rng, norm, views, epoch, neighbours):
    loss, number = at_epoch("paper", norm, 2, epoch, 6)
    assert number == neighbours
    z, y = batch(rng, 6, views)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, norm, number, False), z, y, epoch)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("epoch", "neighbours"), [(1, 32), (5, 17), (10, 3)])
def test_released_form_is_what_the_authors_code_computes(rng, norm, epoch, neighbours):
    loss, number = at_epoch("released", norm, 3, epoch, 32)
    assert number == neighbours
    z, y = batch(rng, 32, 1)
    assert_same(loss, lambda z, y, epoch: by_loops(z, y, epoch, norm, number, True), z, y, epoch)


def test_number_of_neighbours_follows_algorithm_1(shared):
    schedules = json.loads((shared / "golden" / "losses_visible.json").read_text())["schedules"]
    for schedule in schedules:
        for formulation in ("paper", "released"):
            loss = load(
                "dynlocrep", formulation=formulation, nn_final=schedule["final"],
                nn_step_size=schedule["step_size"], max_epochs=schedule["max_epochs"],
            )  # fmt: skip
            counts = [
                loss.neighbours(e, schedule["batch_size"]) for e in range(len(schedule["nn"]))
            ]
            assert counts == schedule["nn"]


def test_paper_counts_epochs_from_0_and_the_released_code_from_1():
    paper, released = (load("dynlocrep", formulation=form) for form in ("paper", "released"))
    assert (paper.first_epoch, released.first_epoch) == (0, 1)
    assert (paper.neighbours(0, 32), released.neighbours(1, 32)) == (32, 31)
    assert paper.neighbours(49, 32) == released.neighbours(50, 32) == 14


def test_released_form_localises_nothing_in_batches_under_32():
    assert load("dynlocrep", formulation="released").neighbours(50, 31) == 31
    assert load("dynlocrep").neighbours(50, 31) == 14


def test_with_all_samples_repelled_it_is_the_exponential_loss(rng):
    z, y = batch(rng)
    torch.testing.assert_close(load("dynlocrep", nn_step_size=0)(z, y, 49), load("exp")(z, y))


def test_training_of_a_single_step_goes_to_the_final_number_at_once():
    loss = load("dynlocrep", nn_step_size=6, max_epochs=10, nn_final=4)
    assert [loss.neighbours(epoch, 32) for epoch in (0, 5, 6, 9)] == [32, 32, 4, 4]


def test_more_final_neighbours_than_samples_repel_from_all(rng):
    z, y = batch(rng, 5)
    loss = load("dynlocrep", nn_final=14)
    torch.testing.assert_close(loss(z, y, epoch=49), loss(z, y, epoch=0))


@pytest.mark.parametrize("formulation", ["paper", "released"])
def test_anchors_without_neighbours_add_nothing(rng, formulation):
    loss = load("dynlocrep", nn_final=0, formulation=formulation)
    z, y = batch(rng, 32, 1)
    value, gradient = value_and_gradient(loss, z, y, epoch=50)
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("norm", NORMS)
def test_order_of_the_batch_does_not_decide_between_equally_near_samples(rng, norm):
    z, y = batch(rng, 8, 1)
    z = z[:1].expand(8, -1, -1).clone()
    y = torch.arange(8.0, dtype=torch.float64)
    loss = load("dynlocrep", norm=norm, nn_final=3)
    order = torch.tensor(rng.permutation(8))
    torch.testing.assert_close(loss(z[order], y[order], epoch=49), loss(z, y, epoch=49))


@pytest.mark.parametrize("norm", ["euclidean", "cosine"])
def test_rotating_the_embeddings_changes_nothing_in_a_norm_that_allows_it(rng, norm):
    z, y = batch(rng, 8, 2)
    rotation = torch.linalg.qr(torch.tensor(rng.normal(size=(4, 4)))).Q
    loss = load("dynlocrep", norm=norm, nn_final=3)
    torch.testing.assert_close(loss(z @ rotation, y, epoch=49), loss(z, y, epoch=49))


@pytest.mark.parametrize(
    "settings",
    [{"norm": "l3"}, {"nn_final": -1}, {"nn_final": 2.5}, {"nn_step_size": -1}, {"max_epochs": 0}],
)
def test_setting_that_cannot_work_is_named(settings):
    with pytest.raises(SettingsError, match=next(iter(settings))):
        load("dynlocrep", **settings)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_agrees_with_every_golden_case(shared, dtype):
    assert assert_golden(shared / "golden", "dynlocrep", dtype) == 54
