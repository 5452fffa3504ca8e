"""From preprocessed images, or a table of features, to one array per cohort and one split per seed."""

ARRAY = f"{DERIVATIVES}/array/{IMAGE}_res-{config['dataset']['voxel_mm']}"
QUALITY = config["preprocessing"]["quality"]["action"] if HAS_SCANS else None

if IS_TABLE:
    ARRAY = f"{DERIVATIVES}/array/features"

    rule features:
        input:
            table=config["cohort"]["path"],
            scans=rules.cohort.output.scans,
            code=code("contrage.dataset.features"),
        output:
            array=f"{ARRAY}.npy",
            rows=f"{ARRAY}.tsv",
            sidecar=f"{ARRAY}.json",
            columns=f"{ARRAY}_columns.tsv",
        log:
            f"{DERIVATIVES}/logs/features.log",
        benchmark:
            f"{DERIVATIVES}/benchmarks/features/all.tsv"
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(10),
        params:
            code=digest("contrage.dataset.features"),
            settings=as_json(
                table=config["cohort"]["table"], columns=config["cohort"]["columns"]
            ),
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
            scans=rules.screen.output.passed,
            usable=rules.usable.output.table,
            images=per_scan(
                rules.preprocess.output[
                    f"preproc_{IMAGE if IMAGE in MAPS else 'anatomical'}"
                ]
            ),
            code=code("contrage.dataset.stack"),
        output:
            array=f"{ARRAY}.npy",
            rows=f"{ARRAY}.tsv",
            sidecar=f"{ARRAY}.json",
        log:
            f"{DERIVATIVES}/logs/stack_res-{config['dataset']['voxel_mm']}.log",
        benchmark:
            f"{DERIVATIVES}/benchmarks/stack/{os.path.basename(ARRAY)}.tsv"
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
        scans=rules.cohort.output.scans,
        excluded=(
            rules.arrays.output.left_out if IS_ARRAYS else rules.cohort.output.excluded
        ),
        rows=f"{ARRAY}.tsv",
        quality=per_scan(rules.quality.output.record) if HAS_SCANS else [],
        exclude=config["cohort"]["exclude"] or [],
        code=code("contrage.dataset.select"),
    output:
        selected=f"{RESULTS}/dataset/scans.tsv",
        left_out=f"{RESULTS}/dataset/excluded.tsv",
    log:
        f"{RESULTS}/logs/select.log",
    benchmark:
        f"{RESULTS}/benchmarks/select/all.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.dataset.select"),
        settings=as_json(quality_action=QUALITY, leave_out=left_out_here()),
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


rule split:
    input:
        scans=rules.select.output.selected,
        array=f"{ARRAY}.npy",
        code=code("contrage.dataset.split"),
    output:
        split=f"{RESULTS}/dataset/splits/seed-{{seed}}.json",
    log:
        f"{RESULTS}/logs/split/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/split/seed-{{seed}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=digest("contrage.dataset.split"),
        settings=lambda wildcards: as_json(
            seed=int(wildcards.seed),
            split=config["dataset"]["split"],
            form=FORM,
            normalisation=config["dataset"]["normalisation"],
            field_of_view=config["dataset"]["field_of_view"],
            batch_size=config["training"]["batch_size"],
        ),
    message:
        "Splitting by participant, seed {wildcards.seed}"
    shell:
        "python -m contrage split --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --array {input.array:q} --output {output.split:q}"
