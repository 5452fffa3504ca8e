"""contrage: raw scans in, benchmark report out."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")

# This checkout's package, also where another one (or none) is installed.
sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))


configfile: Path(workflow.basedir) / "config" / "config.yaml"


include: "workflow/rules/settings.smk"


report: "workflow/report/workflow.rst"


if config["container"]:

    container: config["container"]


include: "workflow/rules/cluster.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/cohort.smk"


if HAS_SCANS:

    include: "workflow/rules/imaging_inputs.smk"
    include: "workflow/rules/imaging.smk"
    include: "workflow/rules/provenance.smk"
    include: "workflow/rules/quality.smk"


include: "workflow/rules/dataset.smk"
include: "workflow/rules/null.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"


if SEARCHED_ROWS:

    include: "workflow/rules/search.smk"


if PLAN.chooses_unseen:

    include: "workflow/rules/unseen.smk"


include: "workflow/rules/report.smk"


if PRETRAINING:

    module pretraining:
        snakefile:
            "Snakefile"
        config:
            PRETRAINING

    use rule * from pretraining exclude all, tables, runtimes, figures, page as pretraining_*


if not STAGE:

    include: "workflow/rules/again.smk"


rule all:
    default_target: True
    input:
        page=RESULTS.page,
        quality=DERIVATIVES.quality_page if HAS_SCANS else [],
        tables=TABLES,
        figures=RESULTS.figures,
        descriptions=dataset_descriptions(),


onerror:
    for file in log:
        print(*failures.summary(Path(file)), sep="\n", file=sys.stderr)
