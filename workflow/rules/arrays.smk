"""Prepared arrays: checked and put into one, in place of the imaging stage."""

ARRAYS_CODE = ["contrage.dataset.arrays", SOURCE]
ARRAYS_CODE += [modalities.reader(IMAGE)] if modalities.reader(IMAGE) else []


rule arrays:
    input:
        arrays=[scan.images[IMAGE] for scan in SCANS.values()],
        scans=rules.cohort.output.scans,
        excluded=rules.cohort.output.excluded,
        code=code(*ARRAYS_CODE),
    output:
        array=f"{ARRAY}.npy",
        rows=f"{ARRAY}.tsv",
        sidecar=f"{ARRAY}.json",
        left_out=f"{ARRAY}_excluded.tsv",
    log:
        f"{DERIVATIVES}/logs/arrays_res-{config['dataset']['voxel_mm']}.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/arrays/{os.path.basename(ARRAY)}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=digest(*ARRAYS_CODE),
        settings=as_json(
            **{
                key: config["cohort"][key]
                for key in ("source", "path", "on_bad_scan", "duplicates")
            },
            kind=KIND.prepared,
            reader=modalities.reader(IMAGE),
            voxel_mm=config["dataset"]["voxel_mm"],
        ),
        found=what_was_found_of_all,
    message:
        "Checking the prepared arrays and stacking them into one"
    shell:
        "python -m contrage arrays --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --array {output.array:q} --rows {output.rows:q} --left-out {output.left_out:q}"
