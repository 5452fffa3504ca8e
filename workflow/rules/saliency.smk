"""What the trainings of a row look at."""

from contrage.plan import saliency as looks


rule saliency:
    input:
        unpack(of_job(looks.files)),
        splits=expand(rules.split.output.split, seed=SEEDS),
        scans=rules.select.output.selected,
        array=f"{ARRAY}.npy",
        columns=f"{ARRAY}_columns.tsv" if IS_TABLE else [],
        atlas=looks.atlas_files(EXPERIMENT),
        place=looks.place_file(EXPERIMENT, f"{ARRAY}.npy"),
        code=code("contrage.evaluation.saliency.explain"),
    output:
        attributions=RESULTS.attributions,
        maps=looks.maps(EXPERIMENT),
    log:
        RESULTS.log("saliency", "{row}"),
    benchmark:
        RESULTS.benchmark("saliency", "{row}")
    wildcard_constraints:
        row="|".join(looks.explained(EXPERIMENT)),
    conda:
        "../../envs/learning.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=growing(8000),
        runtime=growing(240),
        gpu=gpu(1),
        gres=gres(1),
    params:
        code=digest("contrage.evaluation.saliency.explain"),
        settings=asked_of_job(looks.step),
    message:
        "Asking where {wildcards.row} looks"
    shell:
        "python -m contrage saliency --settings {params.settings:q} --log {log:q}"
        " --models {input.models:q} --coefficients {input.coefficients:q}"
        " --splits {input.splits:q} --scans {input.scans:q} --array {input.array:q}"
        " --columns {input.columns:q} --place {input.place:q} --attributions {output.attributions:q}"
        " --maps {output.maps:q}"
