"""Prepared arrays: checked and put into one, in place of the imaging stage."""


rule arrays:
    input:
        # A file may hold the arrays of many scans.
        arrays=list(dict.fromkeys(scan.images[IMAGE] for scan in SCANS.values())),
        beside=dataset_settings.beside(config),
        scans=DERIVATIVES.scans,
        excluded=DERIVATIVES.excluded,
        code=code(*COHORT.array_modules),
    output:
        array=f"{ARRAY}.npy",
        rows=f"{ARRAY}.tsv",
        sidecar=f"{ARRAY}.json",
        left_out=f"{ARRAY}_excluded.tsv",
    log:
        DERIVATIVES.log("arrays", os.path.basename(ARRAY)),
    benchmark:
        DERIVATIVES.benchmark("arrays", os.path.basename(ARRAY))
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=digest(*COHORT.array_modules),
        settings=as_json(dataset_settings.arrays(config)),
        found=what_was_found_of_all,
    message:
        "Checking the prepared arrays and stacking them into one"
    shell:
        "python -m contrage arrays --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --array {output.array:q} --rows {output.rows:q} --left-out {output.left_out:q}"
