"""What this run consists of, read and checked before the first job."""

import gc

from snakemake.logging import logger

from contrage.plan import run as plan
from contrage.plan.targets import trains
from contrage.run import after, failures

# A plan is millions of objects that stay: looking through them for garbage was a fifth of the time.
gc.set_threshold(50_000, 1000, 100)

try:
    if IS_STUDY and workflow.is_main_process:
        STUDY.require_paths()
    PLAN = plan.read(
        CONFIGS,
        SCHEMA,
        is_study=IS_STUDY,
        beside=STUDY.beside if IS_STUDY else [],
        is_first=workflow.is_main_process,
        keeps=KEEPS_COHORT,
        trains=trains(*TARGETS),
    )
except ContrageError as error:
    raise WorkflowError(str(error)) from None

for line in PLAN.notices:
    logger.warning(line)
