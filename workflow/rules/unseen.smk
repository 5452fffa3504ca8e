"""The probe's penalty, chosen on people unseen by an encoder: a second training per row, seed and fold."""


rule unseen_split:
    input:
        scans=scans_of_ages,
        array=f"{ARRAY}.npy",
        split=rules.split.output.split,
        code=code("contrage.dataset.inner_split"),
    output:
        scans=f"{UNSEEN_PART}.tsv",
        split=f"{UNSEEN_PART}.json",
    log:
        f"{RESULTS}/logs/unseen_split/{{ages}}_seed-{{seed}}_fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/unseen_split/{{ages}}_seed-{{seed}}_fold-{{fold}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=digest("contrage.dataset.inner_split"),
        settings=lambda wildcards: as_json(
            purpose="unseen",
            fraction=config["probe"]["unseen"]["fraction"],
            seed=int(wildcards.seed),
            form=FORM,
            normalisation=config["dataset"]["normalisation"],
            field_of_view=config["dataset"]["field_of_view"],
            batch_size=config["training"]["batch_size"],
        ),
    message:
        "Splitting the training scans for the penalty, seed {wildcards.seed}, fold {wildcards.fold}"
    shell:
        "python -m contrage inner-split --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --array {input.array:q} --split {input.split:q}"
        " --fold {wildcards.fold} --inner-scans {output.scans:q} --output {output.split:q}"


use rule train as unseen_train with:
    input:
        array=f"{ARRAY}.npy",
        scans=lambda wildcards: f"{unseen_part(wildcards)}.tsv",
        split=lambda wildcards: f"{unseen_part(wildcards)}.json",
        start=start_of_training,
        best=best_settings,
        code=training_code,
    output:
        # Its weights are not used again: the penalty goes with those of all training scans.
        model=temp(f"{UNSEEN}/model.pt"),
        curve=f"{UNSEEN}/curve.tsv",
        features=f"{UNSEEN}/features.npz",
    log:
        f"{RESULTS}/logs/unseen_train/{{row}}/seed-{{seed}}_fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/unseen_train/{{row}}/seed-{{seed}}_fold-{{fold}}.tsv"
    params:
        code=training_digest,
        start=start_found,
        settings=unseen_settings,
        resume=f"{UNSEEN}/resume.pt",
        snapshots="",
    message:
        "Training {wildcards.row} for its penalty, seed {wildcards.seed}, fold {wildcards.fold}"
