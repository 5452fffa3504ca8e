"""Tables, figures and the page."""


rule tables:
    input:
        predictions=expand(rules.probe.output.predictions, row=ALL_ROWS, seed=SEEDS),
        baselines=expand(rules.baselines.output.predictions, seed=SEEDS),
        scans=rules.select.output.selected,
        excluded=rules.select.output.left_out,
        code=code("contrage.report.tables"),
    output:
        mae=report(
            f"{RESULTS}/tables/mae.tsv", caption="../report/mae_table.rst", category="Tables"
        ),
        norms=f"{RESULTS}/tables/norms.tsv",
        baselines=f"{RESULTS}/tables/baselines.tsv",
        cohort=f"{RESULTS}/tables/cohort.tsv",
        excluded=f"{RESULTS}/tables/excluded.tsv",
        runtimes=f"{RESULTS}/tables/runtimes.tsv",
    params:
        settings=as_json(
            rows=ROWS,
            norm_rows=experiment.norm_rows(config),
            seeds=SEEDS,
            statistics=config["statistics"],
        ),
        results=RESULTS,
        derivatives=DERIVATIVES,
    log:
        f"{RESULTS}/logs/tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/all.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    conda:
        "../../envs/learning.yaml"
    message:
        "Writing the tables"
    shell:
        "python -m contrage tables --settings {params.settings:q} --log {log:q}"
        " --results {params.results:q} --derivatives {params.derivatives:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --mae {output.mae:q} --norms {output.norms:q} --baselines {output.baselines:q}"
        " --cohort {output.cohort:q} --excluded-table {output.excluded:q}"
        " --runtimes {output.runtimes:q}"
