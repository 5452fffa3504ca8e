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
from contrage.files import atomic
from contrage.learning.encoders import Model
from contrage.learning.optimiser import Adam
from contrage.learning.tables import Scans

logger = logging.getLogger(__name__)


@dataclass
class State:
    """All that changes while training, and so all that a checkpoint holds.

    Attributes
    ----------
    network, loss, optimiser
        Each with a state_dict.
    age_mean, age_sd : float
        Of the training scans, years: the unit in which a loss that predicts age sees it.
    epoch : int
        Epochs done.
    curve : list of [epoch, loss, learning rate, seconds]
    snapshots : dict
        Features of all scans after some epochs.
    """

    network: Model
    loss: torch.nn.Module
    optimiser: Adam
    age_mean: float
    age_sd: float
    epoch: int = 0
    curve: list[list[float]] = field(default_factory=list)
    snapshots: dict[int, torch.Tensor] = field(default_factory=dict)

    @property
    def predicts(self) -> bool:
        """Whether the loss trains the head to predict age itself."""
        return self._standardises or getattr(self.loss, "predicts_last", False)

    @property
    def _standardises(self) -> bool:
        return getattr(self.loss, "needs_prediction", False)

    @property
    def loss_epoch(self) -> int:
        """The number by which the loss knows the coming epoch."""
        return self.epoch + getattr(self.loss, "first_epoch", 0)

    def targets(self, ages: np.ndarray) -> torch.Tensor:
        """Return ages (N,) as the loss wants them: years, or standardised for a prediction."""
        scaled = (ages - self.age_mean) / self.age_sd if self._standardises else ages
        return torch.from_numpy(scaled).float()

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

    def finish_epoch(self, loss: float, learning_rate: float, seconds: float) -> None:
        """Count an epoch and note its figures."""
        self.epoch += 1
        self.curve.append([self.epoch, loss, learning_rate, seconds])

    def content(self) -> dict[str, Any]:
        """Return the state as tensors and plain values, for a checkpoint."""
        return {
            "network": self.network.state_dict(),
            "loss": self.loss.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "epoch": self.epoch,
            "curve": self.curve,
            "snapshots": self.snapshots,
        }

    def restore(self, content: dict[str, Any]) -> None:
        """Take over what `content` returned."""
        for part in ("network", "loss", "optimiser"):
            getattr(self, part).load_state_dict(content[part])
        for part in ("epoch", "curve", "snapshots"):
            setattr(self, part, content[part])

    def model(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return what `contrage.learning.embed` needs of a finished training."""
        return {
            "settings": settings,
            "epoch": self.epoch,
            "encoder": self.network.encoder.state_dict(),
            "head": self.network.head.state_dict(),
            "outputs": self.network.head[-1].out_features,
            "predicts": self.predicts,
            "age_mean": self.age_mean,
            "age_sd": self.age_sd,
        }

    def write_curve(self, path: Path) -> None:
        """Write the loss per epoch as TSV."""
        lines = ["epoch\tloss\tlearning_rate\tseconds"]
        lines += [f"{epoch}\t{loss!r}\t{lr:.6g}\t{s:.4f}" for epoch, loss, lr, s in self.curve]
        with atomic(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n")


def start(
    settings: dict[str, Any],
    part: dict[str, Any],
    ages: np.ndarray,
    device: torch.device,
    shape: tuple[int, ...] = (),
) -> State:
    """Build network, loss and optimiser before the first epoch; a loss that asks is told the ages.

    torch's seed, set before, decides the initial weights. They are the same for all losses with
    the same head, so that rows of a benchmark differ by their loss alone.
    """
    training = settings["training"]
    loss = load_loss(settings["loss"], training["epochs"])
    if hasattr(loss, "fit"):
        loss.fit(torch.from_numpy(ages))
    hidden, outputs = training["head"]
    predicts_last = getattr(loss, "predicts_last", False)
    outputs = 1 if getattr(loss, "needs_prediction", False) else outputs + predicts_last
    unit = getattr(loss, "unit_embeddings", False)
    network = Model(training["encoder"], hidden, outputs, unit, predicts_last, shape).to(device)
    parameters = [*network.parameters(), *loss.to(device).parameters()]
    count = sum(parameter.numel() for parameter in parameters)
    logger.info("encoder %s and head: %.2f million parameters", training["encoder"], count / 1e6)
    optimiser = Adam(parameters, training["learning_rate"], training["weight_decay"])
    return State(network, loss, optimiser, part["age_mean"], part["age_sd"] or 1.0)


def load_loss(settings: dict[str, Any], epochs: int) -> torch.nn.Module:
    """Load a loss by its file's name; one that follows a schedule is told how long it lasts."""
    chosen = {key: value for key, value in settings.items() if key != "loss"}
    loss = losses.load(settings["loss"], **chosen)
    if hasattr(loss, "max_epochs") and "max_epochs" not in chosen:
        loss = losses.load(settings["loss"], **chosen, max_epochs=epochs)
    return loss
