"""What the page writes down beside it, so that `contrage verify` can make the results again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FilesOfJobs:
    """Files of a kind: a pattern, and what its wildcards are.

    Attributes
    ----------
    pattern : str
        As in `contrage.layout`; a path where there are no wildcards.
    values : dict of str to tuple
        Wildcard → its values; every combination is a file, the last wildcard changing first.
    """

    pattern: str
    values: dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class RecordedJob:
    """A job that can be done again.

    Attributes
    ----------
    step : str
        Its name on the command line.
    settings : dict
        What it is asked for.
    reads : dict of str to tuple of FilesOfJobs
        Option → files.
    told : dict of str to str
        Option → a value that is no file.
    writes : dict of str to str
        Option → the file that it has written.
    """

    step: str
    settings: dict[str, Any]
    reads: dict[str, tuple[FilesOfJobs, ...]]
    told: dict[str, str]
    writes: dict[str, str]


@dataclass(frozen=True)
class RecordedCode:
    """The code that decided a step.

    Attributes
    ----------
    modules : tuple of str
        Dotted names, as `contrage.run.code.digest` takes them.
    digest : str
        Of these files and of those that they import.
    """

    modules: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Recorded:
    """What an experiment was made of and with.

    Attributes
    ----------
    tables : dict of str to RecordedJob
        Name → the job that computes tables out of predictions, or out of what evaluations read.
    trainings : dict of str to RecordedJob
        Row → its training of the first seed and fold, without the settings that are in `common`.
    common : dict
        Settings of trainings, where a row's do not say otherwise.
    code : dict of str to RecordedCode
        Step, or step and row → the code that decided it.
    files : tuple of FilesOfJobs
        Whose checksums are written down: predictions, tables, and what belongs to them.
    array : str
        What is learned from; the JSON beside it has the checksums of what it was made of.
    derivatives : str
        The cohort's folder.
    usable : str or None
        Of scans that were preprocessed: the table with a digest of each scan's records.
    """

    tables: dict[str, RecordedJob]
    trainings: dict[str, RecordedJob]
    common: dict[str, Any]
    code: dict[str, RecordedCode]
    files: tuple[FilesOfJobs, ...]
    array: str
    derivatives: str
    usable: str | None
