"""The probe's penalty, chosen on people unseen by an encoder: a second training per row, seed and fold."""


rule unseen_split:
    input:
        scans=of_job(jobs.scans_of_ages),
        array=f"{ARRAY}.npy",
        split=rules.split.output.split,
        code=code("contrage.dataset.inner_split"),
    output:
        scans=RESULTS.unseen_scans,
        split=RESULTS.unseen_split,
    log:
        RESULTS.log("unseen_split", "{ages}_seed-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("unseen_split", "{ages}_seed-{seed}_fold-{fold}")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=digest("contrage.dataset.inner_split"),
        settings=asked_of_job(dataset_settings.unseen_split),
    message:
        "Splitting the training scans for the penalty, seed {wildcards.seed}, fold {wildcards.fold}"
    shell:
        "python -m contrage inner-split --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --array {input.array:q} --split {input.split:q}"
        " --fold {wildcards.fold} --inner-scans {output.scans:q} --output {output.split:q}"


use rule train as unseen_train with:
    input:
        array=f"{ARRAY}.npy",
        scans=of_job(jobs.unseen_scans),
        split=of_job(jobs.unseen_split),
        start=of_job(jobs.start_of_training),
        start_scans=[],  # compared by the training on the whole part
        start_split=[],
        best=of_job(jobs.best_of_search),
        code=code_of_job(jobs.training_modules),
    output:
        # Its weights are not used again: the penalty goes with those of all training scans.
        model=temp(RESULTS.unseen_model),
        curve=RESULTS.unseen_curve,
        features=RESULTS.unseen_features,
    log:
        RESULTS.log("unseen_train", "{row}/seed-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("unseen_train", "{row}/seed-{seed}_fold-{fold}")
    params:
        code=digest_of_job(jobs.training_modules),
        start=start_found,
        settings=asked_of_job(jobs.unseen),
        resume=RESULTS.unseen_resume,
        snapshots="",
    message:
        "Training {wildcards.row} for its penalty, seed {wildcards.seed}, fold {wildcards.fold}"
