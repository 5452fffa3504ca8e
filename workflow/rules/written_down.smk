"""What the page is asked for, and writes down."""

from functools import cache

from contrage.plan import record
from contrage.plan import report as reports


@cache
def asked_of_page():
    """What the page is asked for, and is to write down: found once, and by its own job alone."""
    return reports.page(EXPERIMENT, record.record(EXPERIMENT, COHORT, ARRAY))


def settings_of_page(wildcards):
    """The same as a parameter."""
    return as_json(asked_of_page())


def files_written_down(wildcards):
    """The files of which it writes down checksums."""
    kinds = asked_of_page().recorded.files
    return [path for each in kinds for path in layout.filled(each.pattern, each.values)]
