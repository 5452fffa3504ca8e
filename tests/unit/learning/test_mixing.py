"""Input mixup and C-Mixup: worked numbers, frequencies, and what a training makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning.mixing import Mixing, Mixture, mixing
from contrage.learning.train import train
from contrage.settings.blocks.training import MixupSettings

TARGETS = np.array([20.0, 22.0, 30.0, 50.0])
"""Of the worked example, whose kernel has h = 2."""


def drawn_from(kind: str = "c-mixup", include_self: bool = True, targets=TARGETS) -> Mixing:
    asked_for = MixupSettings(kind=kind, alpha=2.0, bandwidth=2.0, include_self=include_self)
    return Mixing(targets, asked_for, 2.0, seed=0)


def chances(of: Mixing, row: int) -> np.ndarray:
    found = of.weights(np.array([row]))[0]
    return found / found.sum()


def test_a_mixture_has_image_and_target_in_one_proportion():
    mixture = Mixture(0.3, torch.tensor([1]))
    assert mixture.of(torch.tensor(20.0), torch.tensor(30.0)).item() == pytest.approx(27)


@pytest.mark.parametrize(
    ("include_self", "wanted"),
    [(True, [0.622458, 0.377540, 0.000002, 0]), (False, [0, 0.999994, 0.000006, 0])],
)
def test_chances_of_the_worked_example(include_self, wanted):
    found = chances(drawn_from(include_self=include_self), 0)
    np.testing.assert_allclose(found, wanted, atol=5e-7)


def test_a_scan_beside_whom_all_others_vanish_is_its_own_partner():
    chance, alone = np.random.default_rng(0), drawn_from(include_self=False)
    assert alone.partners(np.repeat(3, 50), chance).tolist() == [3] * 50
    assert set(alone.partners(np.repeat(0, 200), chance).tolist()) == {1}


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("kind", ["mixup", "c-mixup"])
def test_partners_are_as_frequent_as_their_chances(kind, include_self):
    targets = np.array([20.0, 20.5, 21.0, 22.0, 22.0, 24.0, 27.0, 40.0])
    of, n = drawn_from(kind, include_self, targets), 20_000
    wanted = chances(of, 3)
    found = of.partners(np.repeat(3, n), np.random.default_rng(1))
    share = np.bincount(found, minlength=8) / n
    within = 3 * np.sqrt(wanted * (1 - wanted) / n)
    assert (np.abs(share - wanted) <= within + 1e-12).all()
    assert (share[3] > 0) == include_self


def test_shares_of_batches_look_drawn_from_their_beta_distribution():
    from scipy import stats

    batches = [torch.arange(2)] * 2000
    shares = [mixture.share for mixture in drawn_from().draw(0, batches)]
    assert stats.kstest(shares, stats.beta(2, 2).cdf).pvalue > 0.01
    assert len(set(shares)) == 2000, "one for each batch"


def test_what_is_drawn_follows_from_seed_epoch_and_batches_alone():
    batches = [torch.tensor([0, 1]), torch.tensor([2, 3])]
    again, first = (list(drawn_from("mixup").draw(4, batches)) for _ in range(2))
    assert [each.share for each in again] == [each.share for each in first]
    assert all(torch.equal(a.partners, b.partners) for a, b in zip(again, first, strict=True))
    other = list(drawn_from("mixup").draw(5, batches))
    assert [each.share for each in other] != [each.share for each in first]


def mixed(settings, **own):
    asked_for = {"kind": "mixup", "alpha": 2.0, "bandwidth": None, "include_self": True} | own
    settings = settings | {"row": "l1", "loss": {"loss": "l1"}, "bin_width": 1.0}
    settings["training"] = settings["training"] | {"mixup": asked_for}
    return settings


def test_each_batch_that_is_learned_from_is_mixed_by_loops(cohort, settings, monkeypatch):
    """The oracle: which scans, in what proportion, from what was drawn."""
    from contrage.learning.loop import epoch as loop

    seen = []

    def watched(state, inputs, step, generator):
        seen.append((state.epoch, inputs, step))
        return batch_loss(state, inputs, step, generator)

    batch_loss = loop.batch_loss
    monkeypatch.setattr(loop, "batch_loss", watched)
    train(asked(mixed(settings, kind="c-mixup")), **cohort.inputs, **cohort.outputs("run"))
    assert len(seen) == 3 * 3
    mean, sd = cohort.ages[cohort.train].mean(), cohort.ages[cohort.train].std()
    for number, (epoch, inputs, step) in enumerate(seen):
        place = number % 3
        order, _ = loop.draw(inputs, epoch)
        whole = loop.batches(order, 8)
        mixture = list(inputs.mixing.draw(epoch, whole))[place]
        images = inputs.images.images
        for at, (own, other) in enumerate(zip(whole[place], mixture.partners, strict=True)):
            ages = [cohort.ages[cohort.train[each]] for each in (own, other)]
            age = mixture.share * ages[0] + (1 - mixture.share) * ages[1]
            assert step.targets[at].item() == pytest.approx((age - mean) / sd, abs=1e-5)
            both = [images[inputs.places[each]].float() for each in (own, other)]
            wanted = mixture.share * both[0] + (1 - mixture.share) * both[1]
            torch.testing.assert_close(step.images[at], wanted)


@pytest.mark.parametrize("kind", ["mixup", "c-mixup"])
def test_a_training_goes_on_with_the_mixtures_that_it_would_have_had(
    cohort, settings, interrupted_after, kind
):
    told = mixed(settings, kind=kind)
    told["training"] |= {"epochs": 4, "augmentation": ["noise"]}
    train(asked(told), **cohort.inputs, **cohort.outputs("whole"))
    interrupted_after(2, lambda: train(asked(told), **cohort.inputs, **cohort.outputs("cut")))
    train(asked(told), **cohort.inputs, **cohort.outputs("cut"))
    whole, cut = (cohort.outputs(name)["model"].read_bytes() for name in ("whole", "cut"))
    assert whole == cut


def test_images_read_from_disk_are_mixed_alike(cohort, settings):
    told = mixed(settings)
    for storage in ("device", "disk"):
        told["training"] = told["training"] | {"storage": storage, "workers": 0}
        train(asked(told), **cohort.inputs, **cohort.outputs(storage))
    one, other = (
        torch.load(cohort.outputs(name)["model"], weights_only=True)["encoder"]
        for name in ("device", "disk")
    )
    for name, values in one.items():
        assert torch.equal(values, other[name]), name


def test_a_loss_that_does_not_predict_is_refused(settings):
    told = mixed(settings) | {"row": "exp", "loss": {"loss": "exp"}}
    message = r"training\.mixup: exp does not predict, and a mixture has no label \(row exp\)"
    with pytest.raises(SettingsError, match=message):
        mixing(asked(told), TARGETS, predicts=False)


def test_the_kernel_is_two_labels_wide_unless_its_width_is_given(settings):
    told = mixed(settings, kind="c-mixup") | {"bin_width": 3.0}
    assert mixing(asked(told), TARGETS, predicts=True).bandwidth == 6
    own = mixed(settings, kind="c-mixup", bandwidth=0.5)
    assert mixing(asked(own), TARGETS, predicts=True).bandwidth == 0.5
    with pytest.raises(SettingsError, match=r"training\.mixup\.bandwidth: null needs"):
        mixing(asked(told | {"bin_width": None}), TARGETS, predicts=True)
    assert mixing(asked(settings), TARGETS, predicts=False) is None
