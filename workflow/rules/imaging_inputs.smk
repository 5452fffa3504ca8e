"""Which images and settings a job of the imaging stage gets."""


def raw_images(wildcards):
    """The raw images of a scan that this run uses; an empty list for one that it does not."""
    scan = SCANS[wildcards.scan]
    needs_mask = COHORT_SETTINGS["needs_mask"]
    return {
        "anatomical": scan.anatomical if USES_ANATOMICAL else [],
        **{name: (name in MAPS and getattr(scan, name)) or [] for name in names.MAPS},
        "mask": scan.mask if needs_mask else [],
        "magnitude": scan.magnitude if USES_MAGNITUDE else [],
    }


def as_options(files):
    """Files as options of the command line: --name path for each that is there."""
    return " ".join(
        f"--{name.replace('_', '-')} {path}" for name, path in files.items()
    )


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
    folder = Path(workflow.basedir) / "workflow/contrage/imaging/registration"
    return os.path.relpath(folder / f"{registration['quality']}.json")


def template_files():
    """The template's files, where it is not the one that comes with nilearn.

    Their checksums are among the settings: a file that is merely newer is no reason to rerun.
    """
    files = {"template": TEMPLATE.anatomical, "template_mask": TEMPLATE.mask}
    return {name: ancient(str(path)) for name, path in files.items() if path}


def reference_map():
    """The map that is registered, where there is a choice and no anatomical image."""
    return {} if USES_ANATOMICAL or len(MAPS) < 2 else {"reference": MAPS[0]}


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


def preprocess_sidecars():
    """The JSON beside each derivative; the step derives its name from the image's."""
    return {
        f"{name}_sidecar": str(sidecar_of(path))
        for name, path in preprocess_outputs().items()
        if name != "sidecar"
    }


def folders_of_data_sets(wildcards, input):
    """Where raw data and derivatives lie, for addresses in sidecars; taking `input`, untracked."""
    return as_options({"raw": shlex.quote(RAW_FOLDER), "derivatives": DERIVATIVES})


def preprocess_options(wildcards, output):
    return as_options({name: output[name] for name in preprocess_outputs()})


def untracked_on_bad_scan(wildcards, input):
    """Taking `input`, it is no reason to rerun: good scans stay as they are."""
    return config["cohort"]["on_bad_scan"]


def quality_inputs(wildcards):
    """What quality is measured on, and the truth beside it where there is one."""
    place = {"folder": wildcards.folder, "scan": wildcards.scan}
    files = {
        name: pattern.format(**place) for name, pattern in preprocess_outputs().items()
    }
    raw = raw_images(wildcards)
    files |= {name: raw[name] for name in ("anatomical", *MAPS) if raw[name]}
    if IS_PHANTOM:
        truth = f"{TRUTH}/{wildcards.folder}/{wildcards.scan}"
        files["truth_mask"] = f"{truth}_desc-brain_mask.nii.gz"
        files["truth_bias"] = f"{truth}_desc-bias_field.nii.gz"
        files["truth_coverage"] = f"{truth}_desc-coverage_mask.nii.gz"
        files["truth_transform"] = f"{truth}_from-T1w_to-MNI152_xfm.json"
    return files


def quality_options(wildcards, input):
    files = quality_inputs(wildcards)
    return as_options({name: shlex.quote(input[name]) for name in files})
