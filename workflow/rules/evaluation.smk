"""Targets read off the frozen features by ridge regression, and what simple baselines reach."""


rule probe:
    input:
        features=expand(RESULTS.features, seed=SEEDS, fold=FOLDS, allow_missing=True),
        scans=of_job(jobs.scans_of_probe),
        splits=expand(rules.split.output.split, seed=SEEDS),
        unseen=of_job(jobs.unseen_features),
        unseen_splits=of_job(jobs.unseen_splits),
        code=code("contrage.evaluation.probe"),
    output:
        predictions=expand(RESULTS.predictions, seed=SEEDS, allow_missing=True),
        metrics=expand(
            RESULTS.metrics,
            seed=SEEDS,
            allow_missing=True,
        ),
        coefficients=expand(RESULTS.coefficients, seed=SEEDS, allow_missing=True),
    log:
        RESULTS.log("probe", "{row}"),
    benchmark:
        RESULTS.benchmark("probe", "{row}")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30 * len(SEEDS)),
    params:
        code=digest("contrage.evaluation.probe"),
        settings=asked_of_job(jobs.probe),
    message:
        f"{STAGE}Probing {{wildcards.row}}"
    shell:
        "python -m contrage probe --settings {params.settings:q} --log {log:q}"
        " --features {input.features:q} --scans {input.scans:q} --splits {input.splits:q}"
        " --predictions {output.predictions:q} --metrics {output.metrics:q}"
        " --unseen {input.unseen:q} --unseen-splits {input.unseen_splits:q}"
        " --coefficients {output.coefficients:q}"


rule baselines:
    input:
        array=f"{ARRAY}.npy",
        scans=rules.select.output.selected,
        split=rules.split.output.split,
        code=code("contrage.evaluation.baselines"),
    output:
        predictions=RESULTS.baselines,
    log:
        RESULTS.log("baselines", "seed-{seed}"),
    benchmark:
        RESULTS.benchmark("baselines", "seed-{seed}")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        code=digest("contrage.evaluation.baselines"),
        settings=as_json(jobs.baselines(EXPERIMENT)),
    message:
        "Fitting the baselines, seed {wildcards.seed}"
    shell:
        "python -m contrage baselines --settings {params.settings:q} --log {log:q}"
        " --array {input.array:q} --scans {input.scans:q} --split {input.split:q}"
        " --predictions {output.predictions:q}"


if EXPERIMENT.evaluations:

    rule evaluate:
        input:
            unpack(evaluated),
            code=code_of_job(jobs.evaluation_modules),
        output:
            table=RESULTS.table("{evaluation}"),
        log:
            RESULTS.log("evaluate", "{evaluation}"),
        benchmark:
            RESULTS.benchmark("evaluate", "{evaluation}")
        wildcard_constraints:
            evaluation="|".join(EXPERIMENT.evaluations),
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(4000),
            runtime=growing(60),
        params:
            code=digest_of_job(jobs.evaluation_modules),
            settings=asked_of_job(jobs.evaluation),
        message:
            "Evaluating: {wildcards.evaluation}"
        shell:
            "python -m contrage evaluate --settings {params.settings:q} --log {log:q}"
            " --table {output.table:q} --predictions {input.predictions:q}"
            " --features {input.features:q} --metrics {input.metrics:q}"
            " --models {input.models:q}"
            " --logits {input.logits:q} --snapshots {input.snapshots:q}"
            " --attributions {input.attributions:q}"
            " --baselines {input.baselines:q}"
            " --splits {input.splits:q} --truth {input.truth:q}"
            " --scans {input.scans:q} --array {input.array:q}"
