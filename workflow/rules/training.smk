"""One training per row, seed and fold, with the features of its encoder."""

TRAINING = f"{RESULTS}/training/{{row}}/seed-{{seed}}/fold-{{fold}}"
FEATURES = f"{RESULTS}/features/{{row}}/seed-{{seed}}/fold-{{fold}}"
SNAPSHOTS = [f"{FEATURES}_epoch-{epoch}.npz" for epoch in WATCHED_EPOCHS]
PROCESSES = config["training"]["gpus_per_job"]


rule feasible:
    input:
        start=plain_start(),
        code=code("contrage.learning.feasible"),
    output:
        record=f"{RESULTS}/training/feasible.json",
    log:
        f"{RESULTS}/logs/feasible.log",
    benchmark:
        f"{RESULTS}/benchmarks/feasible/all.tsv"
    priority: 100
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
        gpu=1 if config["training"]["device"] == "cuda" else 0,
    params:
        code=digest("contrage.learning.feasible"),
        start=start_found,
        settings=as_json(
            device=config["training"]["device"],
            batch_size=config["training"]["batch_size"],
            training_scans=folds.most_training_scans(config, COHORT),
            without_head=rows_without_head(),
            **start_settings(),
            rows=localised_rows(),
            epochs=config["training"]["epochs"],
        ),
    message:
        "Asking whether trainings can run"
    shell:
        "python -m contrage feasible --settings {params.settings:q} --log {log:q}"
        " --output {output.record:q}"


rule train:
    input:
        array=f"{ARRAY}.npy",
        scans=scans_of_training,
        split=rules.split.output.split,
        best=best_settings,
        start=start_of_training,
        code=training_code,
    output:
        model=f"{TRAINING}/model.pt",
        curve=f"{TRAINING}/curve.tsv",
        features=f"{FEATURES}.npz",
    log:
        f"{RESULTS}/logs/train/{{row}}/seed-{{seed}}_fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{row}}/seed-{{seed}}_fold-{{fold}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: config["training"]["threads"] * PROCESSES
    resources:
        mem_mb=growing(4000 * PROCESSES),
        runtime=growing(720),
        gpu=0 if config["training"]["device"] == "cpu" else PROCESSES,
    params:
        code=training_digest,
        start=start_found,
        settings=training_settings,
        resume=f"{TRAINING}/resume.pt",
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
            model=f"{TRAINING}/model.pt",
            curve=f"{TRAINING}/curve.tsv",
            features=f"{FEATURES}.npz",
            snapshots=SNAPSHOTS,
        wildcard_constraints:
            row="|".join(WATCHED_ROWS),
            seed=str(SEEDS[0]),
            fold="0",
        params:
            code=training_digest,
            start=start_found,
            settings=training_settings,
            resume=f"{TRAINING}/resume.pt",
            snapshots=lambda wildcards, output: f"--snapshots {output.snapshots}",

    ruleorder: train_watched > train
