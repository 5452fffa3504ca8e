"""An experiment on a cohort: arrays, trainings, evaluations, report. Loaded once per experiment."""


include: "start.smk"
include: "rules/report.smk"
