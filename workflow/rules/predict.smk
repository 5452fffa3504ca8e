"""New scans, predicted by a model that is there: a job for every so manieth of them."""

from functools import cache

from contrage.layout import Predicted
from contrage.plan import predicted as predicted_plan
from contrage.run.found import digest as digest_of_found
from contrage.run.found import stamps as stamps_of


include: "words.smk"


ASKED_TO_PREDICT = CONFIGS[0]["predict"]
EXPLAINED = ASKED_TO_PREDICT["explain"]
PREDICTED = Predicted.of(ASKED_TO_PREDICT["name"])

try:
    predicted_plan.check(ASKED_TO_PREDICT)
except ContrageError as error:
    raise WorkflowError(str(error)) from None


@cache
def all_found():
    """Size and time of change of every file that may be read, looked at once for all parts."""
    return digest_of_found(stamps_of(predicted_plan.files(ASKED_TO_PREDICT)))


def files_found(wildcards):
    """The same, of a part: another file is noticed."""
    return all_found()


def settings_of_part(wildcards):
    return as_json(predicted_plan.part(ASKED_TO_PREDICT, int(wildcards.part)))


rule predict_part:
    input:
        model=predicted_plan.model(ASKED_TO_PREDICT),
        code=code("contrage.bundle.batch"),
    output:
        part=PREDICTED.part,
        maps=directory(PREDICTED.maps_of_part) if EXPLAINED else [],
    log:
        PREDICTED.log("predict_part", "{part}"),
    benchmark:
        PREDICTED.benchmark("predict_part", "{part}")
    wildcard_constraints:
        part=r"\d+",
    conda:
        "../../envs/predict.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        code=digest("contrage.bundle.batch"),
        settings=settings_of_part,
        found=files_found,
    message:
        "Predicting new scans, part {wildcards.part}"
    shell:
        "python -m contrage predict-part --settings {params.settings:q} --log {log:q}"
        " --output {output.part:q} --maps {output.maps:q}"


rule join_predictions:
    input:
        parts=expand(PREDICTED.part, part=range(ASKED_TO_PREDICT["jobs"])),
        made=[
            PREDICTED.maps_of_part.format(part=part)
            for part in range(ASKED_TO_PREDICT["jobs"] if EXPLAINED else 0)
        ],
        code=code("contrage.bundle.batch"),
    output:
        table=PREDICTED.table,
        json=PREDICTED.json,
        looks=PREDICTED.looks if EXPLAINED else [],
        maps=directory(PREDICTED.maps) if EXPLAINED else [],
    log:
        PREDICTED.log("join_predictions"),
    benchmark:
        PREDICTED.benchmark("join_predictions")
    conda:
        "../../envs/predict.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=digest("contrage.bundle.batch"),
        settings=as_json(predicted_plan.join()),
    message:
        "Putting the predictions of new scans together"
    shell:
        "python -m contrage join-predictions --settings {params.settings:q} --log {log:q}"
        " --parts {input.parts:q} --table {output.table:q} --output {output.json:q}"
        " --made {input.made:q} --looks {output.looks:q} --maps {output.maps:q}"


rule predictions:
    input:
        rules.join_predictions.output.table,
        rules.join_predictions.output.json,
        rules.join_predictions.output.looks,
        rules.join_predictions.output.maps,
    localrule: True
    message:
        f"Predictions of new scans are in {PREDICTED.table}; research use only"
