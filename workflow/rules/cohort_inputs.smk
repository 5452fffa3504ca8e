"""What the rules of a cohort are asked for, and what was found of it."""

from contrage.plan import cohort_settings

INDEX = {scan: index for index, scan in enumerate(SCANS)}


def phantom_settings(wildcards):
    return as_json(cohort_settings.phantom_scan(config, INDEX[wildcards.scan]))


def cohort_tables(wildcards):
    """The tables that a cohort is read from, so that an edit of them is noticed."""
    return COHORT.tables


def what_was_found(wildcards):
    """Scans, who is left out, and what stands in the tables: other ones are noticed."""
    return FOUND.of_cohort()


def what_was_found_of_scan(wildcards):
    """Size and time of change of a scan's raw images: any other file is noticed, older or not."""
    return FOUND.images[wildcards.scan]
