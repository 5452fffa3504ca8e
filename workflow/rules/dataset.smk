"""From a cohort's array to the scans of an experiment, and one split per seed."""


rule select:
    input:
        scans=DERIVATIVES.scans,
        excluded=(
            f"{ARRAY}_excluded.tsv"
            if IS_ARRAYS and not COHORT.is_merged
            else DERIVATIVES.excluded
        ),
        rows=f"{ARRAY}.tsv",
        # They have a digest of each scan's records and stand for them.
        passed=DERIVATIVES.passed if HAS_SCANS else [],
        usable=DERIVATIVES.usable if HAS_SCANS else [],
        exclude=config["cohort"]["exclude"] or [],
        same_person=dataset_settings.pairs(EXPERIMENT, ARRAY),
        # Whoever is told of a pair finds its pictures there.
        shown=(
            ancient(RESULTS.same_person_page)
            if IS_COMPARED_BEFORE and dataset_settings.parts_same_person(EXPERIMENT)
            else []
        ),
        pretrained=dataset_settings.pretrained_scans(EXPERIMENT),
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
            dataset_settings.select(EXPERIMENT, COHORT.has_several_targets)
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
        " --exclude {input.exclude:q} --same-person {input.same_person:q}"
        " --pretrained {input.pretrained:q}"


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
        settings=asked_of_job(dataset_settings.split),
    message:
        "Splitting by participant, seed {wildcards.seed}"
    shell:
        "python -m contrage split --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --array {input.array:q} --output {output.split:q}"
