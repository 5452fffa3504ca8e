"""All cohorts of a phantom of region tables, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contrage.cohort.phantom.tables import features, truth
from contrage.cohort.phantom.tables.features import PlantedTable
from contrage.cohort.phantom.tables.owners import adni as adni_files
from contrage.cohort.phantom.tables.owners import icbm as icbm_files
from contrage.cohort.phantom.tables.owners import oasis3 as oasis3_files
from contrage.cohort.phantom.tables.owners import openbhb as openbhb_files
from contrage.cohort.phantom.tables.people import adni, icbm, oasis3, openbhb
from contrage.cohort.phantom.tables.people.planted import PlantedPerson
from contrage.cohort.phantom.tables.recipe import recipe
from contrage.errors import SettingsError, few
from contrage.settings.blocks.phantom_tables import PhantomTablesSettings

KEY = "cohort.phantom_tables.parts"
"""How messages begin."""
MOST = 999
"""People of a part: where an owner's ids have four digits, the first one says the part."""


@dataclass(frozen=True)
class Owner:
    """How one owner's cohort is made.

    Attributes
    ----------
    parts : tuple of str
        Parts that it can have.
    people : function
        Settings and part → its people.
    write : function
        Settings, all scans and a folder → the owner's files.
    """

    parts: tuple[str, ...]
    people: Callable[[PhantomTablesSettings, str], list[PlantedPerson]]
    write: Callable[[PhantomTablesSettings, PlantedTable, Path], None]


OWNERS = {
    "openbhb": Owner(openbhb.PARTS, openbhb.people, openbhb_files.write),
    "adni": Owner(adni.PARTS, adni.people, adni_files.write),
    "icbm": Owner(icbm.PARTS, icbm.people, icbm_files.write),
    "oasis3": Owner(oasis3.PARTS, oasis3.people, oasis3_files.write),
}


def write_study(settings: PhantomTablesSettings, folder: Path) -> None:
    """Write each cohort of the settings to a folder of its name, and truth.tsv beside them.

    Parameters
    ----------
    settings : PhantomTablesSettings
    folder : Path
        Made where it is not there. `folder/adni` and its like are what `cohort.path` names.

    Raises
    ------
    SettingsError
        A cohort or a part is unknown, or has too many people for the owner's ids.
    """
    check(settings)
    planted = recipe(settings)
    tables = []
    for cohort, parts in settings.parts.items():
        owner = OWNERS[cohort]
        made = [
            features.plant(settings, planted, owner.people(settings, part))
            for part in owner.parts
            if part in parts and parts[part].people
        ]
        if made:
            tables.append(features.together(made))
            owner.write(settings, tables[-1], folder / cohort)
    truth.write(settings, tables, folder / "truth.tsv")


def check(settings: PhantomTablesSettings) -> None:
    """Raise `SettingsError` for cohorts and parts that cannot be made."""
    for cohort, parts in settings.parts.items():
        _known(cohort, tuple(OWNERS), KEY)
        for part, told in parts.items():
            _known(part, OWNERS[cohort].parts, f"{KEY}.{cohort}")
            if not 0 <= told.people <= MOST:
                raise SettingsError(f"{KEY}.{cohort}.{part}.people: must be 0 to {MOST}")


def _known(name: str, names: Sequence[str], key: str) -> None:
    if name not in names:
        raise SettingsError(f"{key}: no {name!r}; there are {few(names, most=len(names))}")
