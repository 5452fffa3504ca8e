"""Input and parameter functions: which files and settings a job gets."""

from snakemake.io import strip_wildcard_constraints

INDEX = {scan: index for index, scan in enumerate(SCANS)}


def phantom_settings(wildcards):
    return as_json(index=INDEX[wildcards.scan], **config["cohort"]["phantom"])


def cohort_tables(wildcards):
    """The tables that a cohort is read from, so that an edit of them is noticed."""
    return tables_of(COHORT_SETTINGS, COHORT)


def what_was_found(wildcards):
    """Scans, who is left out, and what stands in the tables: other ones are noticed."""
    return FOUND.of_cohort()


def what_was_found_of_scan(wildcards):
    """Size and time of change of a scan's raw images: any other file is noticed, older or not."""
    return FOUND.images[wildcards.scan]


def what_was_found_of_all(wildcards):
    """The same of the images, or prepared arrays, of all scans."""
    return FOUND.of_images()


def what_was_found_of_tables(wildcards):
    """What stands in the cohort's tables."""
    return FOUND.of_tables()


def list_of_reader(wildcards):
    """What stands in the reader's list of scans to leave out."""
    return digest_of(contents([config["cohort"]["exclude"] or ""]))


def scans_of_training(wildcards):
    """The experiment's scans; of a null row those with the fold's training ages permuted."""
    if wildcards.row in NULL_ROWS:
        return NULL_AGES.format(seed=wildcards.seed, fold=wildcards.fold)
    return rules.select.output.selected


def scans_of_probe(wildcards):
    """The same for a probe of all seeds and folds: one table, or one for each."""
    if wildcards.row in NULL_ROWS:
        return expand(NULL_AGES, seed=SEEDS, fold=FOLDS)
    return rules.select.output.selected


def training_settings(wildcards):
    """What one training is asked for; nothing else, so that other edits do not retrain it."""
    stops_early = config["training"]["early_stop"]
    return as_json(
        row=wildcards.row,
        seed=int(wildcards.seed),
        loss=experiment.loss_settings(config, wildcards.row),
        training={
            key: value
            for key, value in config["training"].items()
            if key not in ("seeds", "start_from")
        },
        dataset={
            "form": FORM,
            **{
                key: config["dataset"][key]
                for key in ("normalisation", "field_of_view")
            },
        },
        snapshot_epochs=WATCHED_EPOCHS if is_watched(wildcards) else [],
        **({"probe": {"alphas": config["probe"]["alphas"]}} if stops_early else {}),
    )


def is_watched(wildcards):
    """Whether the report draws the features of this training after several epochs."""
    first = int(wildcards.seed) == SEEDS[0] and int(wildcards.fold) == 0
    return first and wildcards.row in WATCHED_ROWS


def rows_without_head():
    """The losses of all rows, where these get the features themselves."""
    if config["training"]["head"]:
        return {}
    return {row: experiment.loss_settings(config, row) for row in ALL_ROWS}


def localised_rows():
    """The schedules of dynlocrep's rows, as far as they are known before the first job."""
    rows = [row for row in ALL_ROWS if NULL_ROWS.get(row, row) not in SEARCHED_ROWS]
    settings = {row: experiment.loss_settings(config, row) for row in rows}
    decides = ("loss", "formulation", "nn_final", "nn_step_size", "max_epochs")
    return {
        row: {key: value for key, value in each.items() if key in decides}
        for row, each in settings.items()
        if each["loss"] == experiment.ABLATED
    }


def training_code(wildcards):
    """The loop, the row's loss and the encoder: no other loss or encoder retrains it."""
    return code(*training_modules(wildcards))


def training_digest(wildcards):
    """The same by contents: a file that an older one has replaced is noticed, too."""
    return digest(*training_modules(wildcards))


def training_modules(wildcards):
    loss = experiment.loss_settings(config, wildcards.row)["loss"]
    encoder = encoders.module(config["training"]["encoder"])
    return "contrage.learning.train", f"contrage.losses.{loss}", encoder


def planned_benchmarks():
    """Where the rules so far write what jobs took, with the rows, seeds and folds of this run."""
    own = {"row": ALL_ROWS, "seed": SEEDS, "fold": FOLDS}
    own["ages"] = ["given", *(["permuted"] if NULL_ROWS else [])]
    searched = {
        **own,
        "row": SEARCHED_ROWS,
        "seed": SEARCHED_SEEDS,
        "draw": list(DRAWS),
    }
    found = {}
    for each in workflow.rules:
        of = {"results": f"{RESULTS}/", "derivatives": f"{DERIVATIVES}/"}
        for name, folder in of.items() if each.benchmark else ():
            file = strip_wildcard_constraints(str(each.benchmark))
            if file.startswith(folder):
                values = searched if each.name.startswith("search_") else own
                file = file.removeprefix(folder)
                asked = {key: values[key] for key in values if f"{{{key}}}" in file}
                found[file] = {"of": name, "file": file, **asked}
    return [found[file] for file in sorted(found)]


def page_files():
    """The page's template and style."""
    folder = Path(workflow.basedir) / "workflow/contrage/report"
    return sorted(os.path.relpath(path) for path in folder.glob("*.html")) + sorted(
        os.path.relpath(path) for path in folder.glob("*.css")
    )


def quality_page_files():
    """The template, style and script of the quality page, and the head and style that it shares."""
    folder = Path(workflow.basedir) / "workflow/contrage/report"
    own = sorted(
        path for path in (folder / "quality").iterdir() if path.suffix != ".py"
    )
    files = [path for path in own if path.is_file()]
    shared = [folder / "head.html", folder / "style.css"]
    return [os.path.relpath(path) for path in [*files, *shared]]


def folder_of_derivatives(wildcards):
    """The cohort's derivatives."""
    return DERIVATIVES


def folder_of_table(wildcards, input):
    """The cohort's derivatives, in which its table of scans lies."""
    return os.path.dirname(input.scans)


def results_folder(wildcards, output):
    """The experiment's folder: the part of it that is above the output's own folder."""
    return os.path.commonpath([RESULTS, output[0]])
