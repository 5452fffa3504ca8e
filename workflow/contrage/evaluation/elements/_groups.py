"""Groups as tables name them."""

from __future__ import annotations

from contrage.settings.blocks.evaluations import GroupsSettings


def control_of(groups: GroupsSettings) -> str:
    """Return what tables call the controls."""
    return groups.controls[0]


def names_of(groups: GroupsSettings) -> tuple[str, ...]:
    """Return the groups of a table in their order, the controls first."""
    return (control_of(groups), *groups.patients)
