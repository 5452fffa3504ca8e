"""A phantom of files, and what is true of it."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.phantom.files import kinds
from contrage.settings.blocks.phantom_files import PhantomFilesSettings
from contrage.tables import write_rows


def write_files(settings: PhantomFilesSettings, folder: Path) -> None:
    """Write an owner's files to a folder of the phantom's name, and truth.tsv beside it.

    Parameters
    ----------
    settings : PhantomFilesSettings
    folder : Path
        Made where it is not there. `folder/rsna` and its like are what `cohort.path` names.

    Raises
    ------
    SettingsError
        If there is no such phantom, or a program to write it lacks.
    """
    kind = kinds.load(settings.of)
    people = kind.PEOPLE if settings.people is None else settings.people
    truth = kind.write(settings.seed, people, folder / settings.of)
    write_rows(folder / "truth.tsv", list(truth[0]), truth)
