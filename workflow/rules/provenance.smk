"""What the folder of derivatives is: said to BIDS, to a validator, to a reader."""


rule describe:
    input:
        scans=rules.cohort.output.scans,
        # It has a digest of each scan's record and stands for all of them.
        usable=rules.usable.output.table,
        code=code("contrage.imaging.provenance.description", *COHORT.stripper),
    output:
        description=DERIVATIVES.description,
        readme=DERIVATIVES.readme,
        ignore=DERIVATIVES.ignore,
        descriptions=DERIVATIVES.descriptions,
        methods=DERIVATIVES.methods,
    log:
        DERIVATIVES.log("describe"),
    benchmark:
        DERIVATIVES.benchmark("describe")
    conda:
        "../../envs/imaging.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.imaging.provenance.description", *COHORT.stripper),
        settings=as_json(imaging_plan.describe_settings(config, TEMPLATE)),
        folders=folders_of_data_sets,
    message:
        "Describing the derivatives"
    shell:
        "python -m contrage describe --settings {params.settings:q} --log {log:q}"
        " --scans {input.scans:q} {params.folders}"
        " --description {output.description:q} --readme {output.readme:q}"
        " --ignore {output.ignore:q} --descriptions {output.descriptions:q}"
        " --methods {output.methods:q}"
