"""What became of all scans of a cohort: those that failed are named, and a page shows every one."""

from contrage.plan import report as reports


# Preprocessing writes down which scans failed; this names them all, where they may not fail.
rule usable:
    input:
        scans=rules.screen.output.passed,
        records=per_scan(rules.quality.output.record),
        code=code("contrage.imaging.usable"),
    output:
        table=DERIVATIVES.usable,
    log:
        DERIVATIVES.log("usable"),
    benchmark:
        DERIVATIVES.benchmark("usable")
    retries: 0  # a second look finds the same scans
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.imaging.usable"),
        settings=as_json(imaging_plan.usable_settings(config)),
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
        # They have a digest of each scan's records and stand for these and the pictures.
        passed=rules.screen.output.passed,
        usable=rules.usable.output.table,
        exclude=config["cohort"]["exclude"] or [],
        same_person=f"{ARRAY}_same_person.tsv",
        compared=f"{ARRAY}_same_person.json",
        code=code("contrage.report.quality.page"),
        look=look(
            "quality/*.css",
            "quality/*.html",
            "quality/*.js",
            "head.html",
            "style.css",
            "brains.css",
            "brains.js",
        ),
        niivue=look("niivue/*.js", folder="resources"),
        template=files_of_template(),
    output:
        page=DERIVATIVES.quality_page,
        table=DERIVATIVES.quality_table,
        numbers=DERIVATIVES.quality_numbers,
    log:
        DERIVATIVES.log("quality_page"),
    benchmark:
        DERIVATIVES.benchmark("quality_page")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.report.quality.page"),
        settings=as_json(
            reports.quality_page(config, IMAGES_SHOWN, COHORT.template.settings())
        ),
        exclude=list_of_reader,
        derivatives=folder_of_table,
    message:
        "Writing the quality page"
    shell:
        "python -m contrage quality-page --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --excluded {input.excluded:q}"
        " --derivatives {params.derivatives:q} --exclude {input.exclude:q}"
        " --same-person {input.same_person:q} --compared {input.compared:q}"
        " --page {output.page:q} --table {output.table:q} --numbers {output.numbers:q}"


rule preprocessed:
    input:
        usable=rules.usable.output.table,
        page=rules.quality_page.output.page,
        description=DERIVATIVES.description,
    localrule: True
    message:
        f"All scans are preprocessed; look at {DERIVATIVES}/quality.html; methods.md says how it was done"
