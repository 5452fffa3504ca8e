"""Where trainings start, and the configuration of the pre-training where one is wanted.

The Snakefile runs it: this workflow once more, on another cohort.
"""

PRETRAINING = None

if beforehand.is_wanted(config):
    PRETRAINING = beforehand.experiment_config(
        config, [scan.participant_id for scan in COHORT.scans]
    )
    try:
        validate(PRETRAINING, "../schemas/config.schema.yaml")
    except WorkflowError as error:
        raise WorkflowError(f"In the block pretraining: {error}") from None


def left_out_here():
    """Who of this cohort is left out of the experiment, with the reasons."""
    return experiment.left_out_people(config, COHORT)


def start_of_training(wildcards):
    """The model file whose encoder this training starts from, if any."""
    return beforehand.start_file(config, wildcards.row) or []


def pretraining_results():
    """What the report tells of the pre-training: its error on its own held-out part, its scans."""
    if not PRETRAINING:
        return []
    row, seed = (
        PRETRAINING["benchmark"]["losses"][0],
        PRETRAINING["training"]["seeds"][0],
    )
    files = (
        f"metrics/{row}/seed-{seed}.json",
        "dataset/scans.tsv",
        "dataset/excluded.tsv",
        "training/feasible.json",  # not read: asked for, so that it is run
    )
    return [f"results/{PRETRAINING['experiment']}/{file}" for file in files]


def dataset_descriptions():
    """What describes the derivatives of this run's cohorts of images."""
    cohorts = [each["cohort"] for each in (config, PRETRAINING) if each]
    return [
        f"results/derivatives/{cohort['name']}/dataset_description.json"
        for cohort in cohorts
        if cohort["source"] not in ("table", "arrays")
    ]


def pretraining_folder(wildcards, input):
    """The folder of the pre-training's results, empty where there is none."""
    return os.path.commonpath(input.pretraining) if input.pretraining else ""
