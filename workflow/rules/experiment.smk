"""Names and small functions that an experiment's rules share."""

from contrage.dataset import schemes
from contrage.plan import dataset_settings, gpus, jobs, memory, rows, snapshots
from contrage.plan import pretraining as beforehand
from contrage.plan.experiment import Experiment
from contrage.run.found import stamps

EXPERIMENT = Experiment.of(config, COHORT.people(config))
RESULTS = EXPERIMENT.results
SEEDS, FOLDS = EXPERIMENT.seeds, EXPERIMENT.folds
ROWS, ALL_ROWS, NULL_ROWS = EXPERIMENT.rows, EXPERIMENT.all_rows, EXPERIMENT.null_rows
LOGGED_ROWS = rows.logged_rows(config)
STAGED_ROWS, HEAD_ROWS = rows.staged_rows(config), rows.head_rows(config)
SEARCHED_ROWS, SEARCHED_SEEDS = EXPERIMENT.searched_rows, EXPERIMENT.searched_seeds
# Scans of a pre-training on another cohort, where its maps are of the same kind.
IS_COMPARED_BEFORE = dataset_settings.array_before(config) is not None
TABLES = [RESULTS.table(name) for name in EXPERIMENT.tables]


def of_job(function):
    """An input or parameter: what a function of `contrage.plan.jobs` says of the job's wildcards."""

    def of_wildcards(wildcards):
        return function(EXPERIMENT, **jobs.values(function, dict(wildcards)))

    return of_wildcards


def asked_of_job(function):
    """The settings of a job that such a function says."""

    def of_wildcards(wildcards):
        return as_json(of_job(function)(wildcards))

    return of_wildcards


def code_of_job(function):
    """The source files that decide the job, where a row's loss is one of them."""

    def of_wildcards(wildcards):
        return code(*of_job(function)(wildcards))

    return of_wildcards


def digest_of_job(function):
    """The same by contents: a file that an older one has replaced is noticed, too."""

    def of_wildcards(wildcards):
        return digest(*of_job(function)(wildcards))

    return of_wildcards


def of_gpus(key, number, shares):
    """What a job asks for of GPUs: known once Snakemake knows who runs it."""

    def of_executor(wildcards):
        plugin = workflow.executor_plugin
        executor = plugin.name if plugin else "local"
        return getattr(gpus.asked(config["training"], number, executor, shares), key)

    return of_executor


def gpu(number, shares=False):
    """How many GPUs, or shares of them."""
    return of_gpus("gpu", number, shares)


def gres(number, shares=False):
    """What Slurm is asked for where their type matters, or a share is enough."""
    return of_gpus("gres", number, shares)


def results_folder(wildcards, output):
    """The experiment's folder: the part of it that is above the output's own folder."""
    return os.path.commonpath([RESULTS, output[0]])


def start_found(wildcards):
    """Size and time of change of the file that is started from: another one is noticed, older or not."""
    return digest_of(stamps(beforehand.plain_start(config)))


def evaluated(wildcards):
    """The files that an evaluation asks for, and no other."""
    asked = of_job(jobs.evaluated)(wildcards)
    reads = jobs.reads_array(wildcards.evaluation)
    return {**asked, "array": [f"{ARRAY}.npy"] if reads else []}


def images_drawn(wildcards):
    """What the figures may show of scans: their images in template space and the brain's mask."""
    if not HAS_SCANS:
        return []
    patterns = [
        DERIVATIVES.preproc(image, GRID_MM) for image in (*IMAGES_SHOWN, "mask")
    ]
    return [file for each in patterns for file in per_scan(each)(wildcards)]


def pattern_of_curves(wildcards):
    """Where training curves lie: of all rows, seeds and folds too many for a command line."""
    return RESULTS.curve


def pattern_of(path):
    """A parameter: where files of many trainings lie, likewise."""

    def pattern(wildcards):
        return path

    return pattern


def kept_on_the_way(wildcards, output):
    """The outputs of features after some epochs, and of cosines of pairs, where there are any."""
    found = {name: output.get(name) for name in ("snapshots", "logits")}
    return " ".join(f"--{name} {files}" for name, files in found.items() if files)
