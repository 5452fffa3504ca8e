"""The block evaluations of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GroupsSettings:
    """Who are controls and patients.

    Attributes
    ----------
    column : str
        Column of the table of scans that says everyone's group.
    controls : tuple of str
        Its values of healthy people; tables call them by the first.
    patients : tuple of str
        Its values of the groups that are compared with them, in the order of tables and figures.
    cohort : str or None
        Column whose values are cohorts, each corrected and compared by its own controls.
    correction : str
        The gap that figures and comparisons show: cole, residual or raw.
    """

    column: str
    controls: tuple[str, ...]
    patients: tuple[str, ...]
    cohort: str | None
    correction: str

    @property
    def control(self) -> str:
        """What tables call the controls."""
        return self.controls[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The groups of a table in their order, the controls first."""
        return (self.control, *self.patients)


@dataclass(frozen=True)
class GapSettings:
    """The brain-age gap of each group."""


@dataclass(frozen=True)
class RocSettings:
    """How well the gap tells patients from controls.

    Attributes
    ----------
    positive : tuple of str
        The groups that are told from controls, together.
    """

    positive: tuple[str, ...]


@dataclass(frozen=True)
class SlopesSettings:
    """How the gap of each group changes over the years."""


@dataclass(frozen=True)
class EvaluationsSettings:
    """Further evaluations of predictions and features, each a table; None leaves one out.

    Attributes
    ----------
    groups : GroupsSettings
        Who are controls and patients.
    gap : GapSettings or None
        The brain-age gap of each group.
    roc : RocSettings or None
        How well it tells patients from controls.
    slopes : SlopesSettings or None
        How it changes over the years.
    """

    groups: GroupsSettings
    gap: GapSettings | None
    roc: RocSettings | None
    slopes: SlopesSettings | None
