"""One person under two ids, of the cohort and of that of a pre-training whose maps are alike."""

from contrage.plan import dataset_settings
from contrage.plan import report as reports

BEFORE = dataset_settings.array_before(config)


rule same_person_before:
    input:
        array=f"{ARRAY}.npy",
        rows=f"{ARRAY}.tsv",
        before_array=f"{BEFORE}.npy",
        before_rows=f"{BEFORE}.tsv",
        code=code("contrage.dataset.same_person"),
    output:
        table=RESULTS.same_person,
        record=RESULTS.same_person_record,
    log:
        RESULTS.log("same_person_before"),
    benchmark:
        RESULTS.benchmark("same_person_before")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        code=digest("contrage.dataset.same_person"),
        settings=as_json(dataset_settings.same_person_before(config)),
    message:
        "Comparing every scan with those of the pre-training"
    shell:
        "python -m contrage same-person --settings {params.settings:q} --log {log:q}"
        " --array {input.array:q} --rows {input.rows:q}"
        " --before-array {input.before_array:q} --before-rows {input.before_rows:q}"
        " --table {output.table:q} --record {output.record:q}"


rule same_person_page:
    input:
        pairs=rules.same_person_before.output.table,
        compared=rules.same_person_before.output.record,
        # It stands for the pictures, and says by which numbers scans are called.
        scans=DERIVATIVES.quality_numbers,
        code=code("contrage.report.quality.same_person"),
        look=look("quality/*.css", "quality/*.html", "head.html", "style.css"),
    output:
        page=RESULTS.same_person_page,
    log:
        RESULTS.log("same_person_page"),
    benchmark:
        RESULTS.benchmark("same_person_page")
    conda:
        "../../envs/learning.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.report.quality.same_person"),
        settings=as_json(reports.same_person_page(config)),
        derivatives=folder_of_table,
    message:
        "Showing who may be in the pre-training under another id"
    shell:
        "python -m contrage same-person-page --settings {params.settings:q} --log {log:q}"
        " --pairs-found {input.pairs:q} --compared {input.compared:q}"
        " --numbered {input.scans:q} --derivatives {params.derivatives:q}"
        " --page {output.page:q}"
