"""Names and small functions that all rules share."""

import gc
import json
import os
import shlex

from snakemake.logging import logger

from contrage import layout
from contrage.dataset import schemes
from contrage.plan import folds
from contrage.plan import jobs
from contrage.plan import rows as experiment
from contrage.run import failures
from contrage.run import code as sources
from contrage.plan import pretraining as beforehand
from contrage.imaging import usable
from contrage.cohort.notices import notices
from contrage.cohort.read import settings_of
from contrage.cohort.snapshot import cohort_of_run
from contrage.imaging import skull_strip
from contrage.imaging.template import source as template_source
from contrage.plan.experiment import Experiment
from contrage.plan.people import check_plan, left_out_otherwise
from contrage.plan.targets import trains
from contrage.run.found import contents, stamps
from contrage.run.found import digest as digest_of
from contrage.run.code import digest

# A plan is millions of objects that stay: looking through them for garbage was a fifth of the time.
gc.set_threshold(50_000, 20, 100)

# Jobs run this checkout's package, in every environment; a workflow that takes this one as a module
# may have packages of its own besides. Snakemake formats a prefix, hence the doubled braces.
PACKAGE = shlex.quote(str(sources.PACKAGE.parent))
shell.prefix(
    f"set -euo pipefail; export PYTHONPATH={PACKAGE}${{{{PYTHONPATH:+:$PYTHONPATH}}}}; "
)


RESULTS = layout.Results.of(config["experiment"])
DERIVATIVES = layout.Derivatives.of(config["cohort"]["name"])
RAW = layout.Phantom.of(config["cohort"]["name"])

IMAGE = config["cohort"]["image"]
ANATOMICAL = config["cohort"]["anatomical"]
ANATOMICAL_FOLDER = "anat" if ANATOMICAL == "T1w" else "mre"
USES_ANATOMICAL = experiment.needs_anatomical(config)
MAPS = experiment.maps(config)
USES_MAGNITUDE = experiment.uses_magnitude(config)
GRID_MM = config["preprocessing"]["registration"]["voxel_mm"]
IS_PHANTOM = config["cohort"]["source"] == "phantom"
IS_TABLE = config["cohort"]["source"] == "table"
RAW_FOLDER = str(RAW) if IS_PHANTOM else config["cohort"]["path"]
IS_ARRAYS = config["cohort"]["source"] == "arrays"
HAS_SCANS = not (IS_TABLE or IS_ARRAYS)
USES_MASK = config["preprocessing"]["skull_strip"]["method"] == "mask"
COHORT_SETTINGS = settings_of(
    {**config["cohort"], "columns": folds.carried_columns(config)},
    target=config["target"],
    raw=str(RAW),
    needs_anatomical=USES_ANATOMICAL,
    needs_mask=USES_MASK,
    needs_magnitude=USES_MAGNITUDE,
)
RAW_IMAGES = [
    *["anatomical"] * (USES_ANATOMICAL or IS_ARRAYS),
    *MAPS,
    *["mask"] * USES_MASK,
    *["magnitude"] * USES_MAGNITUDE,
]
try:
    experiment.check_config(config)
    folds.check_split(config)
    beforehand.check(config)
    skull_strip.require_backend(config["preprocessing"]["skull_strip"]["method"])
    STRIPPER = skull_strip.modules(config["preprocessing"]["skull_strip"]["method"])
    TEMPLATE = template_source.find_source(config["preprocessing"]["template"])
    FOUND = cohort_of_run(
        COHORT_SETTINGS,
        Path(".snakemake/contrage-cohorts"),
        workflow.is_main_process,
        () if IS_PHANTOM else tuple(RAW_IMAGES),
        KEEPS_COHORT,
    )
    COHORT = FOUND.cohort
    experiment.check_people(config, COHORT)
    if workflow.is_main_process:
        check_plan(config, COHORT, trains(*TARGETS))
    PRETRAINING = beforehand.complete(
        config, [scan.participant_id for scan in COHORT.scans], SCHEMA
    )
except ContrageError as error:
    raise WorkflowError(str(error)) from None

if workflow.is_main_process:
    for line in [
        *notices(
            COHORT, config["cohort"]["name"], Path(DERIVATIVES) if HAS_SCANS else None
        ),
        *left_out_otherwise(config, COHORT),
    ]:
        logger.warning(line)

SCANS = {scan.scan_id: scan for scan in COHORT.scans}
PLAN = Experiment.of(config, COHORT)
SEEDS, FOLDS = PLAN.seeds, PLAN.folds
ROWS, ALL_ROWS, NULL_ROWS = PLAN.rows, PLAN.all_rows, PLAN.null_rows
SEARCHED_ROWS, SEARCHED_SEEDS = PLAN.searched_rows, PLAN.searched_seeds
TABLES = [RESULTS.table(name) for name in PLAN.tables]


wildcard_constraints:
    folder=r"sub-[A-Za-z0-9]+(/ses-[A-Za-z0-9]+)?",
    scan=r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?",
    row=r"[a-z0-9][a-z0-9_-]*",
    seed=r"\d+",
    fold=r"\d+",
    epoch=r"\d+",
    draw=r"\d+",
    ages="given|permuted",


def as_json(**settings):
    """One settings parameter per rule: Snakemake compares it as a whole."""
    return json.dumps(settings, sort_keys=True)


def growing(first):
    """Memory or minutes: as much again with each attempt, for the few jobs that need more."""

    def of_attempt(wildcards, attempt):
        return first * attempt

    return of_attempt


def code(*modules):
    """The source files that decide a rule's result, declared as its inputs."""
    return [os.path.relpath(path) for path in sources.closure(*modules)]


def per_scan(pattern):
    """The files of a pattern with {folder} and {scan}, for all scans of the cohort.

    An input function: with a list, Snakemake's time grows with the square of the cohort.
    """

    def files_of_all_scans(wildcards):
        return [layout.of_scan(str(pattern), scan) for scan in SCANS]

    return files_of_all_scans


def of_job(function):
    """An input or parameter: what a function of `contrage.plan.jobs` says of the job's wildcards."""

    def of_wildcards(wildcards):
        return function(PLAN, **jobs.values(function, dict(wildcards)))

    return of_wildcards


def asked_of_job(function):
    """The settings of a job that such a function says."""

    def of_wildcards(wildcards):
        return as_json(**of_job(function)(wildcards))

    return of_wildcards


def code_of_job(function):
    """The source files that decide the job, where a row's loss is one of them."""

    def of_wildcards(wildcards):
        return code(*of_job(function)(wildcards))

    return of_wildcards


def digest_of_job(function):
    """The same by contents: a file that an older one has replaced is noticed, too."""

    def of_wildcards(wildcards):
        return digest(*of_job(function)(wildcards))

    return of_wildcards


def look(*patterns):
    """Templates, styles and scripts of pages, by patterns below the package's report."""
    return [os.path.relpath(path) for path in sources.data_files("report", *patterns)]


def folder_of_derivatives(wildcards):
    """The cohort's derivatives."""
    return str(DERIVATIVES)


def folder_of_table(wildcards, input):
    """The cohort's derivatives, in which its table of scans lies."""
    return os.path.dirname(input.scans)


def results_folder(wildcards, output):
    """The experiment's folder: the part of it that is above the output's own folder."""
    return os.path.commonpath([RESULTS, output[0]])


def dataset_descriptions():
    """What describes the derivatives of this run's cohorts of images."""
    cohorts = [each["cohort"] for each in (config, PRETRAINING) if each]
    return [
        layout.Derivatives.of(cohort["name"]).description
        for cohort in cohorts
        if cohort["source"] not in ("table", "arrays")
    ]
