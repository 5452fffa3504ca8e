"""From preprocessed images, or a table of features, to one array per cohort and one split per seed."""

ARRAY = DERIVATIVES.array(None if IS_TABLE else IMAGE, config["dataset"]["voxel_mm"])
QUALITY = config["preprocessing"]["quality"]["action"] if HAS_SCANS else None

if IS_TABLE:

    rule features:
        input:
            table=config["cohort"]["path"],
            scans=DERIVATIVES.scans,
            code=code("contrage.dataset.features"),
        output:
            array=f"{ARRAY}.npy",
            rows=f"{ARRAY}.tsv",
            sidecar=f"{ARRAY}.json",
            columns=f"{ARRAY}_columns.tsv",
        log:
            DERIVATIVES.log("features"),
        benchmark:
            DERIVATIVES.benchmark("features")
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            code=digest("contrage.dataset.features"),
            settings=as_json(table=config["cohort"]["table"], **COHORT.columns_of_table),
            found=what_was_found_of_tables,
        message:
            "Reading the table's features into one array"
        shell:
            "python -m contrage features --settings {params.settings:q} --log {log:q}"
            " --table {input.table:q} --scans {input.scans:q}"
            " --array {output.array:q} --rows {output.rows:q} --columns {output.columns:q}"

elif IS_ARRAYS:

    include: "arrays.smk"

else:

    rule stack:
        input:
            scans=DERIVATIVES.passed,
            usable=DERIVATIVES.usable,
            images=per_scan(
                DERIVATIVES.preproc(IMAGE if IMAGE in MAPS else ANATOMICAL, GRID_MM)
            ),
            code=code("contrage.dataset.stack"),
        output:
            array=f"{ARRAY}.npy",
            rows=f"{ARRAY}.tsv",
            sidecar=f"{ARRAY}.json",
        log:
            DERIVATIVES.log("stack", os.path.basename(ARRAY)),
        benchmark:
            DERIVATIVES.benchmark("stack", os.path.basename(ARRAY))
        group:
            "dataset"
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            code=digest("contrage.dataset.stack"),
            settings=as_json(
                image=IMAGE if IMAGE in MAPS else ANATOMICAL,
                grid_mm=GRID_MM,
                voxel_mm=config["dataset"]["voxel_mm"],
            ),
            derivatives=folder_of_table,
        message:
            "Stacking all images into one array"
        shell:
            "python -m contrage stack --settings {params.settings:q} --log {log:q}"
            " --scans {input.scans:q} --derivatives {params.derivatives:q}"
            " --array {output.array:q} --rows {output.rows:q}"


rule select:
    input:
        scans=DERIVATIVES.scans,
        excluded=(rules.arrays.output.left_out if IS_ARRAYS else DERIVATIVES.excluded),
        rows=f"{ARRAY}.tsv",
        # They have a digest of each scan's records and stand for them.
        passed=DERIVATIVES.passed if HAS_SCANS else [],
        usable=DERIVATIVES.usable if HAS_SCANS else [],
        exclude=config["cohort"]["exclude"] or [],
        code=code("contrage.dataset.select"),
    output:
        selected=RESULTS.scans,
        left_out=RESULTS.left_out,
    log:
        RESULTS.log("select"),
    benchmark:
        RESULTS.benchmark("select")
    group:
        "dataset"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.dataset.select"),
        settings=as_json(
            quality_action=QUALITY,
            leave_out=experiment.left_out_people(config, FOUND.cohort),
        ),
        exclude=list_of_reader,
        derivatives=folder_of_table,
    message:
        "Choosing the scans of the experiment"
    shell:
        "python -m contrage select --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q} --rows {input.rows:q}"
        " --derivatives {params.derivatives:q}"
        " --selected {output.selected:q} --left-out {output.left_out:q}"
        " --exclude {input.exclude:q}"


SPLIT_MODULES = "contrage.dataset.split", schemes.module(
    config["dataset"]["split"]["scheme"]
)


rule split:
    input:
        scans=rules.select.output.selected,
        array=f"{ARRAY}.npy",
        code=code(*SPLIT_MODULES),
    output:
        split=RESULTS.split,
    log:
        RESULTS.log("split", "seed-{seed}"),
    benchmark:
        RESULTS.benchmark("split", "seed-{seed}")
    group:
        "dataset"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=digest(*SPLIT_MODULES),
        settings=lambda wildcards: as_json(
            seed=int(wildcards.seed),
            **{
                key: config["dataset"][key]
                for key in ("split", "learn_from", "subset", "missing_targets")
            },
            form=form_of(config),
            target=EXPERIMENT.target.learned,
            normalisation=config["dataset"]["normalisation"],
            field_of_view=config["dataset"]["field_of_view"],
            batch_size=config["training"]["batch_size"],
        ),
    message:
        "Splitting by participant, seed {wildcards.seed}"
    shell:
        "python -m contrage split --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --array {input.array:q} --output {output.split:q}"
