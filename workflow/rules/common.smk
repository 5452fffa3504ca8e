"""Names and small functions that all rules share."""

import gc
from dataclasses import asdict
import json
import os
import shlex

from snakemake.logging import logger

from contrage import modalities
from contrage.plan import rows as experiment
from contrage.run import failures
from contrage.run import code as sources
from contrage.plan import pretraining as beforehand
from contrage.cohort import names
from contrage.imaging import usable
from contrage.cohort.notices import notices
from contrage.cohort import sources as cohort_sources
from contrage.cohort.read import settings_of, tables_of
from contrage.cohort.snapshot import cohort_of_run
from contrage.imaging import skull_strip
from contrage.imaging.template import source as template_source
from contrage.learning import encoders
from contrage.plan.kinds import image_seen
from contrage.plan.people import check_plan, left_out_otherwise
from contrage.plan.targets import trains
from contrage.run.found import contents, stamps
from contrage.run.found import digest as digest_of
from contrage.run.code import digest

# A plan is millions of objects that stay: looking through them for garbage was a fifth of the time.
gc.set_threshold(50_000, 20, 100)

# Jobs run this checkout's package, in every environment.
PACKAGE = shlex.quote(os.path.join(workflow.basedir, "workflow"))
shell.prefix(f"set -euo pipefail; export PYTHONPATH={PACKAGE}; ")


RESULTS = f"results/{config['experiment']}"
DERIVATIVES = f"results/derivatives/{config['cohort']['name']}"
RAW = f"results/phantom/{config['cohort']['name']}"
TRUTH = f"{RAW}/derivatives/truth"

IMAGE = config["cohort"]["image"]
KIND = modalities.load(IMAGE)
FORM = asdict(KIND.form)
ANATOMICAL = config["cohort"]["anatomical"]
ANATOMICAL_FOLDER = modalities.load(ANATOMICAL).folder
USES_ANATOMICAL = experiment.needs_anatomical(config)
MAPS = experiment.maps(config)
USES_MAGNITUDE = experiment.uses_magnitude(config)
GRID_MM = config["preprocessing"]["registration"]["voxel_mm"]
IS_PHANTOM = config["cohort"]["source"] == "phantom"
IS_TABLE = KIND.comes_as == "table"
RAW_FOLDER = RAW if IS_PHANTOM else config["cohort"]["path"]
IS_ARRAYS = KIND.comes_as == "arrays"
HAS_SCANS = not (IS_TABLE or IS_ARRAYS)
USES_MASK = config["preprocessing"]["skull_strip"]["method"] == "mask"
COHORT_SETTINGS = settings_of(
    config["cohort"],
    raw=RAW,
    needs_anatomical=USES_ANATOMICAL,
    needs_mask=USES_MASK,
    needs_magnitude=USES_MAGNITUDE,
)
RAW_IMAGES = {
    **({"anatomical": ANATOMICAL} if USES_ANATOMICAL else {}),
    **({"array": IMAGE} if IS_ARRAYS else {}),
    **{name: name for name in MAPS},
    **({"mask": "mask"} if USES_MASK else {}),
    **({"magnitude": "magnitude"} if USES_MAGNITUDE else {}),
}
try:
    experiment.check_config(config)
    beforehand.check(config)
    skull_strip.require_backend(config["preprocessing"]["skull_strip"]["method"])
    STRIPPER = skull_strip.modules(config["preprocessing"]["skull_strip"]["method"])
    TEMPLATE = template_source.find_source(config["preprocessing"]["template"])
    FOUND = cohort_of_run(
        COHORT_SETTINGS,
        Path(".snakemake/contrage-cohorts"),
        workflow.is_main_process,
        () if IS_PHANTOM else tuple(RAW_IMAGES.values()),
        KEEPS_COHORT,
    )
    COHORT = FOUND.cohort
    experiment.check_people(config, COHORT)
    if workflow.is_main_process:
        check_plan(config, COHORT, trains(*TARGETS))
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
SEEDS = config["training"]["seeds"]
FOLDS = experiment.fold_numbers(config, COHORT)
ROWS = experiment.benchmark_rows(config)
ALL_ROWS = experiment.all_rows(config)
NULL_ROWS = experiment.null_rows(config)
CHOOSES_UNSEEN = config["probe"]["alpha"] == "unseen"
WATCHED_ROWS = [row for row in config["report"]["embedding_rows"] if row in ALL_ROWS]
WATCHED_EPOCHS = experiment.watched_epochs(config) if WATCHED_ROWS else []
SEARCHED_ROWS = experiment.searched_rows(config)
SEARCHED_SEEDS = experiment.search_seeds(config)
TABLES = expand(
    f"{RESULTS}/tables/{{table}}.tsv",
    table=["mae", "norms", "baselines", "alphas", "cohort", "excluded", "runtimes"]
    + ["search"] * bool(SEARCHED_ROWS)
    + ["site"] * HAS_SCANS,
)


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
        places = ((names.folder(scan), scan) for scan in SCANS)
        return [
            str(pattern).format(folder=folder, scan=scan) for folder, scan in places
        ]

    return files_of_all_scans
