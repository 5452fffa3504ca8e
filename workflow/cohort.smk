"""A cohort: its scans, from their files to preprocessed images and one array. Loaded once per cohort of a run."""


include: "rules/common.smk"
include: "rules/cohort_inputs.smk"
include: "rules/cohort.smk"


if HAS_SCANS:

    include: "rules/imaging_inputs.smk"
    include: "rules/imaging.smk"
    include: "rules/quality.smk"
    include: "rules/provenance.smk"


include: "rules/array.smk"
