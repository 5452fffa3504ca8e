"""Second stages: trainings that start from another row's encoder, and what their heads predict."""


rule train_stage:
    input:
        array=f"{ARRAY}.npy",
        scans=rules.select.output.selected,
        split=rules.split.output.split,
        start=of_job(jobs.start_of_training),
        start_scans=of_job(jobs.scans_of_start),
        start_split=of_job(jobs.split_of_start),
        code=code_of_job(jobs.stage_modules),
    output:
        model=RESULTS.model,
        curve=RESULTS.curve,
        features=RESULTS.features,
        logits=[],
    log:
        RESULTS.log("train_stage", "{row}/seed-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("train_stage", "{row}/seed-{seed}_fold-{fold}")
    wildcard_constraints:
        row="|".join(STAGED_ROWS),
    conda:
        "../../envs/learning.yaml"
    threads: config["training"]["threads"] * PROCESSES
    resources:
        mem_mb=growing(of_job(memory.of_training)),
        runtime=growing(720),
        gpu=gpu(PROCESSES, shares=True),
        gres=gres(PROCESSES, shares=True),
    params:
        code=digest_of_job(jobs.stage_modules),
        settings=asked_of_job(jobs.stage),
        resume=RESULTS.resume,
    message:
        f"{STAGE}Training the stage {{wildcards.row}}, seed {{wildcards.seed}}, fold {{wildcards.fold}}"
    shell:
        "python -m contrage train-stage --settings {params.settings:q} --log {log:q}"
        " --array {input.array:q} --scans {input.scans:q} --split {input.split:q}"
        " --fold {wildcards.fold} --model {output.model:q} --curve {output.curve:q}"
        " --features {output.features:q} --resume {params.resume:q} --start-from {input.start:q}"
        " --start-scans {input.start_scans:q} --start-split {input.start_split:q}"
        " --logits {output.logits:q}"


ruleorder: train_stage > train


if LOGGED_ROWS:

    use rule train_stage as train_stage_logged with:
        output:
            model=RESULTS.model,
            curve=RESULTS.curve,
            features=RESULTS.features,
            logits=RESULTS.logits,
        wildcard_constraints:
            row="|".join(set(LOGGED_ROWS) & set(STAGED_ROWS)) or "-",

    ruleorder: train_stage_logged > train_stage > train_logged > train


if HEAD_ROWS:

    rule head:
        input:
            features=expand(
                RESULTS.features, seed=SEEDS, fold=FOLDS, allow_missing=True
            ),
            scans=rules.select.output.selected,
            splits=expand(rules.split.output.split, seed=SEEDS),
            code=code("contrage.evaluation.head"),
        output:
            predictions=expand(RESULTS.predictions, seed=SEEDS, allow_missing=True),
            metrics=expand(RESULTS.metrics, seed=SEEDS, allow_missing=True),
        log:
            RESULTS.log("head", "{row}"),
        benchmark:
            RESULTS.benchmark("head", "{row}")
        wildcard_constraints:
            row="|".join(HEAD_ROWS),
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(30 * len(SEEDS)),
        params:
            code=digest("contrage.evaluation.head"),
            settings=asked_of_job(jobs.head),
        message:
            f"{STAGE}Predicting with the heads of {{wildcards.row}}"
        shell:
            "python -m contrage head --settings {params.settings:q} --log {log:q}"
            " --features {input.features:q} --scans {input.scans:q} --splits {input.splits:q}"
            " --predictions {output.predictions:q} --metrics {output.metrics:q}"

    ruleorder: head > probe
