"""How scans were preprocessed, in words: the paragraph for a paper, from the settings themselves.

Every number is taken from the settings, ANTs' among them, or from the counts given;
tests hold that a changed setting changes the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contrage.files import versions
from contrage.imaging.bias import GRID_MM
from contrage.imaging.limits import STEP
from contrage.imaging.quality.misplaced import outer_limits
from contrage.imaging.skull_strip import backend
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.steps.imaging_tables import DescribeStep

REFERENCES = {
    "ANTs": "Avants et al. (2011), NeuroImage 54:2033-2044, doi:10.1016/j.neuroimage.2010.09.025",
    "N4": "Tustison et al. (2010), IEEE Trans Med Imaging 29:1310-1320, "
    "doi:10.1109/TMI.2010.2046908",
    "SyN": "Avants et al. (2008), Med Image Anal 12:26-41, doi:10.1016/j.media.2007.06.004",
    "MNI152": "Fonov et al. (2011), NeuroImage 54:313-327, doi:10.1016/j.neuroimage.2010.07.033",
    "nilearn": "Abraham et al. (2014), Front Neuroinform 8:14, doi:10.3389/fninf.2014.00014",
    "nipype": "Gorgolewski et al. (2011), Front Neuroinform 5:13, doi:10.3389/fninf.2011.00013",
    "normalised convolution": "Knutsson & Westin (1993), Proc. CVPR, 515-523, "
    "doi:10.1109/CVPR.1993.341081",
}
LIMITED = {
    "coverage": "coverage of the template's brain",
    "overlap": "overlap (Dice) with the template",
    "correlation": "correlation with the template",
    "signal": "share of the brain with signal",
    "air": "intensity of the air around the head over the brain's",
    "pose_degrees": "rotation to the template in degrees",
    "scale": "scaling to the template",
    "stretch": "ratio of the scalings along the axes",
    "map_agreement": "overlap (Dice) of map and brain",
    "map_shift_mm": "shift of the map against the brain in mm",
    "map_degrees": "turn of the map against the brain in degrees",
    "map_smoothness": "correlation of neighbouring values of the map",
}


def paragraph(settings: DescribeStep, template: dict) -> tuple[str, list[str]]:
    """Return the text on the steps of preprocessing, and the names of what it cites.

    Parameters
    ----------
    settings : DescribeStep
    template : dict
        `file` and `sha256`.
    """
    texts, cited = [], []
    for part in (_strip, _bias, _register, _resample):
        text, names = part(settings)
        texts.append(text)
        cited += names
    texts.append(_template(template))
    texts.append(_repeats(settings))
    return " ".join(text for text in texts if text), list(dict.fromkeys([*cited, "MNI152"]))


def _image(settings: DescribeStep) -> str:
    names = {"T1w": "T1-weighted image", "magnitude": "magnitude image of the elastography"}
    return names.get(settings.anatomical, "map itself")


def _strip(settings: DescribeStep) -> tuple[str, list[str]]:
    asked, image = settings.skull_strip, _image(settings)
    method = asked.method
    if method == "none":
        return "Images were brain-only; every voxel that is not 0 counts as brain.", []
    if method == "mask":
        return "Brains were taken from the masks that came with the data.", []
    if method == "template":
        pose, refine = settings.ants.pose, settings.ants.refine
        carried = "its mask was carried back"
        if refine is not None:
            carried += f" through a deformation (SyN) at {refine.template_mm} mm"
        return (
            f"The brain was found in each {image} by placing the template's brain in it: an "
            "exhaustive search for the pose, then an affine registration at "
            f"{pose.template_mm} mm ({_linear(pose.ants)}) with ANTs through ANTsPy "
            f"{versions('antspyx')['antspyx']}; {carried}."
        ), ["ANTs", *(["SyN"] if refine is not None else [])]
    used = backend(method)
    cited = [used.reference[0], *(name for name in used.packages if name == "nipype")]
    options = "".join(f", {key} {value}" for key, value in sorted(asked.options.items()))
    through = ", through nipype" if "nipype" in cited else ""
    return f"The skull was stripped from each {image} by {used.words}{options}{through}.", cited


def _bias(settings: DescribeStep) -> tuple[str, list[str]]:
    asked = settings.bias_correction
    target, has_head = asked.target, settings.anatomical is not None
    what = {
        "anatomical": _image(settings) if has_head else "",
        "map": "map",
        "both": f"{_image(settings)} and the map" if has_head else "map",
        "none": "",
    }[target]
    if not what:
        return "No bias field was corrected.", []
    iterations = "/".join(map(str, asked.iterations))
    tail = "" if target == "anatomical" else " N4 changes the values of a quantitative map."
    return (
        f"The bias field of the {what} was estimated by N4 inside the brain at about {GRID_MM:g} "
        f"mm (shrink factor {asked.shrink_factor}, {iterations} iterations) and "
        f"divided out.{tail}"
    ), ["N4"]


def _register(settings: DescribeStep) -> tuple[str, list[str]]:
    asked = settings.registration
    kind = asked.transform
    if kind == "none":
        return "Images lay in MNI152 space already and were not registered.", []
    linear, warp = settings.ants.linear, settings.ants.warp
    first = {"syn": "affine", "affine9": "affine (nine parameters, without shear)"}.get(kind, kind)
    article = "an" if first[0] in "aeiou" else "a"
    text = (
        f"Each brain was registered to MNI152 by {article} {first} transform at "
        f"{linear.template_mm} mm ({_linear(linear.ants)}; quality '{asked.quality}')"
    )
    if kind != "syn":
        return f"{text}.", ["ANTs"]
    levels = "/".join(map(str, warp.ants["reg_iterations"]))
    return (
        f"{text}, then by symmetric normalisation (SyN) at {warp.template_mm} mm "
        f"({warp.ants['syn_metric']} metric, {levels} iterations, gradient step "
        f"{warp.ants['grad_step']:g})."
    ), ["ANTs", "SyN"]


def _linear(ants: dict) -> str:
    iterations, shrink, smooth = (
        "/".join(map(str, ants[key]))
        for key in ("aff_iterations", "aff_shrink_factors", "aff_smoothing_sigmas")
    )
    return (
        f"{ants['aff_metric']} mutual information with {ants['aff_sampling']} bins on "
        f"{ants['aff_random_sampling_rate']:.0%} of the voxels, {iterations} iterations at "
        f"shrink factors {shrink} and smoothing {smooth}"
    )


def _resample(settings: DescribeStep) -> tuple[str, list[str]]:
    how, voxel = settings.registration.interpolation, settings.registration.voxel_mm
    edge = f"Brain and maps were brought to the {voxel:g} mm grid of MNI152 in one {how}"
    edge = _maps(settings) + edge
    told = [(settings.titles[name], unit) for name, unit in settings.units.items() if unit]
    units = "".join(f" {title[0].upper()}{title[1:]} is in {unit}." for title, unit in told)
    if how != "linear":
        return f"{edge} interpolation; masks went by the nearest voxel.{units}", []
    return (
        f"{edge} interpolation, divided by the interpolated support (normalised convolution), so "
        f"that edges are not darkened; masks went by the nearest voxel.{units}"
    ), ["normalised convolution"]


def _maps(settings: DescribeStep) -> str:
    """Return how maps came to the anatomical image, where there are both."""
    if not settings.maps or settings.anatomical != "T1w":
        return ""
    if settings.registration.map_pose == "magnitude":
        return "Maps reached the T1-weighted image by a rigid registration of the MRE magnitude. "
    return "Maps were placed by the scanner's coordinates. "


def _template(template: dict) -> str:
    return (
        f"The template is `{template['file']}` (SHA-256 `{template['sha256']}`), ICBM 152 "
        f"nonlinear 2009a symmetric, as it comes with nilearn {versions('nilearn')['nilearn']}."
        if template["file"].startswith("mni_icbm152_t1_tal_nlin_sym_09a")
        else f"The template is `{template['file']}` (SHA-256 `{template['sha256']}`)."
    )


def _repeats(settings: DescribeStep) -> str:
    return (
        f"Everything ran on one thread with seed {settings.registration.seed}, so that it "
        "can be repeated to the bit on one kind of machine."
    )


def outside(settings: DescribeStep, steps: Iterable[list[dict]]) -> str:
    """Return the sentence on voxels of maps that were no measurement; empty where there were none.

    Parameters
    ----------
    settings : DescribeStep
    steps : iterable of list of dict
        What was done to each scan, as its record lists it.
    """
    done = [step["settings"] for scan in steps for step in scan if step["name"] == STEP]
    texts = []
    for name, action in dict.fromkeys((each["map"], each["action"]) for each in done):
        those = [each for each in done if (each["map"], each["action"]) == (name, action)]
        below, above = (sum(each[way] for each in those) for way in ("below", "above"))
        low, high = (f"{end:g} {settings.units[name]}".strip() for end in those[0]["limits"])
        became = {"background": "set to background", "clip": "set to the nearest limit"}[action]
        maps = f"{len(those)} map{'' if len(those) == 1 else 's'} of the {settings.titles[name]}"
        texts.append(
            f"In {maps}, {below:,} voxels below {low} and {above:,} above "
            f"{high} were {became} before any interpolation."
        )
    return " ".join(texts)


def limits(quality: QualitySettings) -> str:
    """Return the sentence on the limits of quality, with how many missed them not told."""
    parts, action = _limited(vars(quality)), quality.action
    outer = _limited(outer_limits(quality)) if action == "misplaced" else []
    outer = [
        f"size of the {each}" if each.startswith("correlation with") else each for each in outer
    ]
    if not parts:
        return ""
    done = "left out" if action == "exclude" else "flagged"
    text = f"Scans were {done} where one of these held: {', '.join(parts)}."
    return text + (f" They were left out where one of these did: {', '.join(outer)}." * bool(outer))


def _limited(limits: Mapping[str, Any]) -> list[str]:
    """Return the words on every limit, min_ or max_ of a metric."""
    words = {"min": "below", "max": "above"}
    parts = []
    for key, limit in sorted(limits.items()):
        kind, _, name = key.partition("_")
        if kind in words and limit is not None:
            parts.append(f"{LIMITED.get(name, name)} {words[kind]} {limit:g}")
    return parts


def citations(names: list[str], method: str) -> list[str]:
    """Return a line per reference, of a method of skull stripping too."""
    used = backend(method)
    found = REFERENCES | ({used.reference[0]: used.reference[1]} if used else {})
    return [f"{name}: {found[name]}" for name in names]
