"""What a phantom of files is made of: whose layout, how many people, chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhantomFilesSettings:
    """A phantom in the layout and file kind of one owner.

    Attributes
    ----------
    of : str
        Whose: a name of `contrage.cohort.phantom.files.kinds`.
    seed : int
        Seed of everything that is drawn.
    people : int or None
        How many; None for as many as the phantom usually has.
    """

    of: str
    seed: int
    people: int | None


@dataclass(frozen=True)
class NamedPhantomFilesSettings(PhantomFilesSettings):
    """The block cohort.phantom_files of the configuration.

    Attributes
    ----------
    name : str or None
        The files lie in results/phantom/<name>, shared by all cohorts with these settings; None for
        the owner's name.
    """

    name: str | None
