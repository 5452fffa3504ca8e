"""What every experiment is made of, up to its predictions."""


include: "common.smk"
include: "experiment.smk"


if IS_COMPARED_BEFORE:

    include: "same_person.smk"


include: "dataset.smk"
include: "null.smk"
include: "training.smk"
include: "evaluation.smk"


if STAGED_ROWS:

    include: "stages.smk"


if SEARCHED_ROWS:

    include: "search.smk"


if EXPERIMENT.chooses_unseen:

    include: "unseen.smk"
