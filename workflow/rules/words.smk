"""Small functions that all rules share: settings, sources and memory of a job."""

import json
import os
from inspect import signature

from contrage.run import code as sources
from contrage.run.code import digest
from contrage.settings.build import as_plain


def as_json(asked):
    """One settings parameter per rule, what its step is asked for: Snakemake compares it as a whole.

    What grows with rows by kilobytes is handed over on /dev/stdin: an argument ends at 128 KiB.
    """
    return json.dumps(as_plain(asked), sort_keys=True)


def growing(first):
    """Memory or minutes: as much again with each attempt, for the few jobs that need more.

    A number, or a function of the job's wildcards.
    """

    def of_attempt(wildcards, attempt):
        return (first(wildcards) if callable(first) else first) * attempt

    return of_attempt


def code(*modules):
    """The source files that decide a rule's result, declared as its inputs."""
    return [os.path.relpath(path) for path in sources.closure(*modules)]
