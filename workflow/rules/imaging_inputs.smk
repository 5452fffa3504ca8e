"""Which images and settings a job of the imaging stage gets."""

TRIES = usable.tries(Path(DERIVATIVES))
PREPROCESSING_NEEDS = skull_strip.needs(
    config["preprocessing"]["skull_strip"]["method"], GRID_MM
)


def raw_images(wildcards):
    """The raw images of a scan that this run uses, those that there are."""
    there = SCANS[wildcards.scan].images
    return {
        option: there[image] for option, image in RAW_IMAGES.items() if image in there
    }


def as_options(files):
    """Files as options of the command line: --name path for each that is there."""
    return " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(str(path))}"
        for name, path in files.items()
    )


def raw_options(wildcards, input):
    return as_options(raw_images(wildcards))


def stated_settings():
    """What the configuration states of the images; nothing where it states nothing."""
    steps = config["preprocessing"]
    stated = {
        "stripped": steps["skull_strip"]["method"] == "none",
        "in_mni": steps["registration"]["transform"] == "none",
    }
    if not any(stated.values()):
        return {}
    return {"stated": stated, "template": TEMPLATE.settings()}


def registration_settings():
    """The data file that holds ANTs' settings of the chosen quality, where ANTs is asked."""
    steps = config["preprocessing"]
    registration = steps["registration"]
    if (
        registration["transform"] == "none"
        and steps["skull_strip"]["method"] != "template"
    ):
        return []
    return [sources.PACKAGE / f"imaging/registration/{registration['quality']}.json"]


def template_files():
    """The template's files, where it is not the one that comes with nilearn.

    Their checksums are among the settings: a file that is merely newer is no reason to rerun.
    """
    files = {"template": TEMPLATE.anatomical, "template_mask": TEMPLATE.mask}
    return {name: ancient(str(path)) for name, path in files.items() if path}


def reference_map():
    """The map that is registered, where there is a choice and no anatomical image."""
    return {} if USES_ANATOMICAL or len(MAPS) < 2 else {"reference": MAPS[0]}


def limits_of_maps():
    """What values the maps of this cohort may have; of others, or without a map, nothing."""
    asked = config["preprocessing"]["limits"]
    kept = {name: asked[name] for name in MAPS}
    return {"limits": kept | {"beyond": asked["beyond"]}} if MAPS else {}


def limits_of_quality():
    """Beyond which a scan is flagged or misplaced; only a T1 must look like the template."""
    asked = config["preprocessing"]["quality"]
    outer = dict(asked["misplaced"])
    if ANATOMICAL != "T1w":
        outer["min_correlation"] = None
    limits = {key: value for key, value in asked.items() if key != "action"}
    return limits | {"misplaced": outer}


def preprocess_outputs():
    """The derivatives of one scan: those that the images of this cohort give."""
    native = f"{DERIVATIVES}/{{folder}}/{ANATOMICAL_FOLDER}/{{scan}}"
    preproc = {
        image: f"{DERIVATIVES}/{names.preproc_file('{scan}', image, GRID_MM)}".replace(
            names.folder("{scan}"), "{folder}", 1
        )
        for image in (ANATOMICAL, *MAPS, "mask")
    }
    outputs = {
        "sidecar": f"{DERIVATIVES}/{{folder}}/{{scan}}_desc-preproc.json",
        "brain_mask": f"{native}_desc-brain_mask.nii.gz",
        "preproc_mask": preproc["mask"],
    }
    if USES_ANATOMICAL:
        outputs["corrected"] = f"{native}_desc-biascorrected_{ANATOMICAL}.nii.gz"
        outputs["preproc_anatomical"] = preproc[ANATOMICAL]
    outputs |= {f"preproc_{name}": preproc[name] for name in MAPS}
    kind = config["preprocessing"]["registration"]["transform"]
    source = ANATOMICAL if USES_ANATOMICAL else MAPS[0]
    transform = f"{DERIVATIVES}/{{folder}}/xfm/{{scan}}_from-{source}_to-MNI152_xfm"
    if kind != "none":
        outputs["transform"] = f"{transform}.mat"
    if USES_MAGNITUDE:
        outputs["map_transform"] = (
            f"{DERIVATIVES}/{{folder}}/xfm/{{scan}}_from-magnitude_to-{ANATOMICAL}_xfm.mat"
        )
    if kind == "syn":
        outputs["warp"] = f"{transform}_warp.nii.gz"
    return outputs


def folders_of_data_sets(wildcards, input):
    """Where raw data and derivatives lie, for addresses in sidecars; taking `input`, untracked."""
    return as_options({"raw": RAW_FOLDER, "derivatives": DERIVATIVES})


def tries_of_scan(wildcards):
    """How often a scan has failed before; another number is a reason to try again."""
    return TRIES.get(wildcards.scan, 0)


def preprocess_options(wildcards, input):
    return f"{raw_options(wildcards, input)} {folders_of_data_sets(wildcards, input)}"


def quality_inputs():
    """What quality is measured on, and the truth beside it where there is one."""
    outputs = preprocess_outputs()
    files = {name: outputs[name] for name in outputs if name != "warp"}
    if IS_PHANTOM:
        truth = f"{TRUTH}/{{folder}}/{{scan}}"
        files["truth_mask"] = f"{truth}_desc-brain_mask.nii.gz"
        files["truth_bias"] = f"{truth}_desc-bias_field.nii.gz"
        files["truth_coverage"] = f"{truth}_desc-coverage_mask.nii.gz"
        files["truth_transform"] = f"{truth}_from-T1w_to-MNI152_xfm.json"
    return files


def raw_for_quality(wildcards):
    """What is compared and drawn beside what was made of it."""
    found = raw_images(wildcards)
    return {name: found[name] for name in ("anatomical", *MAPS) if name in found}


def raw_for_quality_options(wildcards, input):
    return as_options(raw_for_quality(wildcards))


def placeholders(kind, names_of_files):
    """Options of a command, for Snakemake to fill in: --name {input.name:q} for each file."""
    return " ".join(
        f"--{name.replace('_', '-')} {{{kind}.{name}:q}}" for name in names_of_files
    )
