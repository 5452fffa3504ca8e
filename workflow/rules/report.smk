"""Tables, figures and the page."""

BENCHMARKS = planned_benchmarks()


rule tables:
    input:
        predictions=expand(rules.probe.output.predictions, row=ALL_ROWS),
        metrics=expand(rules.probe.output.metrics, row=ALL_ROWS),
        baselines=expand(rules.baselines.output.predictions, seed=SEEDS),
        scans=rules.select.output.selected,
        excluded=rules.select.output.left_out,
        of_cohort=rules.cohort.output.scans,
        # Comes first by its priority. As an input of trainings it would hide what changed for them.
        feasible=rules.feasible.output.record,
        code=code("contrage.report.tables"),
    output:
        mae=report(
            f"{RESULTS}/tables/mae.tsv",
            caption="../report/mae_table.rst",
            category="Tables",
        ),
        norms=f"{RESULTS}/tables/norms.tsv",
        baselines=f"{RESULTS}/tables/baselines.tsv",
        alphas=f"{RESULTS}/tables/alphas.tsv",
        cohort=f"{RESULTS}/tables/cohort.tsv",
        excluded=f"{RESULTS}/tables/excluded.tsv",
        runtimes=f"{RESULTS}/tables/runtimes.tsv",
    log:
        f"{RESULTS}/logs/tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/all.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.tables"),
        settings=lambda wildcards: as_json(
            target=config["target"],
            rows=ROWS,
            norm_rows=experiment.norm_rows(config),
            null_rows=list(NULL_ROWS),
            seeds=SEEDS,
            statistics=config["statistics"],
            benchmarks=BENCHMARKS,
        ),
        results=results_folder,
        derivatives=folder_of_derivatives,
    message:
        "Writing the tables"
    shell:
        "python -m contrage tables --settings {params.settings:q} --log {log:q}"
        " --results {params.results:q} --derivatives {params.derivatives:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --cohort-scans {input.of_cohort:q}"
        " --mae {output.mae:q} --norms {output.norms:q} --baselines {output.baselines:q}"
        " --alphas {output.alphas:q}"
        " --cohort {output.cohort:q} --excluded-table {output.excluded:q}"
        " --runtimes {output.runtimes:q}"


rule figures:
    input:
        predictions=rules.tables.input.predictions,
        features=expand(SNAPSHOTS, row=WATCHED_ROWS, seed=SEEDS[0], fold=0),
        curves=expand(rules.train.output.curve, row=ALL_ROWS, seed=SEEDS, fold=FOLDS),
        tables=TABLES,
        scans=rules.select.output.selected,
        # For the few images that are drawn: the sidecar has the SHA-256 of every one that is learned
        # from, the table above what was measured of mask and anatomical image, by the same job.
        images=f"{ARRAY}.json" if HAS_SCANS else [],
        records=per_scan(rules.quality.output.record) if IS_PHANTOM else [],
        code=code("contrage.report.figures"),
    output:
        folder=report(
            directory(f"{RESULTS}/figures"),
            patterns=["{figure}.png"],
            caption="../report/figure.rst",
            category="Figures",
        ),
    log:
        f"{RESULTS}/logs/figures.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/all.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.figures"),
        settings=as_json(
            target=config["target"],
            rows=ROWS,
            norm_rows=experiment.norm_rows(config),
            seeds=SEEDS,
            folds=FOLDS,
            embedding={"rows": WATCHED_ROWS, "epochs": WATCHED_EPOCHS},
            quality=config["preprocessing"]["quality"],
            image=IMAGE,
            grid_mm=GRID_MM,
            truth=IS_PHANTOM,
            search={row: config["search"]["rows"][row] for row in SEARCHED_ROWS},
        ),
        results=results_folder,
        derivatives=folder_of_derivatives,
    message:
        "Drawing the figures"
    shell:
        "python -m contrage figures --settings {params.settings:q} --log {log:q}"
        " --results {params.results:q} --scans {input.scans:q}"
        " --derivatives {params.derivatives:q} --output {output.folder:q}"


rule page:
    input:
        tables=TABLES,
        figures=rules.figures.output.folder,
        metrics=expand(rules.probe.output.metrics, row=ROWS),
        predictions=expand(PREDICTIONS, row=ROWS, seed=SEEDS[0]),
        curves=expand(rules.train.output.curve, row=ROWS, seed=SEEDS, fold=FOLDS),
        scans=rules.select.output.selected,
        columns=f"{ARRAY}_columns.tsv" if IS_TABLE else [],
        pretraining=pretraining_results(),
        choices=rules.cohort.output.choices if HAS_SCANS else [],
        notes=rules.cohort.output.notes,
        feasible=feasible_records(),
        splits=expand(rules.split.output.split, seed=SEEDS),
        code=code("contrage.report.page"),
        look=page_files(),
    output:
        page=report(
            f"{RESULTS}/report.html", caption="../report/page.rst", category="Report"
        ),
    log:
        f"{RESULTS}/logs/page.log",
    benchmark:
        f"{RESULTS}/benchmarks/page/all.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.page"),
        settings=as_json(
            experiment=config["experiment"],
            description=config["description"],
            config=config,
            rows=ROWS,
            seeds=SEEDS,
            folds=FOLDS,
            start=beforehand.describe(config),
        ),
        tables=lambda wildcards, input: os.path.dirname(input.tables[0]),
        pretraining=pretraining_folder,
        results=results_folder,
    message:
        "Writing the page"
    shell:
        "python -m contrage page --settings {params.settings:q} --log {log:q}"
        " --tables {params.tables:q} --figures {input.figures:q} --results {params.results:q}"
        " --output {output.page:q} --columns {input.columns:q}"
        " --pretraining {params.pretraining:q} --choices {input.choices:q}"
        " --feasible {input.feasible:q} --notes {input.notes:q}"
        " --splits {input.splits:q}"
