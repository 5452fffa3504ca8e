"""Early stop on a part of the training split, or on people of role val; nobody else counts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from contrage.dataset.hold_out import hold_out
from contrage.dataset.roles import CHOSEN_BY
from contrage.errors import SettingsError
from contrage.learning.embed import extract, predict
from contrage.learning.folds import Scans
from contrage.learning.images import Images
from contrage.learning.loop.stage import judges_head
from contrage.learning.machine.processes import ALONE, World
from contrage.settings.blocks.training import EarlyStopSettings
from contrage.settings.steps.learning import TrainStep

if TYPE_CHECKING:
    from contrage.learning.loop.state import State

logger = logging.getLogger(__name__)


def divide(scans: Scans, stop: EarlyStopSettings | None, seed: int) -> tuple[Scans, Scans]:
    """Divide the training split into what is learned from and what is validated on.

    Participants are drawn, never scans: all scans of one are on the same side.

    Parameters
    ----------
    scans : Scans
        The training split.
    stop : EarlyStopSettings or None
        Says the fraction of the participants to validate on, where that is inner.
    seed : int
        Of the training.

    Returns
    -------
    (Scans, Scans)
        Each in the order of the split.

    Raises
    ------
    SettingsError
        If either side has fewer than two participants.
    """
    drawn: set[str] = set()
    if stop and stop.on != CHOSEN_BY:
        chance, key = np.random.default_rng(seed), "training.early_stop.fraction"
        drawn = hold_out(scans.participants, stop.fraction, chance, key)
    held_out = np.array([person in drawn for person in scans.participants], dtype=bool)
    return scans.take(np.flatnonzero(~held_out)), scans.take(np.flatnonzero(held_out))


def chosen_by(
    everyone: Scans, entry: Mapping[str, Any], stop: EarlyStopSettings | None, source: Path
) -> Scans:
    """Return the scans of a fold that have a role for choosing the epoch; none where not asked.

    Parameters
    ----------
    everyone : Scans
    entry : mapping
        The fold, as it stands in the split file `source`.
    stop : EarlyStopSettings or None
    source : Path
        Named in the error.

    Raises
    ------
    SettingsError
        If nobody in the fold has the role.
    """
    if not stop or stop.on != CHOSEN_BY:
        return everyone.take(np.array([], dtype=int))
    if CHOSEN_BY not in entry:
        raise SettingsError(
            f"training.early_stop.on: {CHOSEN_BY}, but nobody in fold {entry['fold']} of {source} "
            "has that role (dataset.split.roles); set it to inner"
        )
    return everyone.pick(entry[CHOSEN_BY], source)


@dataclass
class Validation:
    """Looks at the features after an epoch, and remembers the best weights in the state.

    What is watched is the error of the benchmark itself, which every loss is judged by: a ridge
    regression on frozen features, here fitted on what is learned from and scored on the rest. The
    value of a contrastive loss would not do: it falls with the batch's composition and, for
    dynlocrep, changes its meaning with the epoch. A stage whose head predicts is judged by that, as
    it will be: on a frozen encoder features are the same after every epoch.

    Attributes
    ----------
    places : ndarray of shape (n,)
        Of the scans in the images of the training: those learned from before those held out.
    targets : ndarray of shape (n,)
        In the same order.
    learned : int
        How many are learned from.
    stop : EarlyStopSettings or None
        None looks at nothing.
    batch_size : int
    epochs : int
        Of the training; its last epoch is always looked at.
    alphas : sequence of float
        Of the probe.
    judges_head : bool
        Whether what the head predicts is judged in place of the probe, where it predicts.
    """

    places: np.ndarray
    targets: np.ndarray
    learned: int
    stop: EarlyStopSettings | None
    batch_size: int
    epochs: int
    alphas: Sequence[float]
    judges_head: bool

    @classmethod
    def of(cls, everyone: Scans, own: Scans, held_out: Scans, settings: TrainStep) -> Self:
        """Return the validation of a training on `own`; both parts are scans of `everyone`."""
        training = settings.training
        return cls(
            places=np.concatenate([everyone.places(own), everyone.places(held_out)]),
            targets=np.concatenate([own.targets, held_out.targets]),
            learned=len(own.ids),
            stop=training.early_stop,
            batch_size=training.batch_size,
            epochs=training.epochs,
            alphas=settings.probe.alphas if settings.probe else (),
            judges_head=judges_head(settings),
        )

    def look(self, state: State, images: Images, world: World = ALONE) -> None:
        """Note the error after this epoch, and the weights if there were none better."""
        if not self.stop:
            return
        if state.epoch % self.stop.every and state.epoch != self.epochs:
            return
        found = extract(state.evaluated, images, self.places, self.batch_size, world)
        error = world.agree(self._error(state, found))
        state.validation.append([state.epoch, error])
        if state.best is None or error < state.best["error"]:
            weights = {k: v.clone() for k, v in state.evaluated.state_dict().items()}
            state.best = {"epoch": state.epoch, "error": error, "network": weights}

    def _error(self, state: State, found: torch.Tensor) -> float:
        """Return the error on what is held out, of the probe or of the head itself."""
        if self.judges_head and state.needs_prediction:
            predicted = predict(state.evaluated, found[self.learned :], state.scale)
            return float(np.abs(predicted - self.targets[self.learned :]).mean())
        targets = torch.from_numpy(self.targets)
        return probe_error(found, targets, self.learned, self.alphas)

    def is_over(self, state: State) -> bool:
        """Return whether the error has not fallen for as long as the patience lasts."""
        if not self.stop or state.best is None or self.stop.patience is None:
            return False
        return state.epoch - state.best["epoch"] >= self.stop.patience

    def keep_best(self, state: State) -> None:
        """Give the network that is evaluated the best weights seen."""
        if state.best is None:
            return
        state.evaluated.load_state_dict(state.best["network"])
        logger.info(
            "weights of epoch %d of %d: mean absolute error %.3g on the validation part",
            state.best["epoch"],
            state.epoch,
            state.best["error"],
        )


def probe_error(
    features: torch.Tensor, targets: torch.Tensor, learned: int, alphas: Sequence[float]
) -> float:
    """Return the mean absolute error, in the target's unit, of a ridge regression on features.

    The probe's penalties are tried on the validation part and the smallest error counts: as
    little as that flatters, it does so in every epoch. By torch, where the features are:
    scikit-learn's `Ridge` would be a second of import in every training that may stop early.

    Parameters
    ----------
    features : Tensor of shape (n, d)
    targets : Tensor of shape (n,)
    learned : int
        The first so many fit the regression, the others judge it.
    alphas : sequence of float
        The penalties to try, `probe.alphas`.
    """
    features, targets = features.double(), targets.double()
    fitted, judged = features[:learned], features[learned:]
    centre, mean = fitted.mean(0), targets[:learned].mean()
    u, s, vh = torch.linalg.svd(fitted - centre, full_matrices=False)
    projected = u.T @ (targets[:learned] - mean)
    penalties = torch.tensor(alphas, dtype=torch.float64)[:, None]
    weights = (s / (s**2 + penalties) * projected) @ vh
    predicted = (judged - centre) @ weights.T + mean
    return float((predicted - targets[learned:, None]).abs().mean(0).min())
