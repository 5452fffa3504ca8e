"""The cohort: made (phantom) or found, and tabled."""

SOURCE = cohort_sources.module(config["cohort"]["source"])


if IS_PHANTOM:

    rule phantom_tables:
        input:
            code=code("contrage.cohort.phantom.heads.tables"),
        output:
            participants=f"{RAW}/participants.tsv",
            description=f"{RAW}/dataset_description.json",
            columns=f"{RAW}/participants.json",
            readme=f"{RAW}/README.md",
            ignore=f"{RAW}/.bidsignore",
        log:
            f"{RAW}/logs/phantom_tables.log",
        benchmark:
            f"{DERIVATIVES}/benchmarks/phantom_tables/all.tsv"
        conda:
            "../../envs/imaging.yaml"
        threads: 1
        resources:
            mem_mb=growing(500),
            runtime=growing(10),
        params:
            code=digest("contrage.cohort.phantom.heads.tables"),
            settings=as_json(**config["cohort"]["phantom"]),
        message:
            "Writing the phantom cohort's table"
        shell:
            "python -m contrage phantom-tables --settings {params.settings:q} --log {log:q}"
            " --participants {output.participants:q} --description {output.description:q}"

    rule phantom:
        output:
            anatomical=f"{RAW}/{{folder}}/anat/{{scan}}_T1w.nii.gz",
            stiffness=f"{RAW}/{{folder}}/mre/{{scan}}_stiffness.nii.gz",
            brain_mask=f"{TRUTH}/{{folder}}/{{scan}}_desc-brain_mask.nii.gz",
            bias_field=f"{TRUTH}/{{folder}}/{{scan}}_desc-bias_field.nii.gz",
            coverage=f"{TRUTH}/{{folder}}/{{scan}}_desc-coverage_mask.nii.gz",
            transform=f"{TRUTH}/{{folder}}/{{scan}}_from-T1w_to-MNI152_xfm.json",
            truth=f"{TRUTH}/{{folder}}/{{scan}}_truth.json",
        log:
            f"{RAW}/logs/phantom/{{folder}}/{{scan}}.log",
        benchmark:
            f"{DERIVATIVES}/benchmarks/phantom/{{folder}}/{{scan}}.tsv"
        priority: 100
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
        code=code("contrage.cohort.register", SOURCE),
    output:
        scans=f"{DERIVATIVES}/scans.tsv",
        excluded=f"{DERIVATIVES}/excluded.tsv",
        choices=f"{DERIVATIVES}/choices.tsv",
        notes=f"{DERIVATIVES}/notes.txt",
    log:
        f"{DERIVATIVES}/logs/cohort.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/cohort/all.tsv"
    priority: 95
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.cohort.register", SOURCE),
        settings=as_json(**COHORT_SETTINGS),
        found=what_was_found,
    message:
        "Writing the cohort's table"
    shell:
        "python -m contrage cohort --settings {params.settings:q} --log {log:q}"
        " --scans {output.scans:q} --excluded {output.excluded:q}"
        " --choices {output.choices:q} --notes {output.notes:q}"
