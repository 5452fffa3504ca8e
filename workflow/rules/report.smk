"""Tables, figures and the page."""

from contrage.plan import report as reports
from contrage.plan import saliency as looks
from snakemake.io import strip_wildcard_constraints

MAPS_OF_ALL = [RESULTS.maps] if HAS_SCANS else []
MEASURED = reports.runtimes(
    EXPERIMENT,
    {"results": str(RESULTS), "derivatives": str(DERIVATIVES)},
    [
        strip_wildcard_constraints(str(each.benchmark))
        for each in workflow.rules
        if each.benchmark
    ],
)


rule tables:
    input:
        predictions=expand(rules.probe.output.predictions, row=ALL_ROWS),
        metrics=expand(rules.probe.output.metrics, row=ALL_ROWS),
        baselines=expand(rules.baselines.output.predictions, seed=SEEDS),
        scans=rules.select.output.selected,
        excluded=rules.select.output.left_out,
        # Comes first by its priority. As an input of trainings it would hide what changed for them.
        feasible=rules.feasible.output.record,
        code=code("contrage.report.tables"),
    output:
        mae=report(
            RESULTS.table(EXPERIMENT.measure),
            caption=f"../report/{EXPERIMENT.measure}_table.rst",
            category="Tables",
        ),
        norms=RESULTS.table("norms"),
        baselines=RESULTS.table("baselines"),
        alphas=RESULTS.table("alphas"),
        cohort=RESULTS.table("cohort"),
        excluded=RESULTS.table("excluded"),
    log:
        RESULTS.log("tables"),
    benchmark:
        RESULTS.benchmark("tables")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.tables"),
        settings=as_json(reports.tables(EXPERIMENT)),
    message:
        "Writing the tables"
    shell:
        "python -m contrage tables --settings {params.settings:q} --log {log:q}"
        " --predictions {input.predictions:q} --metrics {input.metrics:q}"
        " --of-baselines {input.baselines:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --mae {output.mae:q} --norms {output.norms:q} --baselines {output.baselines:q}"
        " --alphas {output.alphas:q}"
        " --cohort {output.cohort:q} --excluded-table {output.excluded:q}"


# Benchmarks are no inputs: without them, whoever cleared them away would train everything again.
rule runtimes:
    input:
        scans=DERIVATIVES.scans,
        last=rules.tables.output.mae,
        code=code("contrage.report.runtimes"),
    output:
        table=RESULTS.table("runtimes"),
    log:
        RESULTS.log("runtimes"),
    benchmark:
        RESULTS.benchmark("runtimes")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.runtimes"),
        settings=lambda wildcards: as_json(MEASURED),
        results=results_folder,
        derivatives=folder_of_table,
    message:
        "Adding up what the jobs took"
    shell:
        "python -m contrage runtimes --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --results {params.results:q}"
        " --derivatives {params.derivatives:q} --table {output.table:q}"


if HAS_SCANS:

    rule maps:
        input:
            scans=rules.select.output.selected,
            array=f"{ARRAY}.npy",
            attributions=expand(RESULTS.attributions, row=looks.explained(EXPERIMENT)),
            template=files_of_template(),
            code=code("contrage.report.maps", COHORT.kind_module),
        output:
            folder=directory(RESULTS.maps),
        log:
            RESULTS.log("maps"),
        benchmark:
            RESULTS.benchmark("maps")
        conda:
            "../../envs/learning.yaml"
        threads: 1
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
        params:
            code=digest("contrage.report.maps", COHORT.kind_module),
            settings=as_json(reports.maps(EXPERIMENT, COHORT.template.settings())),
        message:
            "Adding up the images of all people"
        shell:
            "python -m contrage maps --settings {params.settings:q} --log {log:q}"
            " --scans {input.scans:q} --array {input.array:q}"
            " --attributions {input.attributions:q} --output {output.folder:q}"


rule figures:
    input:
        predictions=rules.tables.input.predictions,
        snapshots=expand(SNAPSHOTS, row=EXPERIMENT.watched_rows, seed=SEEDS[0], fold=0),
        curves=expand(rules.train.output.curve, row=ALL_ROWS, seed=SEEDS, fold=FOLDS),
        tables=TABLES,
        attributions=expand(RESULTS.attributions, row=looks.explained(EXPERIMENT)),
        maps=MAPS_OF_ALL,
        scans=rules.select.output.selected,
        # A few are drawn, and the step says which: scans come out of the table above.
        images=images_drawn,
        records=per_scan(DERIVATIVES.quality) if IS_PHANTOM else [],
        code=code("contrage.report.figures", COHORT.kind_module),
    output:
        folder=report(
            directory(RESULTS.figures),
            patterns=["{figure}.png"],
            caption="../report/figure.rst",
            category="Figures",
        ),
    log:
        RESULTS.log("figures"),
    benchmark:
        RESULTS.benchmark("figures")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.figures", COHORT.kind_module),
        settings=as_json(reports.figures(EXPERIMENT)),
        curves=pattern_of_curves,
        derivatives=folder_of_derivatives,
    message:
        "Drawing the figures"
    shell:
        "python -m contrage figures --settings {params.settings:q} --log {log:q}"
        " --predictions {input.predictions:q} --curves {params.curves:q}"
        " --snapshots {input.snapshots:q} --tables {input.tables:q} --scans {input.scans:q}"
        " --attributions {input.attributions:q} --maps {input.maps:q}"
        " --derivatives {params.derivatives:q} --output {output.folder:q}"


rule page:
    input:
        tables=TABLES,
        figures=rules.figures.output.folder,
        maps=MAPS_OF_ALL,
        metrics=expand(rules.probe.output.metrics, row=ROWS),
        predictions=expand(RESULTS.predictions, row=ROWS, seed=SEEDS[0]),
        curves=expand(rules.train.output.curve, row=ROWS, seed=SEEDS, fold=FOLDS),
        scans=rules.select.output.selected,
        columns=f"{ARRAY}_columns.tsv" if IS_TABLE else [],
        pretraining=beforehand.results(config),
        choices=DERIVATIVES.choices if HAS_SCANS else [],
        notes=DERIVATIVES.notes,
        sidecar=f"{ARRAY}.json" if IS_ARRAYS else [],
        feasible=jobs.feasible_records(EXPERIMENT),
        splits=expand(rules.split.output.split, seed=SEEDS),
        # What it writes down of all that the tables were made of.
        written_down=files_written_down,
        code=code("contrage.report.page", *COHORT.kind_modules),
        look=look("*.html", "*.css", "*.js"),
        niivue=look("niivue/*.js", folder="resources") if HAS_SCANS else [],
    output:
        page=report(RESULTS.page, caption="../report/page.rst", category="Report"),
        record=RESULTS.provenance,
    log:
        RESULTS.log("page"),
    benchmark:
        RESULTS.benchmark("page")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.page", *COHORT.kind_modules),
        settings=settings_of_page,
        curves=pattern_of_curves,
    message:
        "Writing the page"
    shell:
        "printf %s {params.settings:q} |"
        " python -m contrage page --settings /dev/stdin --log {log:q}"
        " --tables {input.tables:q} --figures {input.figures:q} --scans {input.scans:q}"
        " --predictions {input.predictions:q} --metrics {input.metrics:q}"
        " --curves {params.curves:q}"
        " --output {output.page:q} --record {output.record:q} --columns {input.columns:q}"
        " --pretraining {input.pretraining:q} --choices {input.choices:q}"
        " --feasible {input.feasible:q} --notes {input.notes:q}"
        " --splits {input.splits:q} --sidecar {input.sidecar:q} --maps {input.maps:q}"
