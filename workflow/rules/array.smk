"""From preprocessed images, prepared arrays or a table of features to the cohort's one array."""

from contrage.plan import dataset_settings

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
            settings=as_json(dataset_settings.features(config, COHORT)),
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
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            code=digest("contrage.dataset.stack"),
            settings=as_json(dataset_settings.stack(config)),
            derivatives=folder_of_table,
        message:
            "Stacking all images into one array"
        shell:
            "python -m contrage stack --settings {params.settings:q} --log {log:q}"
            " --scans {input.scans:q} --derivatives {params.derivatives:q}"
            " --array {output.array:q} --rows {output.rows:q}"

    rule same_person:
        input:
            array=f"{ARRAY}.npy",
            rows=f"{ARRAY}.tsv",
            code=code("contrage.dataset.same_person"),
        output:
            table=f"{ARRAY}_same_person.tsv",
            record=f"{ARRAY}_same_person.json",
        log:
            DERIVATIVES.log("same_person", os.path.basename(ARRAY)),
        benchmark:
            DERIVATIVES.benchmark("same_person", os.path.basename(ARRAY))
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(30),
        params:
            code=digest("contrage.dataset.same_person"),
            settings=as_json(dataset_settings.same_person(config)),
        message:
            "Comparing every pair of scans"
        shell:
            "python -m contrage same-person --settings {params.settings:q} --log {log:q}"
            " --array {input.array:q} --rows {input.rows:q}"
            " --table {output.table:q} --record {output.record:q}"
