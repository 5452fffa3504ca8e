"""Several cohorts as one: who is in them, and one array after the other."""

from contrage.plan import merged

MEMBERS = [each.derivatives for each in COHORT.members]
ARRAYS = [
    each.array(None if IS_TABLE else IMAGE, config["dataset"]["voxel_mm"])
    for each in MEMBERS
]
BY_READERS = merged.lists_of_readers(config)


def named_lists(wildcards):
    """Readers' lists of scans to leave out, by the name of the cohort."""
    return [f"{name}={path}" for name, path in BY_READERS.items()]


rule merge:
    input:
        scans=[each.scans for each in MEMBERS],
        excluded=(
            [f"{array}_excluded.tsv" for array in ARRAYS]
            if IS_ARRAYS
            else [each.excluded for each in MEMBERS]
        ),
        choices=[each.choices for each in MEMBERS],
        notes=[each.notes for each in MEMBERS],
        arrays=[f"{array}.npy" for array in ARRAYS],
        rows=[f"{array}.tsv" for array in ARRAYS],
        sidecars=[f"{array}.json" for array in ARRAYS],
        features=[f"{array}_columns.tsv" for array in ARRAYS * IS_TABLE],
        exclude=list(BY_READERS.values()),
        code=code("contrage.dataset.merge"),
    output:
        scans=DERIVATIVES.scans,
        excluded=DERIVATIVES.excluded,
        choices=DERIVATIVES.choices,
        notes=DERIVATIVES.notes,
        array=f"{ARRAY}.npy",
        rows=f"{ARRAY}.tsv",
        sidecar=f"{ARRAY}.json",
        columns=f"{ARRAY}_columns.tsv" if IS_TABLE else [],
    log:
        DERIVATIVES.log("merge", os.path.basename(ARRAY)),
    benchmark:
        DERIVATIVES.benchmark("merge", os.path.basename(ARRAY))
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        code=digest("contrage.dataset.merge"),
        settings=as_json(merged.step(config, COHORT)),
        exclude=named_lists,
    message:
        "Merging the cohorts"
    shell:
        "python -m contrage merge --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --choices {input.choices:q} --notes {input.notes:q}"
        " --arrays {input.arrays:q} --rows {input.rows:q} --features {input.features:q}"
        " --exclude {params.exclude:q}"
        " --merged-scans {output.scans:q} --merged-excluded {output.excluded:q}"
        " --merged-choices {output.choices:q} --merged-notes {output.notes:q}"
        " --array {output.array:q} --merged-rows {output.rows:q} --columns {output.columns:q}"
