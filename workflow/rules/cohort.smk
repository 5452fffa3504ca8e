"""The cohort: made (phantom) or found, and tabled."""

if IS_PHANTOM:

    rule phantom_tables:
        input:
            code=code("contrage.cohort.phantom.heads.tables"),
        output:
            participants=RAW.participants,
            description=RAW.description,
            columns=RAW.columns,
            readme=RAW.readme,
            ignore=RAW.ignore,
        log:
            RAW.log("phantom_tables"),
        benchmark:
            DERIVATIVES.benchmark("phantom_tables")
        conda:
            "../../envs/imaging.yaml"
        threads: 1
        resources:
            mem_mb=growing(500),
            runtime=growing(10),
        params:
            code=digest("contrage.cohort.phantom.heads.tables"),
            settings=as_json(cohort_settings.phantom(config)),
        message:
            "Writing the phantom cohort's table"
        shell:
            "python -m contrage phantom-tables --settings {params.settings:q} --log {log:q}"
            " --participants {output.participants:q} --description {output.description:q}"

    rule phantom:
        output:
            anatomical=RAW.anatomical,
            stiffness=RAW.stiffness,
            brain_mask=RAW.brain_mask,
            bias_field=RAW.bias_field,
            coverage=RAW.coverage,
            transform=RAW.transform,
            truth=RAW.truth,
        log:
            RAW.log("phantom", "{folder}/{scan}"),
        benchmark:
            DERIVATIVES.benchmark("phantom", "{folder}/{scan}")
        priority: 100
        group:
            "check"
        conda:
            "../../envs/imaging.yaml"
        threads: 1
        resources:
            mem_mb=growing(1500),
            runtime=growing(10),
        params:
            settings=phantom_settings,
            code=digest("contrage.cohort.phantom.heads.participant"),
        message:
            "Making phantom {wildcards.scan}"
        shell:
            "python -m contrage phantom --settings {params.settings:q} --log {log:q}"
            " --anatomical {output.anatomical:q} --stiffness {output.stiffness:q}"
            " --brain-mask {output.brain_mask:q} --bias-field {output.bias_field:q}"
            " --coverage {output.coverage:q} --transform {output.transform:q}"
            " --truth {output.truth:q}"


rule cohort:
    input:
        tables=cohort_tables,
        code=code("contrage.cohort.register", COHORT.source_module),
    output:
        scans=DERIVATIVES.scans,
        excluded=DERIVATIVES.excluded,
        choices=DERIVATIVES.choices,
        notes=DERIVATIVES.notes,
    log:
        DERIVATIVES.log("cohort"),
    benchmark:
        DERIVATIVES.benchmark("cohort")
    priority: 95
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.cohort.register", COHORT.source_module),
        settings=as_json(COHORT.asked_of_step),
        found=what_was_found,
    message:
        "Writing the cohort's table"
    shell:
        "python -m contrage cohort --settings {params.settings:q} --log {log:q}"
        " --scans {output.scans:q} --excluded {output.excluded:q}"
        " --choices {output.choices:q} --notes {output.notes:q}"
