"""What a stage starts from: a training of another row, of this experiment or of another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.layout import Results
from contrage.plan.rows import is_staged
from contrage.settings.steps.learning import StageStart

SAME = "same"


@dataclass(frozen=True)
class Start:
    """`from` of a row.

    Attributes
    ----------
    row, experiment : str
        Of the other training.
    seed, fold : int or None
        None for that of the training that starts from it.
    checkpoint : str
        last or best.
    same_ids : str
        same-people or other-people: what an id of both cohorts means.
    """

    row: str
    experiment: str
    seed: int | None
    fold: int | None
    checkpoint: str
    same_ids: str

    def seed_for(self, seed: int) -> int:
        """Return the seed of the other training."""
        return seed if self.seed is None else self.seed

    def fold_for(self, fold: int) -> int:
        """Return the fold of the other training."""
        return fold if self.fold is None else self.fold

    def model(self, seed: int, fold: int) -> str:
        """Return the model file that a training of this seed and fold starts from."""
        own = {"row": self.row, "seed": self.seed_for(seed), "fold": self.fold_for(fold)}
        return self.results.model.format(**own)

    def split(self, seed: int) -> str:
        """Return the folds of the other training."""
        return self.results.split.format(seed=self.seed_for(seed))

    @property
    def same_people(self) -> bool:
        """Whether equal ids in two cohorts are one person's."""
        return self.same_ids == "same-people"

    @property
    def scans(self) -> str:
        """The scans of the other experiment."""
        return self.results.scans

    @property
    def results(self) -> Results:
        """Where the other experiment's files lie."""
        return Results.of(self.experiment)


def of_row(config: dict[str, Any], row: str) -> Start | None:
    """Return what a row starts from; None of a row that is no stage."""
    if not is_staged(config, row):
        return None
    stated = config["rows"][row]["from"]
    return Start(
        row=stated["row"],
        experiment=stated["experiment"] or config["experiment"],
        seed=None if stated["seed"] == SAME else stated["seed"],
        fold=None if stated["fold"] == SAME else stated["fold"],
        checkpoint=stated["checkpoint"],
        same_ids=stated["same_ids"],
    )


def told(config: dict[str, Any], row: str, seed: int, fold: int) -> StageStart:
    """Return what the training of a stage is told of its start."""
    start = of_row(config, row)
    assert start is not None, row
    return StageStart(
        experiment=start.experiment,
        row=start.row,
        seed=start.seed_for(seed),
        fold=start.fold_for(fold),
        same_people=start.same_people,
        checkpoint=start.checkpoint,
    )
