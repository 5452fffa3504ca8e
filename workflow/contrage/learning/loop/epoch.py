"""One pass over the training scans."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from contrage.errors import ContrageError
from contrage.learning.batch import SMALLEST_SHARE
from contrage.learning.folds import Scans
from contrage.learning.images import Images
from contrage.learning.imbalance.asked import of_scans
from contrage.learning.loop.encoded import encoded
from contrage.learning.loop.state import State
from contrage.learning.machine.precision import Precision
from contrage.learning.machine.processes import ALONE, World
from contrage.learning.mixing import Mixing, mixing
from contrage.learning.views import augment
from contrage.learning.views.augment import Transform
from contrage.settings.steps.learning import TrainStep


@dataclass(frozen=True)
class EpochInputs:
    """What every pass of a training needs, and none changes.

    Attributes
    ----------
    settings : TrainStep
    images : Images
        Of all scans, or features of the training scans.
    places : Tensor of shape (N,)
        Of the training scans among them, on the CPU.
    targets : Tensor of shape (N,)
        Theirs, as the loss wants them.
    groups : Tensor of shape (N,), or None
        Where the loss asks for them.
    transforms : list
        That make a view of a scan.
    network : callable
        The state's network, or what averages its gradients over several processes; of images, or of
        features where these stand for them.
    precision : Precision
    world : World
        The processes that share each batch.
    weights, labels : Tensor of shape (N,), optional
        Of the training scans, where the loss, or what smooths features, is to know them.
    mixing : Mixing, optional
        That mixes scans.
    """

    settings: TrainStep
    images: Images
    places: Tensor
    targets: Tensor
    groups: Tensor | None
    transforms: list[Transform]
    network: Callable[..., Tensor]
    precision: Precision
    world: World = ALONE
    weights: Tensor | None = None
    labels: Tensor | None = None
    mixing: Mixing | None = None


def prepare(
    state: State,
    settings: TrainStep,
    images: Images,
    scans: Scans,
    places: np.ndarray,
    precision: Precision,
    world: World,
) -> EpochInputs:
    """Put together what the passes over these training scans need, on the device."""
    device = precision.device
    weights, labels = of_scans(settings, scans.targets)
    network = world.wrap(state.network)
    if features := encoded(state.network, settings.training, images, places, world):
        images, places = features, np.arange(len(places))
        network = partial(network, encoded=True)
    return EpochInputs(
        settings=settings,
        images=images,
        places=torch.from_numpy(places),
        targets=state.targets(scans.targets).to(device),
        groups=_on(device, state.groups(scans)),
        transforms=augment.build(settings.training.augmentation),
        network=network,
        precision=precision,
        world=world,
        weights=_on(device, weights),
        labels=_on(device, labels),
        mixing=mixing(settings, scans.targets, predicts=state.needs_prediction),
    )


def _on(device: torch.device, values: Tensor | None) -> Tensor | None:
    return None if values is None else values.to(device)


def run_epoch(state: State, inputs: EpochInputs) -> None:
    """Go through all training scans once, in an order drawn from the seed and the epoch.

    The host queues batches, losses and updates, and waits for the device at the end of the pass
    alone. (Not so with `supremix`: the shapes of its mixtures follow from the targets.)

    Parameters
    ----------
    state : State
        Changed in place.
    inputs : EpochInputs

    Raises
    ------
    ContrageError
        If the loss is no longer a finite number.
    """
    training, device = inputs.settings.training, inputs.precision.device
    began = time.monotonic()
    order, generator = draw(inputs, state.epoch)
    state.network.train()
    whole = batches(order, training.batch_size)
    total = torch.zeros((), device=device)
    for batch, step in zip(whole, steps(inputs, whole, state.epoch), strict=True):
        loss = batch_loss(state, inputs, step, generator)
        state.learn(loss, training.gradient_clip)
        total += loss.detach() * len(batch)  # it is the joint batch's in every process
    mean = total.item() / sum(map(len, whole))
    if not math.isfinite(mean):
        raise ContrageError(
            f"training of {inputs.settings.row}, seed {inputs.settings.seed}: the loss "
            f"is {mean} in epoch {state.epoch + 1}; lower training.learning_rate or raise the "
            "loss's temperature"
        )
    if state.smoothing:
        state.smoothing.finish_epoch(inputs.world)
    state.finish_epoch(mean, time.monotonic() - began)


def draw(inputs: EpochInputs, epoch: int) -> tuple[Tensor, torch.Generator]:
    """Return the order of the scans, and the source of chance for their views.

    All chance of an epoch follows from (seed, epoch): a resumed training needs no more. Processes
    that share a training have the order in common; what each draws besides is its own.
    """
    seed, rank = inputs.settings.seed, inputs.world.rank
    shared = np.random.SeedSequence([seed, epoch]).generate_state(2)
    own = np.random.SeedSequence([seed, epoch, rank]).generate_state(2) if rank else shared
    torch.manual_seed(int(shared[0]))
    order = torch.randperm(len(inputs.places))
    if rank:
        torch.manual_seed(int(own[0]))
    return order, torch.Generator(inputs.precision.device).manual_seed(int(own[1]))


class Step(NamedTuple):
    """What this process has of a batch, on the device.

    Attributes
    ----------
    part : Tensor of shape (n,)
        Which of the training scans they are.
    images : Tensor of shape (n, channels, …)
    targets : Tensor of shape (n,)
    """

    part: Tensor
    images: Tensor
    targets: Tensor


def steps(inputs: EpochInputs, whole: Sequence[Tensor], epoch: int) -> Iterator[Step]:
    """Yield this process's part of each batch, mixed where that is asked for."""
    mixed = list(inputs.mixing.draw(epoch, whole)) if inputs.mixing else []
    asked = [inputs.world.share(batch) for batch in whole]
    if mixed:  # each batch is followed by its partners
        partners = [inputs.world.share(each.partners) for each in mixed]
        asked = [part for both in zip(asked, partners, strict=True) for part in both]
    on_device = torch.cat(asked).to(inputs.precision.device).split([len(part) for part in asked])
    loaded = inputs.images.batches([inputs.places[part] for part in asked])
    found = zip(on_device, loaded, strict=True)
    if not mixed:
        for part, images in found:
            yield Step(part, images, inputs.targets[part])
        return
    for mixture, (part, images), (other, others) in zip(mixed, found, found, strict=True):
        targets = mixture.of(inputs.targets[part], inputs.targets[other])
        yield Step(part, mixture.of(images, others), targets)


def batch_loss(state: State, inputs: EpochInputs, step: Step, generator: torch.Generator) -> Tensor:
    """Return the loss of the joint batch, of which this process encodes a part."""
    views, world = inputs.settings.training.views, inputs.world
    network = inputs.network
    if state.smoothing and inputs.labels is not None:
        network = state.smoothing.around(network, inputs.labels[step.part])
    with inputs.precision.network():
        embeddings = augment.embed(network, step.images, views, inputs.transforms, generator)
    if world.size > 1:
        # The processes' gradients are averaged, but each of them is a summand of the whole.
        embeddings.register_hook(lambda gradient: gradient * world.size)
    asked = {"groups": inputs.groups, "weights": inputs.weights}
    wanted = {name: values[step.part] for name, values in asked.items() if values is not None}
    return state.loss(embeddings, step.targets, epoch=state.loss_epoch, **wanted)


def batches(order: Tensor, batch_size: int) -> list[Tensor]:
    """Cut an order of scans into batches.

    A last, shorter batch is kept, as in the code behind the paper, unless it has less than a
    quarter of the scans of a full one: batch norm and rankings of a handful of scans are noise,
    and of a single scan they cannot be had. Scans left out of one epoch are in the next, whose
    order is another.
    """
    parts = list(order.split(batch_size))
    last = len(parts[-1])
    return parts[:-1] if last * SMALLEST_SHARE < batch_size or last == 1 else parts
