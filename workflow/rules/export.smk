"""Models for those who predict new scans, made of the trainings of this run."""

from contrage.plan import dataset_settings
from contrage.plan import model as models_plan

EXPORTED_ROWS = models_plan.candidates(EXPERIMENT)
# Judging where models look explains scans, on the device of the trainings, as rule saliency does.
EXPLAINS = config["model"]["explain"] and bool(EXPORTED_ROWS)


rule export:
    input:
        table=rules.tables.output.mae,
        models=expand(RESULTS.model, row=EXPORTED_ROWS, seed=SEEDS, fold=FOLDS),
        features=expand(RESULTS.features, row=EXPORTED_ROWS, seed=SEEDS, fold=FOLDS),
        coefficients=expand(
            RESULTS.coefficients,
            row=[row for row in EXPORTED_ROWS if row not in HEAD_ROWS],
            seed=SEEDS,
        ),
        predictions=expand(RESULTS.predictions, row=EXPORTED_ROWS, seed=SEEDS),
        splits=expand(rules.split.output.split, seed=SEEDS),
        scans=rules.select.output.selected,
        array=f"{ARRAY}.npy",
        columns=f"{ARRAY}_columns.tsv" if IS_TABLE else [],
        # Whether it is older says how the page looks that it stands on; the other has the digests.
        quality=ancient(DERIVATIVES.quality_table) if HAS_SCANS else [],
        usable=DERIVATIVES.usable if HAS_SCANS else [],
        reference=dataset_settings.beside(config),
        code=code("contrage.bundle.export"),
        look=look("*.md", folder="bundle"),
    output:
        exported=RESULTS.exported,
    log:
        RESULTS.log("export"),
    benchmark:
        RESULTS.benchmark("export")
    conda:
        "../../envs/learning.yaml"
    threads: config["training"]["threads"] if EXPLAINS else 1
    resources:
        mem_mb=growing(8000 if EXPLAINS else 4000),
        runtime=growing(240 if EXPLAINS else 30),
        gpu=gpu(int(EXPLAINS)),
        gres=gres(int(EXPLAINS)),
    params:
        code=digest("contrage.bundle.export"),
        settings=as_json(models_plan.export(EXPERIMENT, COHORT.template.settings())),
        models=pattern_of(RESULTS.model),
        features=pattern_of(RESULTS.features),
        coefficients=pattern_of(RESULTS.coefficients),
        predictions=pattern_of(RESULTS.predictions),
        splits=pattern_of(RESULTS.split),
    message:
        "Making models for new scans"
    shell:
        "python -m contrage export-models --settings {params.settings:q} --log {log:q}"
        " --table {input.table:q} --models {params.models:q} --features {params.features:q}"
        " --coefficients {params.coefficients:q} --predictions {params.predictions:q}"
        " --splits {params.splits:q} --scans {input.scans:q} --array {input.array:q}"
        " --columns {input.columns:q} --quality {input.quality:q}"
        " --reference {input.reference:q}"
        " --exported {output.exported:q}"
