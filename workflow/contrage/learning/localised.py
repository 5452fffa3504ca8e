"""Whether rows of dynlocrep localise at all: settings that silently turn them into exp.

Such a row trains, and is then compared with exp as if it were another loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from contrage import losses

LOSS = "dynlocrep"
LATE = 2
"""How many times the length of its schedule a loss is asked about to know its end."""


@dataclass(frozen=True)
class Repulsion:
    """Of how many samples a batch repels, epoch by epoch.

    Attributes
    ----------
    batch, epochs : int
        Of the training.
    """

    batch: int
    epochs: int

    def fault(self, row: dict[str, Any]) -> str | None:
        """Say what is wrong with a row's settings, None where nothing is.

        Parameters
        ----------
        row : dict
            Settings of the row's loss, with its name under `loss`.
        """
        chosen = {key: value for key, value in row.items() if key != "loss"}
        # The loss is told how long the training lasts, as by `learning.loop.state.load_loss`.
        loss = losses.load(LOSS, **{"max_epochs": self.epochs, **chosen})
        first = loss.first_epoch
        repelled = [loss.neighbours(epoch + first, self.batch) for epoch in range(self.epochs)]
        if min(repelled) >= self.batch:
            return (
                f"repels from all {self.batch} in every epoch ({self._why(loss)}): this row is exp"
            )
        if repelled[-1] > loss.nn_final:
            return (
                f"repels from {repelled[-1]} of {self.batch} at the end and never reaches nn_final "
                f"{loss.nn_final} (max_epochs {loss.max_epochs}, nn_step_size {loss.nn_step_size}, "
                f"{self.epochs} epochs)"
            )
        return None

    def _why(self, loss: nn.Module) -> str:
        if loss.nn_step_size == 0:
            return "nn_step_size is 0"
        if loss.nn_final >= self.batch:
            return f"nn_final {loss.nn_final} is not below the batch of {self.batch}"
        if loss.neighbours(LATE * loss.nn_step_size * loss.max_epochs, self.batch) >= self.batch:
            return f"formulation: released localises nothing in a batch of {self.batch}"
        steps = f"nn_step_size {loss.nn_step_size}, max_epochs {loss.max_epochs}"
        return f"too few epochs: {self.epochs}, with {steps}"


def warnings(rows: dict[str, dict[str, Any]], plan: Repulsion) -> list[str]:
    """Return a sentence per row of dynlocrep that is not what its name says.

    Parameters
    ----------
    rows : dict
        Row → settings, its loss under `loss`; rows of other losses are passed over.
    plan : Repulsion
    """
    faults = {
        row: plan.fault(settings) for row, settings in rows.items() if settings["loss"] == LOSS
    }
    return [f"losses.{row}: {fault}" for row, fault in faults.items() if fault]


def drawn(row: str, draws: Sequence[dict[str, Any]], plan: Repulsion) -> list[str]:
    """Return a sentence where some draws of a searched row are not what its name says."""
    faults = [
        fault for each in draws if each["loss"] == LOSS and (fault := plan.fault(each)) is not None
    ]
    if not faults:
        return []
    return [f"search.rows.{row}: {len(faults)} of {len(draws)} draws; the first {faults[0]}"]
