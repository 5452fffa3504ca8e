"""One training per row, seed and fold, with the features of its encoder."""

# Features after some epochs: those that are drawn, those kept of a training that is drawn, of all.
SNAPSHOTS, WATCHED, FOLLOWED = (
    expand(RESULTS.snapshot, epoch=epochs, allow_missing=True)
    for epochs in (
        EXPERIMENT.watched_epochs,
        snapshots.watched(EXPERIMENT),
        snapshots.followed_epochs(config),
    )
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
        gpu=gpu(1 if config["training"]["device"] == "cuda" else 0),
        gres=gres(1 if config["training"]["device"] == "cuda" else 0),
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
        start_scans=of_job(jobs.scans_of_start),
        start_split=of_job(jobs.split_of_start),
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
        mem_mb=growing(of_job(memory.of_training)),
        runtime=growing(720),
        gpu=gpu(PROCESSES, shares=True),
        gres=gres(PROCESSES, shares=True),
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
        " --start-from {input.start:q} --start-scans {input.start_scans:q}"
        " --start-split {input.start_split:q} --best {input.best:q} {params.snapshots}"


if FOLLOWED:

    use rule train as train_followed with:
        output:
            model=RESULTS.model,
            curve=RESULTS.curve,
            features=RESULTS.features,
            snapshots=FOLLOWED,
        wildcard_constraints:
            row="|".join(snapshots.followed_rows(EXPERIMENT)),
        params:
            code=digest_of_job(jobs.training_modules),
            start=start_found,
            settings=asked_of_job(jobs.training),
            resume=RESULTS.resume,
            snapshots=kept_on_the_way,

    ruleorder: train_followed > train


if WATCHED:

    use rule train as train_watched with:
        output:
            model=RESULTS.model,
            curve=RESULTS.curve,
            features=RESULTS.features,
            snapshots=WATCHED,
        wildcard_constraints:
            row="|".join(EXPERIMENT.watched_rows),
            seed=str(SEEDS[0]),
            fold="0",
        params:
            code=digest_of_job(jobs.training_modules),
            start=start_found,
            settings=asked_of_job(jobs.training),
            resume=RESULTS.resume,
            snapshots=kept_on_the_way,

    ruleorder: train_watched > train

    # Of the first training of a followed row the report's epochs are kept as well.
    if FOLLOWED:

        ruleorder: train_watched > train_followed


if LOGGED_ROWS:

    use rule train as train_logged with:
        output:
            model=RESULTS.model,
            curve=RESULTS.curve,
            features=RESULTS.features,
            logits=RESULTS.logits,
        wildcard_constraints:
            row="|".join(LOGGED_ROWS),
        params:
            code=digest_of_job(jobs.training_modules),
            start=start_found,
            settings=asked_of_job(jobs.training),
            resume=RESULTS.resume,
            snapshots=kept_on_the_way,

    ruleorder: train_logged > train

    if FOLLOWED:

        use rule train as train_logged_followed with:
            output:
                model=RESULTS.model,
                curve=RESULTS.curve,
                features=RESULTS.features,
                snapshots=FOLLOWED,
                logits=RESULTS.logits,
            wildcard_constraints:
                row="|".join(
                    set(LOGGED_ROWS) & set(snapshots.followed_rows(EXPERIMENT))
                )
                or "-",
            params:
                code=digest_of_job(jobs.training_modules),
                start=start_found,
                settings=asked_of_job(jobs.training),
                resume=RESULTS.resume,
                snapshots=kept_on_the_way,

        ruleorder: train_logged_followed > train_logged > train_followed > train

    if WATCHED:

        use rule train as train_logged_watched with:
            output:
                model=RESULTS.model,
                curve=RESULTS.curve,
                features=RESULTS.features,
                snapshots=WATCHED,
                logits=RESULTS.logits,
            wildcard_constraints:
                row="|".join(set(LOGGED_ROWS) & set(EXPERIMENT.watched_rows)) or "-",
                seed=str(SEEDS[0]),
                fold="0",
            params:
                code=digest_of_job(jobs.training_modules),
                start=start_found,
                settings=asked_of_job(jobs.training),
                resume=RESULTS.resume,
                snapshots=kept_on_the_way,

        ruleorder: train_logged_watched > train_logged > train_watched > train

    if FOLLOWED and WATCHED:

        ruleorder: train_logged_watched > train_logged_followed > train_watched > train_followed
