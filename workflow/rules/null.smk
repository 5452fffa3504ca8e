"""What a row that learns permuted ages reads: the bar of chance, trained and probed like the rest."""

if NULL_ROWS:

    rule null_ages:
        input:
            scans=rules.select.output.selected,
            split=rules.split.output.split,
            code=code("contrage.dataset.null_ages"),
        output:
            scans=RESULTS.null_ages,
        log:
            RESULTS.log("null_ages", "seed-{seed}_fold-{fold}"),
        benchmark:
            RESULTS.benchmark("null_ages", "seed-{seed}_fold-{fold}")
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(500),
            runtime=growing(10),
        params:
            code=digest("contrage.dataset.null_ages"),
            settings=lambda wildcards: as_json(
                seed=int(wildcards.seed), target=EXPERIMENT.target.learned
            ),
        message:
            "Permuting the training targets for the null, seed {wildcards.seed}, fold {wildcards.fold}"
        shell:
            "python -m contrage null-ages --settings {params.settings:q} --log {log:q}"
            " --scans {input.scans:q} --split {input.split:q} --fold {wildcards.fold}"
            " --output {output.scans:q}"
