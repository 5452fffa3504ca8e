"""Which images and settings a job of the imaging stage gets."""

from contrage.imaging import skull_strip, usable
from contrage.plan import imaging as imaging_plan

RAW_FOLDER = str(RAW) if IS_PHANTOM else config["cohort"]["path"]
TEMPLATE = COHORT.template.settings()
CHECKED = imaging_plan.check_settings(config, TEMPLATE)
TRIES = usable.tries(Path(DERIVATIVES))
STRIP_NEEDS = skull_strip.needs(config["preprocessing"]["skull_strip"]["method"])
BRAIN_MASK = DERIVATIVES.native_mask(ANATOMICAL)
CORRECTED = imaging_plan.corrected_images(config, DERIVATIVES)
REGISTERED = imaging_plan.registered_images(config, DERIVATIVES)
MEASURED = imaging_plan.measured_images(config, DERIVATIVES)
TRUE_IMAGES = {}
if IS_PHANTOM:
    TRUE_IMAGES = {
        "truth_mask": RAW.brain_mask,
        "truth_bias": RAW.bias_field,
        "truth_coverage": RAW.coverage,
        "truth_transform": RAW.transform,
    }


def raw_images(wildcards):
    """The raw images of a scan that this run uses, those that there are."""
    there = SCANS[wildcards.scan].images
    asked = COHORT.raw_images.items()
    return {option: there[image] for option, image in asked if image in there}


def as_options(files):
    """Files as options of the command line, for each that is there."""
    quoted = {name: shlex.quote(str(path)) for name, path in files.items()}
    return imaging_plan.as_options(quoted)


def raw_options(wildcards, input):
    return as_options(raw_images(wildcards))


def template_files():
    """The template's files, where it is not the one that comes with nilearn.

    Their checksums are among the settings: a file that is merely newer is no reason to rerun.
    """
    files = {
        "template": COHORT.template.anatomical,
        "template_mask": COHORT.template.mask,
    }
    return {name: ancient(str(path)) for name, path in files.items() if path}


def template_for_strip():
    """The same for the one method that takes a template."""
    method = config["preprocessing"]["skull_strip"]["method"]
    return template_files() if method == "template" else {}


def some_raw(wildcards, kinds):
    """Those of a scan's raw images that a step reads."""
    found = raw_images(wildcards)
    return {name: found[name] for name in kinds if name in found}


def raw_for_strip(wildcards):
    """The image that is stripped, and the mask that is given."""
    return some_raw(wildcards, [*(["anatomical"] if USES_ANATOMICAL else MAPS), "mask"])


def raw_for_correct(wildcards):
    """The anatomical image, and the maps where these are corrected."""
    maps = MAPS if imaging_plan.corrects_maps(config) else []
    return some_raw(wildcards, ["anatomical", *maps])


def raw_for_register(wildcards):
    """The images that are brought to MNI152, and what their headers are read from."""
    return some_raw(wildcards, ["anatomical", *MAPS, "magnitude"])


def maps_for_correct(wildcards):
    """Those of them that no earlier step read: its record stands for the anatomical image."""
    found = raw_for_correct(wildcards)
    return {name: path for name, path in found.items() if name != "anatomical"}


def maps_for_register(wildcards):
    """Those of them that no earlier step read: its record stands for the anatomical image."""
    found = raw_for_register(wildcards)
    return {name: path for name, path in found.items() if name != "anatomical"}


def raw_for_quality(wildcards):
    """What is compared and drawn beside what was made of it."""
    return some_raw(wildcards, ["anatomical", *MAPS])


def options_of(raw):
    """Options of a step: its raw images, and the folders of the two data sets."""

    def options(wildcards, input):
        folders = {"raw": RAW_FOLDER, "derivatives": str(DERIVATIVES)}
        return as_options({**raw(wildcards), **folders})

    return options


def folders_of_data_sets(wildcards, input):
    """Where raw data and derivatives lie, for addresses in sidecars; taking `input`, untracked."""
    return as_options({"raw": RAW_FOLDER, "derivatives": str(DERIVATIVES)})


def quality_options(wildcards, input):
    """Raw images, and those that preprocessing made of them: its record stands for them."""
    made = {name: path.format(**wildcards) for name, path in MEASURED.items()}
    return as_options({**raw_for_quality(wildcards), **made})


def tries_of(step):
    """How often a scan has failed in a step; another number is a reason to try it again."""

    def tries_of_scan(wildcards):
        return TRIES.get(wildcards.scan, {}).get(step, 0)

    return tries_of_scan


def placeholders(kind, names_of_files):
    """Options of a command, for Snakemake to fill in: --name {input.name:q} for each file."""
    return imaging_plan.as_options(
        {name: f"{{{kind}.{name}:q}}" for name in names_of_files}
    )
