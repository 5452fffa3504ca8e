"""Raw images: checked before hours are spent, then stripped, corrected and registered."""


rule check:
    input:
        unpack(raw_images),
        **template_files() if CHECKED.template else {},
    output:
        record=DERIVATIVES.check,
    log:
        DERIVATIVES.log("check", "{folder}/{scan}"),
    benchmark:
        DERIVATIVES.benchmark("check", "{folder}/{scan}")
    priority: 90
    group:
        "check"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        settings=as_json(CHECKED),
        code=digest("contrage.imaging.check"),
        images=raw_options,
        found=what_was_found_of_scan,
    message:
        "Checking the raw images of {wildcards.scan}"
    shell:
        "python -m contrage check --settings {params.settings:q} --log {log:q}"
        " {params.images} --output {output.record:q}"


# No input of `strip`: Snakemake would see no other change of it in a run that repeats the screening.
# Its priority, and that of the checks, brings it before all but a job or two.
rule screen:
    input:
        scans=rules.cohort.output.scans,
        excluded=rules.cohort.output.excluded,
        records=per_scan(rules.check.output.record),
        code=code("contrage.imaging.screen"),
    output:
        passed=DERIVATIVES.passed,
    log:
        DERIVATIVES.log("screen"),
    benchmark:
        DERIVATIVES.benchmark("screen")
    priority: 95
    retries: 0  # a second look finds the same scans
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.imaging.screen"),
        settings=as_json(imaging_plan.screen_settings(config)),
        derivatives=folder_of_table,
    message:
        "Naming the scans that cannot be used"
    shell:
        "python -m contrage screen --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --derivatives {params.derivatives:q} --passed {output.passed:q}"
        " --excluded {input.excluded:q}"


rule strip:
    input:
        unpack(raw_for_strip),
        **template_for_strip(),
        before=rules.check.output.record,
    output:
        # The JSON beside each image is none: the step removes it first and writes it again.
        brain_mask=BRAIN_MASK,
        record=DERIVATIVES.strip_record,
    log:
        DERIVATIVES.log("strip", "{folder}/{scan}"),
    benchmark:
        DERIVATIVES.benchmark("strip", "{folder}/{scan}")
    group:
        "imaging"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(STRIP_NEEDS["mem_mb"]),
        runtime=growing(STRIP_NEEDS["runtime"]),
    params:
        settings=as_json(imaging_plan.strip_settings(config, TEMPLATE)),
        code=digest("contrage.imaging.strip", *COHORT.stripper),
        tries=tries_of("strip"),
        options=options_of(raw_for_strip),
    message:
        "Stripping the skull of {wildcards.scan}"
    shell:
        "python -m contrage strip --settings {params.settings:q} --log {log:q}"
        " --before {input.before:q} {params.options}"
        " --brain-mask {output.brain_mask:q} --record {output.record:q}"


if imaging_plan.corrects(config):

    rule correct:
        input:
            unpack(maps_for_correct),
            before=rules.strip.output.record,
            brain_mask=rules.strip.output.brain_mask,
        output:
            **CORRECTED,
            record=DERIVATIVES.correct_record,
        log:
            DERIVATIVES.log("correct", "{folder}/{scan}"),
        benchmark:
            DERIVATIVES.benchmark("correct", "{folder}/{scan}")
        group:
            "imaging"
        conda:
            "../../envs/imaging.yaml"
        threads: 1
        resources:
            mem_mb=growing(3000),
            runtime=growing(60),
        params:
            settings=as_json(imaging_plan.correct_settings(config)),
            code=digest("contrage.imaging.correct"),
            tries=tries_of("correct"),
            options=options_of(raw_for_correct),
        message:
            "Correcting the bias field of {wildcards.scan}"
        shell:
            "python -m contrage correct --settings {params.settings:q} --log {log:q}"
            " --before {input.before:q} --brain-mask {input.brain_mask:q} {params.options} "
            + placeholders("output", CORRECTED)
            + " --record {output.record:q}"


rule register:
    input:
        unpack(maps_for_register),
        **template_files(),
        **CORRECTED,
        before=(
            rules.correct.output.record
            if imaging_plan.corrects(config)
            else rules.strip.output.record
        ),
        brain_mask=rules.strip.output.brain_mask,
    output:
        **REGISTERED,
        record=DERIVATIVES.preproc_sidecar,
    log:
        DERIVATIVES.log("register", "{folder}/{scan}"),
    benchmark:
        DERIVATIVES.benchmark("register", "{folder}/{scan}")
    group:
        "imaging"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(imaging_plan.MEMORY_OF_REGISTRATION[GRID_MM]),
        runtime=growing(60),
    params:
        settings=as_json(imaging_plan.register_settings(config, TEMPLATE)),
        code=digest("contrage.imaging.register"),
        tries=tries_of("register"),
        options=options_of(raw_for_register),
    message:
        "Registering {wildcards.scan} to MNI152"
    shell:
        "python -m contrage register --settings {params.settings:q} --log {log:q}"
        " --before {input.before:q} --brain-mask {input.brain_mask:q} {params.options} "
        + placeholders("input", CORRECTED)
        + " "
        + placeholders("output", REGISTERED)
        + " --record {output.record:q}"


rule quality:
    input:
        **TRUE_IMAGES,
        **template_files(),
        # It is written last and has the checksums of all images, raw ones too: it stands for them.
        sidecar=rules.register.output.record,
    output:
        record=DERIVATIVES.quality,
        picture=DERIVATIVES.picture,
    log:
        DERIVATIVES.log("quality", "{folder}/{scan}"),
    benchmark:
        DERIVATIVES.benchmark("quality", "{folder}/{scan}")
    group:
        "imaging"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        settings=as_json(imaging_plan.quality_settings(config, TEMPLATE)),
        code=digest("contrage.imaging.quality.measure"),
        tries=tries_of("quality"),
        options=quality_options,
    message:
        "Measuring the quality of {wildcards.scan}"
    shell:
        "python -m contrage quality --settings {params.settings:q} --log {log:q}"
        " --sidecar {input.sidecar:q} {params.options}"
        " --output {output.record:q} --picture {output.picture:q} "
        + placeholders("input", TRUE_IMAGES)
