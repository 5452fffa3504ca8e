"""Names and small functions that the rules of a cohort and of an experiment share."""

import json
import os
import shlex
from pathlib import Path

from contrage import layout
from contrage.plan import cohort as cohorts
from contrage.run.found import contents
from contrage.run.found import digest as digest_of


include: "words.smk"


# Jobs run this checkout's package, in every environment; a workflow that takes this one as a module
# may have packages of its own besides. Snakemake formats a prefix, hence the doubled braces.
# An installed package is found by itself, and its folder holds all that is installed beside it.
PACKAGE = sources.PACKAGE.parent
OWN = (
    f"export PYTHONPATH={shlex.quote(str(PACKAGE))}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; "
)
shell.prefix("set -euo pipefail; " + OWN * (PACKAGE.name != "site-packages"))

# Of a module's rules alone: what the Snakefile itself says holds for none of them.
if config["container"]:

    container: config["container"]


COHORT = cohorts.of(config)
FOUND = COHORT.found
DERIVATIVES, RAW = COHORT.derivatives, COHORT.raw
IMAGE, ANATOMICAL, MAPS = COHORT.image, COHORT.anatomical, COHORT.maps
USES_ANATOMICAL, HAS_SCANS = COHORT.uses_anatomical, COHORT.has_scans
IS_PHANTOM, IS_TABLE, IS_ARRAYS = COHORT.is_phantom, COHORT.is_table, COHORT.is_arrays
GRID_MM = config["preprocessing"]["registration"]["voxel_mm"]
SCANS = COHORT.scans
# What pages may show of a scan: the image that is learned from, and the anatomical one.
LEARNED = IMAGE if IMAGE in MAPS else ANATOMICAL
IMAGES_SHOWN = list(dict.fromkeys([LEARNED, *[ANATOMICAL] * USES_ANATOMICAL]))
ARRAY = DERIVATIVES.array(None if IS_TABLE else IMAGE, config["dataset"]["voxel_mm"])


wildcard_constraints:
    folder=r"sub-[A-Za-z0-9]+(/ses-[A-Za-z0-9]+)?",
    scan=r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?",
    row=r"[a-z0-9][a-z0-9_-]*",
    seed=r"\d+",
    fold=r"\d+",
    epoch=r"\d+",
    draw=r"\d+",
    ages="given|permuted",


def per_scan(pattern):
    """The files of a pattern with {folder} and {scan}, for all scans of the cohort.

    An input function: with a list, Snakemake's time grows with the square of the cohort.
    """

    def files_of_all_scans(wildcards):
        return [layout.of_scan(str(pattern), scan) for scan in SCANS]

    return files_of_all_scans


def folder_of_derivatives(wildcards):
    """The cohort's derivatives."""
    return str(DERIVATIVES)


def folder_of_table(wildcards, input):
    """The cohort's derivatives, in which its table of scans lies."""
    return os.path.dirname(input.scans)


def look(*patterns, folder="report"):
    """Templates, styles and scripts of pages, by patterns below the package's report or another."""
    return [os.path.relpath(path) for path in sources.data_files(folder, *patterns)]


def files_of_template():
    """The template's files, where it is not the one that comes with nilearn."""
    found = COHORT.template
    return [str(file) for file in (found.anatomical, found.mask) if file is not None]


def what_was_found_of_all(wildcards):
    """The same of the images, or prepared arrays, of all scans."""
    return FOUND.of_images()


def what_was_found_of_tables(wildcards):
    """What stands in the cohort's tables."""
    return FOUND.of_tables()


def list_of_reader(wildcards):
    """What stands in the reader's list of scans to leave out."""
    return digest_of(contents([config["cohort"]["exclude"] or ""]))
