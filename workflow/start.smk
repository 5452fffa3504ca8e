"""An experiment that others start from: trained and probed, with no report of its own."""


include: "rules/common.smk"
include: "rules/experiment.smk"
include: "rules/dataset.smk"
include: "rules/null.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"


if SEARCHED_ROWS:

    include: "rules/search.smk"


if EXPERIMENT.chooses_unseen:

    include: "rules/unseen.smk"
