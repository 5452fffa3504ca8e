"""What a training changes, and what it leaves behind."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from contrage import losses
from contrage.errors import SettingsError
from contrage.learning.folds import Scans
from contrage.learning.imbalance.asked import smoothing
from contrage.learning.imbalance.features import SmoothedFeatures
from contrage.learning.loop import optimiser, schedule
from contrage.learning.loop.average import Average
from contrage.learning.loop.stage import freezes, is_stage
from contrage.learning.machine.deterministic import prepare_pools
from contrage.learning.machine.precision import Precision
from contrage.learning.model import LOGIT, Model, head_sizes, memory_format
from contrage.learning.pretrained import load_encoder
from contrage.losses._pairs import exact
from contrage.settings.build import as_plain
from contrage.settings.steps.learning import TrainStep
from contrage.tables import write_rows

logger = logging.getLogger(__name__)


@dataclass
class State:
    """All that changes while training, and so all that a checkpoint holds.

    Attributes
    ----------
    network, loss, optimiser, scheduler, scaler
        Each with a state_dict. The scaler does something in float16 alone.
    target_mean, target_sd : float
        Of the training scans: the scale on which a loss that predicts the target sees it.
    epoch : int
        Epochs done.
    curve : list of [epoch, loss, learning rate, seconds]
    snapshots : dict
        Features of all scans after some epochs.
    average : Average, optional
        Of the network's weights, where one is kept.
    validation : list of [epoch, error]
    best : dict, optional
        `epoch`, `error` and `network`: the weights of the epoch with the smallest error.
    smoothing : SmoothedFeatures, optional
        Of the features that the head learns from, where it is asked for.
    logits : list of [epoch, positives, negatives]
        Cosines of pairs, where they are asked for.
    """

    network: Model
    loss: torch.nn.Module
    optimiser: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    scaler: torch.amp.GradScaler
    target_mean: float
    target_sd: float
    epoch: int = 0
    curve: list[list[float]] = field(default_factory=list)
    snapshots: dict[int, torch.Tensor] = field(default_factory=dict)
    average: Average | None = None
    validation: list[list[float]] = field(default_factory=list)
    best: dict[str, Any] | None = None
    smoothing: SmoothedFeatures | None = None
    logits: list[list[float | None]] = field(default_factory=list)

    @property
    def evaluated(self) -> Model:
        """The network whose features count: the averaged one where there is one."""
        return self.average.network if self.average else self.network

    @property
    def kept_epoch(self) -> int:
        """The epoch whose weights count once the training is over."""
        return self.best["epoch"] if self.best else self.epoch

    @property
    def predicts(self) -> bool:
        """Whether the loss trains the head to predict the target itself."""
        wishes = ("needs_prediction", "predicts_last")
        return any(getattr(self.loss, wish, False) for wish in wishes)

    @property
    def needs_prediction(self) -> bool:
        """Whether the head's one output is the prediction."""
        return getattr(self.loss, "needs_prediction", False)

    @property
    def _is_logit(self) -> bool:
        return getattr(self.loss, "predicts_logit", False)

    @property
    def _standardises(self) -> bool:
        return self.needs_prediction and not self._is_logit

    @property
    def loss_epoch(self) -> int:
        """The number by which the loss knows the coming epoch."""
        return self.epoch + getattr(self.loss, "first_epoch", 0)

    @property
    def scale(self) -> dict[str, float]:
        """What puts a standardised prediction back into the target's unit, or a logit into 0 to 1.

        Of a logit it says that it is one.
        """
        scale = {"target_mean": self.target_mean, "target_sd": self.target_sd}
        return scale | {LOGIT: True} if self._is_logit else scale

    def targets(self, values: np.ndarray) -> torch.Tensor:
        """Return targets (N,) as the loss wants them: as they are, or standardised to predict."""
        if self._standardises:
            return torch.from_numpy((values - self.target_mean) / self.target_sd).float()
        return in_unit(values)

    def groups(self, scans: Scans) -> torch.Tensor | None:
        """Return the group (N,) of each scan where the loss asks for one; unknown is a group too.

        Raises
        ------
        SettingsError
            If no scan's group is known.
        """
        wanted = getattr(self.loss, "group_by", None)
        if wanted is None:
            return None
        known = {"sex": scans.sexes, "site": scans.sites}[wanted]
        if missing := known.count(None):
            if missing == len(known):
                raise SettingsError(f"group_by: {wanted}: the participants table tells nobody's")
            logger.warning("%s unknown for %d of %d scans: one group", wanted, missing, len(known))
        return torch.from_numpy(np.unique([str(value) for value in known], return_inverse=True)[1])

    def learn(self, loss: torch.Tensor, clip: float | None) -> None:
        """Update the weights by a loss's gradients, which are scaled down to a norm of `clip`."""
        self.scaler.scale(loss).backward()
        if clip is not None:
            self.scaler.unscale_(self.optimiser)
            groups = self.optimiser.param_groups
            learned = [parameter for group in groups for parameter in group["params"]]
            torch.nn.utils.clip_grad_norm_(learned, clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad()
        if self.average:
            self.average.update(self.network)

    def finish_epoch(self, loss: float, seconds: float) -> None:
        """Count an epoch, note its figures, and set the next one's learning rate."""
        self.epoch += 1
        self.curve.append([self.epoch, loss, self.scheduler.get_last_lr()[0], seconds])
        self.scheduler.step()

    def content(self) -> dict[str, Any]:
        """Return the state as tensors and plain values, for a checkpoint."""
        return {
            "network": self.network.state_dict(),
            "loss": self.loss.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "scaler": self.scaler.state_dict(),
            "epoch": self.epoch,
            "curve": self.curve,
            "snapshots": self.snapshots,
            "average": self.average.state_dict() if self.average else None,
            "validation": self.validation,
            "best": self.best,
            "logits": self.logits,
            "smoothing": self.smoothing.state_dict() if self.smoothing else None,
        }

    def restore(self, content: dict[str, Any]) -> None:
        """Take over what `content` returned."""
        for part in ("network", "loss", "optimiser", "scheduler", "scaler"):
            getattr(self, part).load_state_dict(content[part])
        if self.average:
            self.average.load_state_dict(content["average"])
        if self.smoothing:
            device = next(self.network.parameters()).device
            self.smoothing.load_state_dict(content["smoothing"], device)
        for part in ("epoch", "curve", "snapshots", "validation", "best", "logits"):
            setattr(self, part, content[part])

    def model(self, settings: TrainStep) -> dict[str, Any]:
        """Return what `contrage.learning.embed` needs of a finished training."""
        return {
            "settings": as_plain(settings),
            "epoch": self.kept_epoch,
            "encoder": plain(self.evaluated.encoder.state_dict()),
            "head": plain(self.evaluated.head.state_dict()),
            "outputs": self.network.layers[-1],
            "predicts": self.predicts,
            **self.scale,
        }

    def write_curve(self, path: Path) -> None:
        """Write the loss, and the error on a validation part if there is one, per epoch as TSV."""
        columns = ["epoch", "loss", "learning_rate", "seconds"]
        errors = {epoch: f"{error:.6g}" for epoch, error in self.validation}
        rows = [
            {
                "epoch": epoch,
                "loss": repr(loss),
                "learning_rate": f"{rate:.6g}",
                "seconds": f"{seconds:.4f}",
                "validation_mae": errors.get(epoch),
            }
            for epoch, loss, rate, seconds in self.curve
        ]
        write_rows(path, columns + ["validation_mae"] * bool(self.validation), rows)


def in_unit(targets: np.ndarray) -> torch.Tensor:
    """Return targets (N,) in float64, rounded as losses round those in float32.

    In that form losses take them as they are. To round, a loss must know the largest: on a GPU the
    host would wait for it in every step.
    """
    return exact(torch.from_numpy(targets).float())


def plain(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights in PyTorch's ordinary layout, whatever the training's was."""
    return {name: weight.contiguous() for name, weight in weights.items()}


def start(
    settings: TrainStep,
    fold: dict[str, Any],
    targets: np.ndarray,
    precision: Precision,
    shape: tuple[int, ...],
    start_from: Path | None = None,
    channels: int = 1,
) -> State:
    """Build network, loss and optimiser; a loss that asks is told the targets before it starts.

    `targets` are those of the whole training split, from which `fold` has its mean and SD:
    predictions are put back into the target's unit with these. `shape` is that of one image,
    without its `channels`.

    torch's seed, set before, decides the initial weights. They are the same for all losses with
    the same head, so that rows of a benchmark differ by their loss alone. With `start_from` the
    encoder takes over that model's weights; the head is the one that it would have been. A stage
    may learn the head alone.
    """
    training, target, device = settings.training, settings.target, precision.device
    loss = load_loss(settings.loss, training.epochs)
    if hasattr(loss, "fit"):
        loss.fit(in_unit(targets))
    head = head_sizes(training.head, loss, settings.row)
    unit = getattr(loss, "unit_embeddings", False)
    predicts_last = getattr(loss, "predicts_last", False)
    network = Model(training.encoder, shape, head, unit, predicts_last, channels)
    if start_from:
        load_encoder(start_from, network, training.encoder, whole=is_stage(settings))
    if freezes(settings):
        network.freeze()
    network.to(device, memory_format=memory_format(training.channels_last, network.seen))
    prepare_pools(network, training.deterministic, device)
    steps = optimiser.build(training, network.learned, loss.to(device))
    rates = schedule.build(training, steps)
    count = sum(parameter.numel() for parameter in network.parameters())
    logger.info("encoder %s and head: %.2f million parameters", training.encoder, count / 1e6)
    part = "head" if network.is_frozen else ""
    average = None if training.ema is None else Average(network, training.ema, part)
    if training.compile:
        network.encoder.compile()
    mean, sd = fold[target.mean_key], fold[target.sd_key] or 1.0
    scaler = precision.scaler()
    smooths = smoothing(settings, targets, loss)
    return State(network, loss, steps, rates, scaler, mean, sd, average=average, smoothing=smooths)


def load_loss(row: dict[str, Any], epochs: int) -> torch.nn.Module:
    """Load a loss by its file's name.

    One that follows a schedule is told how long it lasts, unless its settings say it.
    """
    chosen = {key: value for key, value in row.items() if key != "loss"}
    loss = losses.load(row["loss"], **chosen)
    if "max_epochs" in chosen or not hasattr(loss, "max_epochs"):
        return loss
    return losses.load(row["loss"], **chosen, max_epochs=epochs)
