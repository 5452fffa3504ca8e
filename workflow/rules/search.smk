"""Random search of loss settings, inside the training split: a job per draw, then the best."""


use rule feasible as search_feasible with:
    input:
        code=feasible_code,
    output:
        record=f"{RESULTS}/search/{{row}}/feasible.json",
    log:
        f"{RESULTS}/logs/search_feasible/{{row}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_feasible/{{row}}.tsv"
    params:
        code=feasible_digest,
        settings=feasible_draws,
    message:
        "Asking whether all draws of {wildcards.row} can run"


rule search_split:
    input:
        scans=rules.select.output.selected,
        array=f"{ARRAY}.npy",
        split=rules.split.output.split,
        code=code("contrage.dataset.inner_split"),
    output:
        scans=f"{INNER}.tsv",
        split=f"{INNER}.json",
    log:
        f"{RESULTS}/logs/search_split/split-{{seed}}_fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_split/split-{{seed}}_fold-{{fold}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=digest("contrage.dataset.inner_split"),
        settings=as_json(
            purpose="search",
            fraction=config["search"]["validation_fraction"],
            seed=config["search"]["seed"],
            form=FORM,
            normalisation=config["dataset"]["normalisation"],
            field_of_view=config["dataset"]["field_of_view"],
            batch_size=config["training"]["batch_size"],
        ),
    message:
        "Splitting the training scans for the search, split {wildcards.seed}, fold {wildcards.fold}"
    shell:
        "python -m contrage inner-split --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --array {input.array:q} --split {input.split:q}"
        " --fold {wildcards.fold} --inner-scans {output.scans:q} --output {output.split:q}"


use rule train as search_train with:
    input:
        array=f"{ARRAY}.npy",
        scans=rules.search_split.output.scans,
        split=rules.search_split.output.split,
        start=start_of_training,
        best=[],
        code=training_code,
    output:
        # The weights of a draw are not used again, and those of 30 would fill a disk.
        model=temp(f"{DRAW}/model.pt"),
        curve=f"{DRAW}/curve.tsv",
        features=f"{DRAW}/features.npz",
    log:
        f"{RESULTS}/logs/search_train/{{row}}/split-{{seed}}_fold-{{fold}}_draw-{{draw}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_train/{{row}}/split-{{seed}}_fold-{{fold}}_draw-{{draw}}.tsv"
    params:
        code=training_digest,
        start=start_found,
        settings=draw_settings,
        resume=f"{DRAW}/resume.pt",
        snapshots="",
    message:
        "Training draw {wildcards.draw} of {wildcards.row}, split {wildcards.seed}, fold {wildcards.fold}"


use rule probe as search_probe with:
    input:
        features=expand(
            rules.search_train.output.features, draw=DRAWS, allow_missing=True
        ),
        scans=rules.search_split.output.scans,
        splits=rules.search_split.output.split,
        unseen=[],
        unseen_splits=[],
        code=code("contrage.evaluation.probe"),
    output:
        predictions=expand(f"{DRAW}/predictions.tsv", draw=DRAWS, allow_missing=True),
        metrics=expand(f"{DRAW}/metrics.json", draw=DRAWS, allow_missing=True),
    log:
        f"{RESULTS}/logs/search_probe/{{row}}/split-{{seed}}_fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_probe/{{row}}/split-{{seed}}_fold-{{fold}}.tsv"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30 + 5 * len(DRAWS)),
    params:
        code=digest("contrage.evaluation.probe"),
        settings=lambda wildcards: as_json(
            row=wildcards.row,
            seeds=[int(wildcards.seed)] * len(DRAWS),
            probe={
                **config["probe"],
                "alpha": "training",
            },  # people unseen judge the draw already
        ),
    message:
        "Scoring the draws of {wildcards.row}, split {wildcards.seed}, fold {wildcards.fold}"


rule search_best:
    input:
        metrics=rules.search_probe.output.metrics,
        # Comes first by its priority. No input of a draw: more draws would repeat all of them.
        feasible=rules.search_feasible.output.record,
        code=code("contrage.evaluation.choose"),
    output:
        best=BEST,
    log:
        f"{RESULTS}/logs/search_best/{{row}}/split-{{seed}}_fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_best/{{row}}/split-{{seed}}_fold-{{fold}}.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(10),
    params:
        code=digest("contrage.evaluation.choose"),
        settings=choice_settings,
    message:
        "Choosing settings of {wildcards.row}, split {wildcards.seed}, fold {wildcards.fold}"
    shell:
        "python -m contrage choose --settings {params.settings:q} --log {log:q}"
        " --metrics {input.metrics:q} --output {output.best:q}"


rule search_table:
    input:
        best=expand(BEST, row=SEARCHED_ROWS, seed=SEARCHED_SEEDS, fold=FOLDS),
        code=code("contrage.evaluation.choose"),
    output:
        table=report(
            f"{RESULTS}/tables/search.tsv",
            caption="../report/search_table.rst",
            category="Tables",
        ),
    log:
        f"{RESULTS}/logs/search_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_table/all.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(10),
    params:
        code=digest("contrage.evaluation.choose"),
        settings=as_json(),
    message:
        "Writing the table of the search"
    shell:
        "python -m contrage search-table --settings {params.settings:q} --log {log:q}"
        " --best {input.best:q} --output {output.table:q}"
