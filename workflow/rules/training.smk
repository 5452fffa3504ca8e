"""One training per row, seed and fold, with the features of its encoder."""

SNAPSHOTS = expand(
    RESULTS.snapshot, epoch=EXPERIMENT.watched_epochs, allow_missing=True
)
PROCESSES = config["training"]["gpus_per_job"]


rule feasible:
    input:
        start=beforehand.plain_start(config),
        code=code(*jobs.modules_of_feasible(EXPERIMENT)),
    output:
        record=RESULTS.feasible,
    log:
        RESULTS.log("feasible"),
    benchmark:
        RESULTS.benchmark("feasible")
    priority: 100
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
        gpu=1 if config["training"]["device"] == "cuda" else 0,
    params:
        code=digest(*jobs.modules_of_feasible(EXPERIMENT)),
        start=start_found,
        settings=as_json(jobs.feasible(EXPERIMENT)),
    message:
        "Asking whether trainings can run"
    shell:
        "python -m contrage feasible --settings {params.settings:q} --log {log:q}"
        " --output {output.record:q}"


rule train:
    input:
        array=f"{ARRAY}.npy",
        scans=of_job(jobs.scans_of_training),
        split=rules.split.output.split,
        best=of_job(jobs.best_of_search),
        start=of_job(jobs.start_of_training),
        code=code_of_job(jobs.training_modules),
    output:
        model=RESULTS.model,
        curve=RESULTS.curve,
        features=RESULTS.features,
    log:
        RESULTS.log("train", "{row}/seed-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("train", "{row}/seed-{seed}_fold-{fold}")
    conda:
        "../../envs/learning.yaml"
    threads: config["training"]["threads"] * PROCESSES
    resources:
        mem_mb=growing(4000 * PROCESSES),
        runtime=growing(720),
        gpu=0 if config["training"]["device"] == "cpu" else PROCESSES,
    params:
        code=digest_of_job(jobs.training_modules),
        start=start_found,
        settings=asked_of_job(jobs.training),
        resume=RESULTS.resume,
        snapshots="",
    message:
        f"{STAGE}Training {{wildcards.row}}, seed {{wildcards.seed}}, fold {{wildcards.fold}}"
    shell:
        "python -m contrage train --settings {params.settings:q} --log {log:q}"
        " --array {input.array:q} --scans {input.scans:q} --split {input.split:q}"
        " --fold {wildcards.fold} --model {output.model:q} --curve {output.curve:q}"
        " --features {output.features:q} --resume {params.resume:q}"
        " --start-from {input.start:q} --best {input.best:q} {params.snapshots}"


if SNAPSHOTS:

    use rule train as train_watched with:
        output:
            model=RESULTS.model,
            curve=RESULTS.curve,
            features=RESULTS.features,
            snapshots=SNAPSHOTS,
        wildcard_constraints:
            row="|".join(EXPERIMENT.watched_rows),
            seed=str(SEEDS[0]),
            fold="0",
        params:
            code=digest_of_job(jobs.training_modules),
            start=start_found,
            settings=asked_of_job(jobs.training),
            resume=RESULTS.resume,
            snapshots=lambda wildcards, output: f"--snapshots {output.snapshots}",

    ruleorder: train_watched > train
