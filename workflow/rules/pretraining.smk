"""Where trainings start, and the configuration of the pre-training where one is wanted.

The Snakefile runs it: this workflow once more, on another cohort.
"""

PRETRAINING = None

if beforehand.is_wanted(config):
    asked = beforehand.experiment_config(
        config, [scan.participant_id for scan in COHORT.scans]
    )
    try:
        PRETRAINING = settings.complete(asked, SCHEMA, prefix="pretraining.")
    except ContrageError as error:
        raise WorkflowError(str(error)) from None


def left_out_here():
    """Who of this cohort is left out of the experiment, with the reasons."""
    return experiment.left_out_people(config, COHORT)


def start_of_training(wildcards):
    """The model file whose encoder this training starts from, if any."""
    return beforehand.start_file(config, wildcards.row, int(wildcards.seed)) or []


def plain_start():
    """The file that trainings start from, where it is not made by a job of this run."""
    asked = config["training"]["start_from"]
    return [] if asked in (None, beforehand.HERE) else [asked]


def start_found(wildcards):
    """Size and time of change of such a file: another one in its place is noticed, older or not."""
    return digest_of(stamps(plain_start()))


def start_settings():
    """What the first job is told of such a file, to open and judge it."""
    if not plain_start():
        return {}
    return {
        "start": {
            "file": plain_start()[0],
            "encoder": config["training"]["encoder"],
            "image": image_seen(config),
        }
    }


def pretraining_results():
    """What the report tells of the pre-training: its error on its own held-out part, its scans."""
    if not PRETRAINING:
        return []
    (row,) = PRETRAINING["benchmark"]["losses"]
    files = (
        *(f"metrics/{row}/seed-{seed}.json" for seed in beforehand.seeds(config)),
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
