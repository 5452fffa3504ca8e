"""What a configuration and its cohort come to: rows, seeds and folds, and where their files lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage import modalities
from contrage.cohort.scans import Cohort
from contrage.evaluation import elements
from contrage.layout import Results
from contrage.plan import evaluations, folds, phantoms, rows
from contrage.target_words import TargetInWords


@dataclass(frozen=True)
class Experiment:
    """An experiment on a cohort, read once for all of its jobs.

    Attributes
    ----------
    config : dict
        The whole configuration, with all defaults.
    cohort : Cohort
    results : Results
        Where its files lie.
    seeds, folds : list of int
        Of the trainings.
    rows, all_rows : list of str
        Those of the table of errors; every one that is trained.
    null_rows : dict of str to str
        Row → the row that it is like, of those that learn permuted targets.
    searched_rows : list of str
        Those of which settings are searched.
    searched_seeds : list of int
        The seeds on whose splits they are.
    watched_rows : list of str
        Those of which the report draws features after several epochs, `watched_epochs`.
    """

    config: dict[str, Any]
    cohort: Cohort
    results: Results
    seeds: list[int]
    folds: list[int]
    rows: list[str]
    all_rows: list[str]
    null_rows: dict[str, str]
    searched_rows: list[str]
    searched_seeds: list[int]
    watched_rows: list[str]
    watched_epochs: list[int]

    @classmethod
    def of(cls, config: dict[str, Any], cohort: Cohort) -> Experiment:
        """Read the experiment out of a configuration that has been checked."""
        everyone = rows.all_rows(config)
        watched = [row for row in config["report"]["embedding_rows"] if row in everyone]
        return cls(
            config=config,
            cohort=cohort,
            results=Results.of(config["experiment"]),
            seeds=config["training"]["seeds"],
            folds=folds.fold_numbers(config, cohort),
            rows=rows.benchmark_rows(config),
            all_rows=everyone,
            null_rows=rows.null_rows(config),
            searched_rows=rows.searched_rows(config),
            searched_seeds=folds.search_seeds(config),
            watched_rows=watched,
            watched_epochs=rows.watched_epochs(config) if watched else [],
        )

    @property
    def target(self) -> TargetInWords:
        """What is predicted."""
        return rows.stated_target(self.config)

    @property
    def has_scans(self) -> bool:
        """Whether scans are preprocessed, and no table of features or prepared arrays read."""
        return modalities.load(self.config["cohort"]["image"]).comes_as == "scans"

    @property
    def evaluations(self) -> list[str]:
        """Names of the evaluations that are asked for and can be had, each a table of its own."""
        lacking = {"images"} if not self.has_scans else set()
        lacking |= set() if phantoms.truths(self.config["cohort"]) else {"truth"}
        lacking |= set() if folds.has_external(self.config) else {"external"}
        lacking |= {"number"} if self.target.is_binary else set()
        found = evaluations.switched_on(self.config)
        return [name for name in found if not lacking & set(elements.element(name).needs)]

    @property
    def measure(self) -> str:
        """The measure by which rows are compared, and the name of their table."""
        return self.config["statistics"]["primary"]

    @property
    def tables(self) -> list[str]:
        """Names of the tables of the report."""
        found = [self.measure, "norms", "baselines", "alphas", "cohort", "excluded", "runtimes"]
        return found + ["search"] * bool(self.searched_rows) + self.evaluations

    @property
    def chooses_unseen(self) -> bool:
        """Whether the probe's penalty is chosen on people whom an encoder has not seen."""
        return self.config["probe"]["alpha"] == "unseen"

    def loss(self, row: str) -> dict[str, Any]:
        """Return the settings of a row's loss, with its name under `loss`."""
        return rows.loss_settings(self.config, row)

    def is_watched(self, row: str, seed: int, fold: int) -> bool:
        """Return whether the report draws the features of this training after several epochs."""
        return seed == self.seeds[0] and fold == 0 and row in self.watched_rows
