"""What became of all scans of a cohort: those that failed are named, and a page shows every one."""


# Preprocessing writes down which scans failed; this names them all, where they may not fail.
rule usable:
    input:
        scans=rules.screen.output.passed,
        records=per_scan(rules.quality.output.record),
        code=code("contrage.imaging.usable"),
    output:
        table=f"{DERIVATIVES}/came_through.tsv",
    log:
        f"{DERIVATIVES}/logs/usable.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/usable/all.tsv"
    retries: 0  # a second look finds the same scans
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.imaging.usable"),
        settings=as_json(on_bad_scan=config["cohort"]["on_bad_scan"]),
        derivatives=folder_of_table,
    message:
        "Naming the scans that failed in preprocessing"
    shell:
        "python -m contrage usable --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --derivatives {params.derivatives:q} --table {output.table:q}"


rule quality_page:
    input:
        scans=rules.cohort.output.scans,
        excluded=rules.cohort.output.excluded,
        records=per_scan(rules.quality.output.record),
        pictures=per_scan(rules.quality.output.picture),
        exclude=config["cohort"]["exclude"] or [],
        code=code("contrage.report.quality.page"),
        look=look(
            "quality/*.css", "quality/*.html", "quality/*.js", "head.html", "style.css"
        ),
    output:
        page=f"{DERIVATIVES}/quality.html",
        table=f"{DERIVATIVES}/quality.tsv",
    log:
        f"{DERIVATIVES}/logs/quality_page.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/quality_page/all.tsv"
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.quality.page"),
        settings=as_json(
            cohort=config["cohort"]["name"],
            limits=config["preprocessing"]["quality"],
            exclude=config["cohort"]["exclude"],
        ),
        exclude=list_of_reader,
        derivatives=folder_of_table,
    message:
        "Writing the quality page"
    shell:
        "python -m contrage quality-page --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --derivatives {params.derivatives:q} --exclude {input.exclude:q}"
        " --page {output.page:q} --table {output.table:q}"


rule preprocessed:
    input:
        usable=rules.usable.output.table,
        records=per_scan(rules.quality.output.record),
        page=rules.quality_page.output.page,
        description=f"{DERIVATIVES}/dataset_description.json",
    localrule: True
    message:
        f"All scans are preprocessed; look at {DERIVATIVES}/quality.html; methods.md says how it was done"
