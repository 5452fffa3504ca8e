"""Ages read off the frozen features by ridge regression, and what simple baselines reach."""

PREDICTIONS = f"{RESULTS}/predictions/{{row}}/seed-{{seed}}.tsv"


rule probe:
    input:
        features=expand(f"{FEATURES}.npz", seed=SEEDS, fold=FOLDS, allow_missing=True),
        scans=scans_of_probe,
        splits=expand(rules.split.output.split, seed=SEEDS),
        unseen=unseen_features,
        unseen_splits=unseen_splits,
        code=code("contrage.evaluation.probe"),
    output:
        predictions=expand(PREDICTIONS, seed=SEEDS, allow_missing=True),
        metrics=expand(
            f"{RESULTS}/metrics/{{row}}/seed-{{seed}}.json",
            seed=SEEDS,
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/logs/probe/{{row}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/probe/{{row}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30 * len(SEEDS)),
    params:
        code=digest("contrage.evaluation.probe"),
        settings=lambda wildcards: as_json(
            row=wildcards.row, seeds=SEEDS, probe=config["probe"]
        ),
    message:
        f"{STAGE}Probing {{wildcards.row}}"
    shell:
        "python -m contrage probe --settings {params.settings:q} --log {log:q}"
        " --features {input.features:q} --scans {input.scans:q} --splits {input.splits:q}"
        " --predictions {output.predictions:q} --metrics {output.metrics:q}"
        " --unseen {input.unseen:q} --unseen-splits {input.unseen_splits:q}"


rule baselines:
    input:
        array=f"{ARRAY}.npy",
        scans=rules.select.output.selected,
        split=rules.split.output.split,
        code=code("contrage.evaluation.elements.baselines"),
    output:
        predictions=f"{RESULTS}/baselines/seed-{{seed}}.tsv",
    log:
        f"{RESULTS}/logs/baselines/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/baselines/seed-{{seed}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        code=digest("contrage.evaluation.elements.baselines"),
        settings=lambda wildcards: as_json(
            seed=int(wildcards.seed),
            probe=config["probe"],
            dataset={
                "form": FORM,
                **{
                    key: config["dataset"][key]
                    for key in ("voxel_mm", "normalisation", "field_of_view")
                },
            },
        ),
    message:
        "Fitting the baselines, seed {wildcards.seed}"
    shell:
        "python -m contrage baselines --settings {params.settings:q} --log {log:q}"
        " --array {input.array:q} --scans {input.scans:q} --split {input.split:q}"
        " --predictions {output.predictions:q}"


if HAS_SCANS:

    rule site_control:
        input:
            array=f"{ARRAY}.npy",
            scans=rules.select.output.selected,
            code=code("contrage.evaluation.elements.site"),
        output:
            table=f"{RESULTS}/tables/site.tsv",
        log:
            f"{RESULTS}/logs/site_control.log",
        benchmark:
            f"{RESULTS}/benchmarks/site_control/all.tsv"
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(4000),
            runtime=growing(60),
        params:
            code=digest("contrage.evaluation.elements.site"),
            settings=as_json(
                dataset={
                    "form": FORM,
                    **{
                        key: config["dataset"][key]
                        for key in ("voxel_mm", "normalisation")
                    },
                },
                statistics=config["statistics"],
            ),
        message:
            "Predicting the site from the field of view"
        shell:
            "python -m contrage site-control --settings {params.settings:q} --log {log:q}"
            " --array {input.array:q} --scans {input.scans:q} --output {output.table:q}"
