"""An experiment on a cohort: arrays, trainings, evaluations, report. Loaded once per experiment."""

STAGE = ""  # what messages of its trainings begin with


include: "rules/trainings.smk"


if config["evaluations"]["saliency"] is not None:

    include: "rules/saliency.smk"


include: "rules/written_down.smk"
include: "rules/report.smk"
include: "rules/export.smk"
