"""Random search of loss settings, inside the training split: a job per draw, then the best."""

DRAWS = range(config["search"]["draws"])


use rule feasible as search_feasible with:
    input:
        code=code_of_job(jobs.feasible_modules),
    output:
        record=RESULTS.draw_feasible,
    log:
        RESULTS.log("search_feasible", "{row}"),
    benchmark:
        RESULTS.benchmark("search_feasible", "{row}")
    params:
        code=digest_of_job(jobs.feasible_modules),
        settings=asked_of_job(jobs.feasible_draws),
    message:
        "Asking whether all draws of {wildcards.row} can run"


rule search_split:
    input:
        scans=rules.select.output.selected,
        array=f"{ARRAY}.npy",
        split=rules.split.output.split,
        code=code("contrage.dataset.inner_split"),
    output:
        scans=RESULTS.inner_scans,
        split=RESULTS.inner_split,
    log:
        RESULTS.log("search_split", "split-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("search_split", "split-{seed}_fold-{fold}")
    group:
        "search_split"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=digest("contrage.dataset.inner_split"),
        settings=as_json(dataset_settings.search_split(EXPERIMENT)),
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
        start=of_job(jobs.start_of_training),
        start_scans=[],  # compared by the training on the whole part
        start_split=[],
        best=[],
        code=code_of_job(jobs.training_modules),
    output:
        # The weights of a draw are not used again, and those of 30 would fill a disk.
        model=temp(RESULTS.draw_model),
        curve=RESULTS.draw_curve,
        features=RESULTS.draw_features,
    log:
        RESULTS.log("search_train", "{row}/split-{seed}_fold-{fold}_draw-{draw}"),
    benchmark:
        RESULTS.benchmark("search_train", "{row}/split-{seed}_fold-{fold}_draw-{draw}")
    params:
        code=digest_of_job(jobs.training_modules),
        start=start_found,
        settings=asked_of_job(jobs.draw),
        resume=RESULTS.draw_resume,
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
        predictions=expand(RESULTS.draw_predictions, draw=DRAWS, allow_missing=True),
        metrics=expand(RESULTS.draw_metrics, draw=DRAWS, allow_missing=True),
        coefficients=expand(RESULTS.draw_coefficients, draw=DRAWS, allow_missing=True),
    log:
        RESULTS.log("search_probe", "{row}/split-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("search_probe", "{row}/split-{seed}_fold-{fold}")
    resources:
        mem_mb=growing(2000),
        runtime=growing(30 + 5 * len(DRAWS)),
    params:
        code=digest("contrage.evaluation.probe"),
        settings=asked_of_job(jobs.probe_of_draws),
    message:
        "Scoring the draws of {wildcards.row}, split {wildcards.seed}, fold {wildcards.fold}"


rule search_best:
    input:
        metrics=rules.search_probe.output.metrics,
        # Comes first by its priority. No input of a draw: more draws would repeat all of them.
        feasible=rules.search_feasible.output.record,
        code=code("contrage.evaluation.choose"),
    output:
        best=RESULTS.best,
    log:
        RESULTS.log("search_best", "{row}/split-{seed}_fold-{fold}"),
    benchmark:
        RESULTS.benchmark("search_best", "{row}/split-{seed}_fold-{fold}")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(10),
    params:
        code=digest("contrage.evaluation.choose"),
        settings=asked_of_job(jobs.choice),
    message:
        "Choosing settings of {wildcards.row}, split {wildcards.seed}, fold {wildcards.fold}"
    shell:
        "python -m contrage choose --settings {params.settings:q} --log {log:q}"
        " --metrics {input.metrics:q} --output {output.best:q}"


rule search_table:
    input:
        best=expand(RESULTS.best, row=SEARCHED_ROWS, seed=SEARCHED_SEEDS, fold=FOLDS),
        code=code("contrage.evaluation.choose"),
    output:
        table=report(
            RESULTS.table("search"),
            caption="../report/search_table.rst",
            category="Tables",
        ),
    log:
        RESULTS.log("search_table"),
    benchmark:
        RESULTS.benchmark("search_table")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(10),
    params:
        code=digest("contrage.evaluation.choose"),
        settings=asked_of_job(jobs.search_table),
    message:
        "Writing the table of the search"
    shell:
        "python -m contrage search-table --settings {params.settings:q} --log {log:q}"
        " --best {input.best:q} --output {output.table:q}"
