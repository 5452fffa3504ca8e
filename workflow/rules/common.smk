"""Names and small functions that all rules share."""

import json
import os

from snakemake.exceptions import WorkflowError

from contrage import experiment, sources
from contrage.cohort import names
from contrage.cohort.read import read_cohort
from contrage.errors import ContrageError
from contrage.imaging.backends import require_backend

# Jobs run this checkout's package, in every environment.
shell.prefix(
    f"set -euo pipefail; export PYTHONPATH={os.path.join(workflow.basedir, 'workflow')!r}; "
)


RESULTS = f"results/{config['experiment']}"
DERIVATIVES = f"results/derivatives/{config['cohort']['name']}"
RAW = f"results/phantom/{config['cohort']['name']}"
TRUTH = f"{RAW}/derivatives/truth"
TABLES = expand(
    f"{RESULTS}/tables/{{table}}.tsv",
    table=["mae", "norms", "baselines", "cohort", "excluded", "runtimes"],
)

IMAGE = config["cohort"]["image"]
ANATOMICAL = config["cohort"]["anatomical"]
ANATOMICAL_FOLDER = "anat" if ANATOMICAL == "T1w" else "mre"
USES_ANATOMICAL = experiment.needs_anatomical(config)
USES_STIFFNESS = IMAGE == "stiffness"
IS_PHANTOM = config["cohort"]["source"] == "phantom"
COHORT_SETTINGS = {
    **{key: value for key, value in config["cohort"].items() if key != "name"},
    "raw": RAW,
    "needs_anatomical": USES_ANATOMICAL,
    "needs_mask": config["preprocessing"]["skull_strip"]["method"] == "mask",
}
try:
    COHORT = read_cohort(COHORT_SETTINGS)
    experiment.check_config(config)
    require_backend(config["preprocessing"]["skull_strip"]["method"])
except ContrageError as error:
    raise WorkflowError(str(error)) from None

SCANS = {scan.scan_id: scan for scan in COHORT.scans}
SEEDS = config["training"]["seeds"]
FOLDS = experiment.fold_numbers(config, COHORT)
ROWS = experiment.benchmark_rows(config)
ALL_ROWS = experiment.all_rows(config)
WATCHED_ROWS = [row for row in config["report"]["embedding_rows"] if row in ALL_ROWS]
WATCHED_EPOCHS = experiment.watched_epochs(config)


wildcard_constraints:
    folder=r"sub-[A-Za-z0-9]+(/ses-[A-Za-z0-9]+)?",
    scan=r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?",
    row=r"[a-z0-9][a-z0-9_-]*",
    seed=r"\d+",
    fold=r"\d+",
    epoch=r"\d+",


def as_json(**settings):
    """One settings parameter per rule: Snakemake compares it as a whole."""
    return json.dumps(settings, sort_keys=True)


def code(*modules):
    """The source files that decide a rule's result, declared as its inputs."""
    return [os.path.relpath(path) for path in sources.closure(*modules)]


def per_scan(pattern):
    """The files of a pattern with {folder} and {scan}, for all scans of the cohort."""
    return [pattern.format(folder=names.folder(scan), scan=scan) for scan in SCANS]


def phantom_settings(wildcards):
    index = list(SCANS).index(wildcards.scan)
    return as_json(index=index, **config["cohort"]["phantom"])


def cohort_tables(wildcards):
    """The tables that a cohort is read from, so that an edit of them is noticed."""
    if IS_PHANTOM:
        return [f"{RAW}/participants.tsv"]
    folder = Path(config["cohort"]["path"])
    found = [*folder.glob("participants.tsv"), *folder.glob("*.xlsx")]
    return sorted(str(path) for path in [*found, *folder.glob("sub-*/*_sessions.tsv")])


def raw_images(wildcards):
    """The raw images of a scan that this run uses; an empty list for one that it does not."""
    scan = SCANS[wildcards.scan]
    needs_mask = COHORT_SETTINGS["needs_mask"]
    return {
        "anatomical": scan.anatomical if USES_ANATOMICAL else [],
        "stiffness": scan.stiffness if USES_STIFFNESS else [],
        "mask": scan.mask if needs_mask else [],
    }


def as_options(files):
    """Files as options of the command line: --name path for each that is there."""
    return " ".join(
        f"--{name.replace('_', '-')} {path}" for name, path in files.items()
    )


def registration_settings():
    """The data file that holds ANTs' settings of the chosen quality."""
    registration = config["preprocessing"]["registration"]
    if registration["transform"] == "none":
        return []
    folder = Path(workflow.basedir) / "workflow/contrage/imaging/registration"
    return os.path.relpath(folder / f"{registration['quality']}.json")


def preprocess_outputs():
    """The derivatives of one scan: those that the images of this cohort give."""
    native = f"{DERIVATIVES}/{{folder}}/{ANATOMICAL_FOLDER}/{{scan}}"
    preproc = {
        image: f"{DERIVATIVES}/{names.preproc_file('{scan}', image)}".replace(
            names.folder("{scan}"), "{folder}", 1
        )
        for image in (ANATOMICAL, "stiffness", "mask")
    }
    outputs = {
        "sidecar": f"{DERIVATIVES}/{{folder}}/{{scan}}_desc-preproc.json",
        "brain_mask": f"{native}_desc-brain_mask.nii.gz",
        "preproc_mask": preproc["mask"],
    }
    if USES_ANATOMICAL:
        outputs["corrected"] = f"{native}_desc-biascorrected_{ANATOMICAL}.nii.gz"
        outputs["preproc_anatomical"] = preproc[ANATOMICAL]
    if USES_STIFFNESS:
        outputs["preproc_stiffness"] = preproc["stiffness"]
    kind = config["preprocessing"]["registration"]["transform"]
    source = ANATOMICAL if USES_ANATOMICAL else "stiffness"
    transform = f"{DERIVATIVES}/{{folder}}/xfm/{{scan}}_from-{source}_to-MNI152_xfm"
    if kind != "none":
        outputs["transform"] = f"{transform}.mat"
    if kind == "syn":
        outputs["warp"] = f"{transform}_warp.nii.gz"
    return outputs


def preprocess_options(wildcards, output):
    return as_options({name: output[name] for name in preprocess_outputs()})


def quality_inputs(wildcards):
    """What quality is measured on, and the truth beside it where there is one."""
    place = {"folder": wildcards.folder, "scan": wildcards.scan}
    files = {
        name: pattern.format(**place) for name, pattern in preprocess_outputs().items()
    }
    if IS_PHANTOM:
        truth = f"{TRUTH}/{wildcards.folder}/{wildcards.scan}"
        files["truth_mask"] = f"{truth}_desc-brain_mask.nii.gz"
        files["truth_bias"] = f"{truth}_desc-bias_field.nii.gz"
        files["truth_coverage"] = f"{truth}_desc-coverage_mask.nii.gz"
        files["truth_transform"] = f"{truth}_from-T1w_to-MNI152_xfm.json"
    return files


def quality_options(wildcards, input):
    return as_options({name: input[name] for name in quality_inputs(wildcards)})


def features_of(row, seed, fold):
    return f"{RESULTS}/features/{row}/seed-{seed}/fold-{fold}.npz"


def training_settings(wildcards):
    """What one training is asked for; nothing else, so that other edits do not retrain it."""
    return as_json(
        row=wildcards.row,
        seed=int(wildcards.seed),
        loss=experiment.loss_settings(config, wildcards.row),
        training={
            key: value for key, value in config["training"].items() if key != "seeds"
        },
        dataset={
            key: config["dataset"][key] for key in ("normalisation", "field_of_view")
        },
        snapshot_epochs=WATCHED_EPOCHS if is_watched(wildcards) else [],
    )


def is_watched(wildcards):
    """Whether the report draws the features of this training after several epochs."""
    first = int(wildcards.seed) == SEEDS[0] and int(wildcards.fold) == 0
    return first and wildcards.row in WATCHED_ROWS


def loss_code(wildcards):
    loss = experiment.loss_settings(config, wildcards.row)["loss"]
    return code("contrage.learning.train", f"contrage.losses.{loss}")


def page_files():
    """The page's template and style."""
    folder = Path(workflow.basedir) / "workflow/contrage/report"
    return sorted(os.path.relpath(path) for path in folder.glob("*.html")) + sorted(
        os.path.relpath(path) for path in folder.glob("*.css")
    )


def folder_of_table(wildcards, input):
    """The cohort's derivatives, in which its table of scans lies."""
    return os.path.dirname(input.scans)


def results_folder(wildcards, output):
    """The experiment's folder: the part of it that is above the output's own folder."""
    return os.path.commonpath([RESULTS, output[0]])
