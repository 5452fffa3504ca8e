"""Raw images: checked before hours are spent, then stripped, corrected and registered."""


rule check:
    input:
        unpack(raw_images),
        **template_files() if stated_settings() else {},
    output:
        record=f"{DERIVATIVES}/{{folder}}/qc/{{scan}}_desc-check.json",
    log:
        f"{DERIVATIVES}/logs/check/{{folder}}/{{scan}}.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/check/{{folder}}/{{scan}}.tsv"
    priority: 90
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        settings=as_json(
            stiffness_unit=config["cohort"]["stiffness_unit"],
            **limits_of_maps(),
            **stated_settings(),
        ),
        code=digest("contrage.imaging.check"),
        images=raw_options,
        found=what_was_found_of_scan,
    message:
        "Checking the raw images of {wildcards.scan}"
    shell:
        "python -m contrage check --settings {params.settings:q} --log {log:q}"
        " {params.images} --output {output.record:q}"


# No input of `preprocess`: Snakemake would see no other change of it in a run that repeats the screening.
# Its priority, and that of the checks, brings it before all but a job or two.
rule screen:
    input:
        scans=rules.cohort.output.scans,
        excluded=rules.cohort.output.excluded,
        records=per_scan(rules.check.output.record),
        code=code("contrage.imaging.screen"),
    output:
        passed=f"{DERIVATIVES}/passed.tsv",
    log:
        f"{DERIVATIVES}/logs/screen.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/screen/all.tsv"
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
        settings=as_json(
            **{
                key: config["cohort"][key]
                for key in ("on_bad_scan", "image", "duplicates")
            }
        ),
        derivatives=folder_of_table,
    message:
        "Naming the scans that cannot be used"
    shell:
        "python -m contrage screen --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} --derivatives {params.derivatives:q} --passed {output.passed:q}"
        " --excluded {input.excluded:q}"


rule preprocess:
    input:
        unpack(raw_images),
        **template_files(),
        check=rules.check.output.record,
    output:
        # The JSON beside each image is none: the step removes it first and writes it last.
        **preprocess_outputs(),
    log:
        f"{DERIVATIVES}/logs/preprocess/{{folder}}/{{scan}}.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/preprocess/{{folder}}/{{scan}}.tsv"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        **{need: growing(first) for need, first in PREPROCESSING_NEEDS.items()},
    params:
        settings=as_json(
            template=TEMPLATE.settings(),
            skull_strip=skull_strip.used(config["preprocessing"]["skull_strip"]),
            **{
                step: config["preprocessing"][step]
                for step in ("bias_correction", "registration")
            },
            **limits_of_maps(),
            **reference_map(),
        ),
        code=digest(
            "contrage.imaging.preprocess", *STRIPPER, files=registration_settings()
        ),
        tries=tries_of_scan,
        options=preprocess_options,
    message:
        "Preprocessing {wildcards.scan}"
    shell:
        "python -m contrage preprocess --settings {params.settings:q} --log {log:q}"
        " --check {input.check:q} {params.options} "
        + placeholders("output", preprocess_outputs())


rule quality:
    input:
        unpack(raw_for_quality),
        **quality_inputs(),
        **template_files(),
    output:
        record=f"{DERIVATIVES}/{{folder}}/qc/{{scan}}_desc-quality.json",
        picture=f"{DERIVATIVES}/{{folder}}/qc/{{scan}}_desc-quality.png",
    log:
        f"{DERIVATIVES}/logs/quality/{{folder}}/{{scan}}.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/quality/{{folder}}/{{scan}}.tsv"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        settings=as_json(
            template=TEMPLATE.settings(),
            image=IMAGE,
            **limits_of_quality(),
        ),
        code=digest("contrage.imaging.quality.measure"),
        raw=raw_for_quality_options,
    message:
        "Measuring the quality of {wildcards.scan}"
    shell:
        "python -m contrage quality --settings {params.settings:q} --log {log:q}"
        " {params.raw} --output {output.record:q} --picture {output.picture:q} "
        + placeholders("input", quality_inputs())
