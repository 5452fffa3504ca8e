"""SupReMix against equations 1-6, in loops that form every mixture, and what the paper proves."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from loss_helpers import anchors_of, assert_same, batch, value_and_gradient
from scipy import stats
from torch import Tensor

from contrage.errors import SettingsError
from contrage.losses import _mixtures, load, supremix
from contrage.losses._pairs import flatten

TEMPERATURE = 0.3


def shares_of(loss, ages: Tensor, epoch: int = 0, views: int = 1) -> Tensor:
    return loss.coefficients(_mixtures.numbered(ages, views), slice(0, len(ages)), epoch)


def unit(vector: Tensor) -> Tensor:
    return vector / vector.norm()


def within(gap: float, window: float, is_open: bool = False) -> bool:
    return gap > 0 and (gap < window if is_open else gap <= window)


def mixtures_of(i: int, z, m, groups, shares, window: float, unit="ranks", is_open=False):
    """Yield each mixture for anchor i as a vector, with its label: first Mix-neg, then Mix-pos."""
    inside = [t for t in range(len(z)) if groups[t] == groups[i]]
    for k in inside:
        if m[k] != m[i]:
            yield shares[i, k] * z[i] + (1 - shares[i, k]) * z[k], None
    ranks = sorted({m[t] for t in inside})
    place = ranks.index if unit == "ranks" else float
    for j, k in itertools.product(inside, inside):
        gaps = place(m[i]) - place(m[j]), place(m[k]) - place(m[i])
        if all(within(round(gap, 6), window, is_open) for gap in gaps):
            share = (m[k] - m[i]) / (m[k] - m[j])
            yield share * z[j] + (1 - share) * z[k], share * m[j] + (1 - share) * m[k]


def by_loops(loss, z: Tensor, y: Tensor, epoch: int = 0, groups: Tensor | None = None) -> Tensor:
    """Compute the loss with every mixture formed, λ of Mix-neg taken from the loss."""
    views = z.shape[1]
    shares = shares_of(loss, flatten(z, y)[1], epoch, views)
    groups = [0] * len(z) * views if groups is None else groups.repeat_interleave(views).tolist()
    z, y = anchors_of(z, y)
    m = [
        age if loss.bin_width == 0 else loss.bin_width * math.floor(age / loss.bin_width)
        for age in y
    ]
    span = (max(m) - min(m)) or 1.0

    def weight(gap: float) -> float:
        return (1 + gap) / span if loss.distance_magnifying else 1.0

    total = torch.zeros((), dtype=torch.float64)
    for i in range(len(z)):
        anchor = z[i]
        positives, terms = [], []
        for t in range(len(z)):
            if t != i:
                s = anchor @ z[t] / loss.temperature
                terms.append(weight(abs(m[i] - m[t])) * torch.exp(s))
                positives += [s] if m[t] == m[i] else []
        for k in range(len(z)):
            if loss.mix_neg and m[k] != m[i] and groups[k] == groups[i]:
                share = shares[i, k]
                s = anchor @ unit(share * z[i] + (1 - share) * z[k]) / loss.temperature
                terms.append(weight(abs(m[i] - (share * m[i] + (1 - share) * m[k]))) * torch.exp(s))
        near = loss.within
        asked = near.width, "targets" if near.in_targets else "ranks", near.is_open
        for vector, label in mixtures_of(i, z, m, groups, shares, *asked):
            if loss.mix_pos and label is not None:
                s = anchor @ unit(vector) / loss.temperature
                terms.append(weight(0) * torch.exp(s))
                positives.append(s)
        for s in positives:
            total = total - (s - torch.log(sum(terms))) / len(positives)
    return total / len(z)


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("parts", list(itertools.product([True, False], repeat=3)), ids=str)
def test_loss_is_equation_6_with_any_of_its_parts(rng, views, parts):
    settings = dict(zip(("distance_magnifying", "mix_neg", "mix_pos"), parts, strict=True))
    loss = load("supremix", temperature=TEMPERATURE, window=2, **settings)
    z, y = batch(rng, 7, views)
    assert_same(loss, lambda z, y, epoch: by_loops(loss, z, y, epoch), z, y, epoch=3)


@pytest.mark.parametrize("window", [1, 3, 100])
@pytest.mark.parametrize("bin_width", [0, 1, 10])
def test_window_counts_ranks_of_labels(rng, window, bin_width):
    loss = load("supremix", window=window, bin_width=bin_width, temperature=TEMPERATURE)
    z, _ = batch(rng, 9, 1)
    y = torch.tensor([20.0, 20.0, 21.0, 25.5, 25.7, 30.0, 71.0, 71.0, 90.0], dtype=torch.float64)
    order = torch.tensor(rng.permutation(9))
    assert_same(loss, lambda z, y, epoch: by_loops(loss, z, y), z[order], y[order])


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize(("unit", "window"), [("targets", 5.5), ("ranks", 2), ("ranks", math.inf)])
def test_window_may_be_in_the_targets_unit_open_and_without_end(rng, unit, window, is_open):
    asked = {"window": window, "window_in": unit, "window_open": is_open}
    loss = load("supremix", bin_width=0, temperature=TEMPERATURE, group_by="sex", **asked)
    z, _ = batch(rng, 9, 1)
    y = torch.tensor([20.0, 20.0, 21.3, 25.5, 25.7, 26.8, 31.0, 32.3, 90.0], dtype=torch.float64)
    groups = torch.tensor([0, 1, 0, 1, 0, 0, 1, 0, 0])

    def grouped(z, y, epoch):
        return loss(z, y, epoch=epoch, groups=groups)

    assert_same(grouped, lambda z, y, epoch: by_loops(loss, z, y, epoch, groups), z, y)


LABELS = (20.0, 21.0, 24.0, 30.0, 31.0)
"""Of the worked example; the anchor is 24."""


def pairs(window: float, window_in: str, window_open: bool = False) -> tuple[set, set]:
    """Return the labels below and above 24 of which positives are mixed."""
    loss = load("supremix", window=window, window_in=window_in, window_open=window_open)
    own = torch.tensor(LABELS, dtype=torch.float64)
    near = _mixtures.neighbours(own, torch.zeros(5), loss.within)
    below = set(LABELS[near.low[2] : near.first[2]])
    return below, set(LABELS[near.end[2] : near.high[2]])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((1, "ranks"), ({21}, {30})),
        ((2, "ranks"), ({20, 21}, {30, 31})),
        ((2, "ranks", True), ({21}, {30})),
        ((math.inf, "ranks"), ({20, 21}, {30, 31})),
        ((5, "targets"), ({20, 21}, set())),
        ((6, "targets"), ({20, 21}, {30})),
        ((6, "targets", True), ({20, 21}, set())),
        ((math.inf, "targets"), ({20, 21}, {30, 31})),
        ((math.inf, "targets", True), ({20, 21}, {30, 31})),
    ],
)
def test_pairs_of_the_worked_example(asked, found):
    assert pairs(*asked) == found


def test_weights_of_the_worked_example():
    loss, own = load("supremix", bin_width=0), torch.tensor(LABELS, dtype=torch.float64)
    loss.fit(own)
    weights = loss._log_weights(torch.zeros(()), torch.float64, (own - 24).abs()).exp()
    wanted = [0.454545, 0.363636, 0.090909, 0.636364, 0.727273]
    np.testing.assert_allclose(weights, wanted, atol=1e-6)


def test_share_of_the_worked_example():
    """λ of 21 and 30 for 24 is 2/3: with both at right angles, and 24 where 21 is, 2/√5."""
    own, z = torch.tensor(LABELS, dtype=torch.float64), torch.eye(5, dtype=torch.float64)
    z[2] = z[1]
    near = _mixtures.neighbours(own, torch.zeros(5), _mixtures.Window(1))
    found = _mixtures.between_neighbours(z, near, slice(0, 5), 1.0)
    assert found.number[2] == 1
    assert found.total[2].item() == pytest.approx(2 / math.sqrt(5), abs=1e-12)


def test_windows_in_ranks_and_in_targets_are_one_where_labels_are_consecutive_numbers(rng):
    z, _ = batch(rng, 10, 2)
    y = torch.tensor(rng.permutation(10) + 40.0)
    for window in (1, 3, math.inf):
        of_ranks, of_targets = (
            load("supremix", window=window, window_in=unit) for unit in ("ranks", "targets")
        )
        first, second = (value_and_gradient(loss, z, y) for loss in (of_ranks, of_targets))
        assert first[0] == second[0]
        assert torch.equal(first[1], second[1])


def test_a_gap_of_exactly_the_window_counts_whatever_its_binary_fractions():
    y = torch.tensor([24.8, 25.1, 25.4], dtype=torch.float64)
    assert max(y[2] - y[1], y[1] - y[0]) > 0.3
    near = _mixtures.neighbours(y, torch.zeros(3), _mixtures.Window(0.3, in_targets=True))
    assert [int(near.first[1] - near.low[1]), int(near.high[1] - near.end[1])] == [1, 1]


def test_mixtures_stay_within_their_group(rng):
    loss = load("supremix", group_by="sex", window=2, temperature=TEMPERATURE)
    z, y = batch(rng, 9, 2)
    groups = torch.tensor([1, 0, 1, 0, 0, 1, 5, 1, 0])

    def grouped(z, y, epoch):
        return loss(z, y, epoch=epoch, groups=groups)

    assert_same(grouped, lambda z, y, epoch: by_loops(loss, z, y, epoch, groups), z, y)
    assert loss(z, y, groups=groups) != loss(z, y, groups=torch.zeros(9))


def test_groups_that_are_asked_for_have_to_be_given(rng):
    z, y = batch(rng)
    loss = load("supremix", group_by="sex")
    with pytest.raises(ValueError, match="sex needs the groups"):
        loss(z, y)
    with pytest.raises(ValueError, match=r"Groups must be \(5,\)"):
        loss(z, y, groups=torch.zeros(4))


def test_label_of_a_mixed_positive_is_the_anchors(rng):
    m = rng.uniform(20, 80, 12).round(1).tolist()
    shares = np.full((12, 12), 0.5)
    labels = 0
    for i in range(12):
        for _, label in mixtures_of(i, np.eye(12), m, [0] * 12, shares, 3):
            if label is not None:
                labels += 1
                assert label == pytest.approx(m[i], rel=1e-12)
    assert labels > 50


def test_mixed_positives_of_points_on_a_line_are_the_anchors_own_embedding(rng):
    """Proof of theorem 3.3: on a line, in proportion to the ages, Mix-pos point where i does."""
    y = torch.tensor(rng.uniform(20, 80, 12))
    start, direction = torch.tensor(rng.normal(size=(2, 5)))
    z = (start + y[:, None] * direction)[:, None]
    anchors, order = z.flatten(0, 1), y.argsort()
    anchors, y = anchors[order], y[order]
    near = _mixtures.neighbours(y, torch.zeros(12), _mixtures.Window(3))
    found = _mixtures.between_neighbours(anchors, near, slice(0, 12), 1.0)
    torch.testing.assert_close(found.total, found.number * anchors.norm(dim=1, keepdim=True))
    assert found.number.flatten().tolist() == [0, 3, 6, 9, 9, 9, 9, 9, 9, 6, 3, 0]


@pytest.mark.parametrize("magnified", [True, False])
def test_far_negatives_are_pushed_harder_by_the_ratio_of_theorem_3_1(rng, monkeypatch, magnified):
    z, _ = batch(rng, 4, 1)
    y = torch.tensor([30.0, 30.0, 40.0, 75.0], dtype=torch.float64)
    z = z.flatten(0, 1)
    s = z @ z.T
    leaf = s.clone().requires_grad_()
    monkeypatch.setattr(supremix, "similarities", lambda _, rows: leaf[rows])
    monkeypatch.setattr(supremix, "sum_over_blocks", lambda part, z, blocks: part(z, slice(0, 4)))
    loss = load(
        "supremix", distance_magnifying=magnified, mix_neg=False, mix_pos=False,
        temperature=TEMPERATURE,
    )  # fmt: skip
    loss(z[:, None], y).backward()
    near, far = leaf.grad[0, 2], leaf.grad[0, 3]
    likeness = torch.exp((leaf[0, 3] - leaf[0, 2]) / TEMPERATURE).item()
    assert near > 0
    assert far > 0
    wanted = (1 + 45) / (1 + 10) * likeness if magnified else likeness
    assert (far / near).item() == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("views", [1, 2])
def test_with_every_part_switched_off_it_is_supcon(rng, views):
    z, y = batch(rng, 8, views)
    off = load("supremix", temperature=0.1, distance_magnifying=False, mix_neg=False, mix_pos=False)
    assert_same(off, load("supcon", temperature=0.1), z, y)


def test_range_of_the_training_ages_shifts_the_value_and_no_gradient(rng):
    z, y = batch(rng, 8, 2)
    batchs, told = load("supremix"), load("supremix")
    told.fit(torch.tensor([10.0, 95.5]))
    first, second = (value_and_gradient(loss, z, y) for loss in (batchs, told))
    label_range = y.floor().max() - y.floor().min()
    assert first[0] - second[0] == pytest.approx(math.log(85 / label_range), rel=1e-9)
    torch.testing.assert_close(first[1], second[1])


def test_many_mixtures_in_parts_are_the_same(rng, monkeypatch):
    monkeypatch.setattr(_mixtures, "FEW_TERMS", 1)
    z, _ = batch(rng, 24, 1)
    y = torch.tensor([20.0] * 9 + [30.0] * 6 + [40.0] * 8 + [50.0], dtype=torch.float64)
    order = torch.tensor(rng.permutation(24))
    loss = load("supremix", temperature=TEMPERATURE)
    blocks = _mixtures.neighbours(y, torch.zeros(24), _mixtures.Window(3)).blocks()
    assert [block.start for block in blocks] == [0, *(block.stop for block in blocks[:-1])]
    assert len(blocks) > 2
    assert_same(loss, lambda z, y, epoch: by_loops(loss, z, y), z[order], y[order])


@pytest.mark.parametrize("beta", [(2, 8), (5.0, 5.0), (8, 2)])
def test_coefficients_look_drawn_from_their_beta_distribution(beta):
    loss = load("supremix", beta=beta)
    ages = torch.arange(18, 88, 0.35, dtype=torch.float64)
    shares = shares_of(loss, ages)
    distance = stats.kstest(shares.flatten().numpy()[::7], stats.beta(*beta).cdf).statistic
    assert distance < 2 / math.sqrt(shares.numel() / 7)
    others = [shares_of(loss, ages, epoch=1), shares.T, shares.roll(1, 1)]
    for other in others:
        both = torch.stack([shares.flatten(), other.flatten()])
        assert abs(torch.corrcoef(both)[0, 1]) < 0.03


def test_coefficients_depend_on_the_pair_and_the_epoch_alone(rng):
    loss = load("supremix")
    ages = torch.tensor([20.5, 31.2, 77.0], dtype=torch.float64)
    order = torch.tensor([2, 0, 1])
    shares = shares_of(loss, ages, 4)
    assert torch.equal(shares_of(loss, ages[order], 4), shares[order][:, order])
    assert torch.equal(shares_of(loss, ages[:2], 4), shares[:2, :2])
    assert not torch.equal(shares_of(loss, ages, 5), shares)
    assert not torch.equal(shares, shares.T)


def test_views_of_a_pair_are_mixed_differently():
    loss = load("supremix")
    ages = torch.tensor([20.5, 20.5, 77.0, 77.0], dtype=torch.float64)
    assert len(shares_of(loss, ages, 0, 2)[:2, 2:].unique()) == 4


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("window", 0),
        ("window", 1.5),
        ("window", -math.inf),
        ("window", math.nan),
        ("window_in", "years"),
        ("window_open", "yes"),
        ("beta", (2, 0)),
        ("beta", 2),
        ("beta", (1, 2, 3)),
        ("mix_neg", "no"),
        ("distance_magnifying", 1),
        ("group_by", "handedness"),
        ("bin_width", -1),
    ],
)
def test_setting_that_cannot_work_is_named(setting, value):
    with pytest.raises(SettingsError, match=setting):
        load("supremix", **{setting: value})


def test_an_open_window_of_one_rank_would_leave_nothing():
    with pytest.raises(SettingsError, match="window is 1 rank, and with window_open nothing is"):
        load("supremix", window=1, window_open=True)
    with pytest.raises(SettingsError, match="window is 0"):
        load("supremix", window=0, window_in="targets")


@pytest.mark.parametrize(("window", "is_open"), [(0.5, False), (1, True)])
def test_a_window_in_targets_that_holds_no_other_label_is_refused(window, is_open):
    asked = {"window": window, "window_in": "targets", "window_open": is_open}
    with pytest.raises(SettingsError, match=r"labels are 1 apart \(bin_width\)"):
        supremix.SupReMix(**asked)
    supremix.SupReMix(**asked, bin_width=0)
