"""Skull stripping, bias correction and registration of one scan, and how well it went."""


rule preprocess:
    input:
        unpack(raw_images),
        check=rules.check.output.record,
        gate=ancient(rules.gate.output.passed),
        code=code("contrage.imaging.preprocess"),
        registration=registration_settings(),
    output:
        **preprocess_outputs(),
    log:
        f"{DERIVATIVES}/logs/preprocess/{{folder}}/{{scan}}.log",
    benchmark:
        f"{DERIVATIVES}/benchmarks/preprocess/{{folder}}/{{scan}}.tsv"
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        settings=as_json(
            **{
                step: config["preprocessing"][step]
                for step in ("skull_strip", "bias_correction", "registration")
            },
        ),
        outputs=preprocess_options,
        on_bad_scan=untracked_on_bad_scan,
    message:
        "Preprocessing {wildcards.scan}"
    shell:
        "python -m contrage preprocess --settings {params.settings:q} --log {log:q}"
        " --check {input.check:q} --anatomical {input.anatomical:q}"
        " --stiffness {input.stiffness:q} --mask {input.mask:q} {params.outputs}"
        " --on-bad-scan {params.on_bad_scan}"


rule quality:
    input:
        unpack(quality_inputs),
        code=code("contrage.imaging.quality"),
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
        mem_mb=1500,
        runtime=10,
    params:
        settings=as_json(
            **{
                limit: value
                for limit, value in config["preprocessing"]["quality"].items()
                if limit != "action"
            }
        ),
        inputs=quality_options,
    message:
        "Measuring the quality of {wildcards.scan}"
    shell:
        "python -m contrage quality --settings {params.settings:q} --log {log:q} {params.inputs}"
        " --output {output.record:q} --picture {output.picture:q}"


rule preprocessed:
    input:
        records=per_scan(rules.quality.output.record),
    localrule: True
    message:
        "All scans are preprocessed; quality pictures lie beside them"
