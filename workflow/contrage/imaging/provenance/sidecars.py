"""A sidecar beside every derivative: what it is, after BIDS, and exactly how it came about.

An image is written first and its sidecar after it; sidecars of an earlier run are removed before
anything is written. So a sidecar that is there always describes the image beside it, whenever a
job was killed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contrage.bids import link, sidecar_of, suffix, uri
from contrage.files import reading, write_json
from contrage.imaging.limits import STEP as LIMITS
from contrage.imaging.recorded import template_in
from contrage.imaging.template.source import NILEARN_FILE, Source

STEPS = {
    LIMITS: ("map", "contrage.imaging.limits.mended"),
    "skull strip": ("mask", "contrage.imaging.skull_strip._find.find_brain"),
    "bias correction": ("brain", "contrage.imaging.bias.bias_field"),
    "bias correction of the map": ("map", "contrage.imaging.bias.bias_field"),
    "registration": ("transform", "contrage.imaging.space.mni.estimate"),
    "magnitude to anatomical": (
        "map transform",
        "contrage.imaging.space.map_pose.magnitude_to_anatomical",
    ),
    "to MNI152": ("grid", "contrage.imaging.space.carry.warp_within"),
}
"""Steps: what each decides, and the function that does it. One that is not here decides all."""

NEEDS = {
    "brain_mask": {"mask"},
    "corrected": {"mask", "brain"},
    "transform": {"mask", "brain", "transform"},
    "warp": {"mask", "brain", "transform"},
    "map_transform": {"mask", "brain", "map transform"},
    "preproc_anatomical": {"mask", "brain", "transform", "grid"},
    "preproc_mask": {"mask", "brain", "transform", "grid"},
}
"""Outputs: what each needs decided. One that is not here needs all: so do the maps."""

SOURCES = {
    "brain_mask": ("mask", "reference"),
    "corrected": ("anatomical", "brain_mask"),
    "transform": ("corrected", "reference"),
    "warp": ("corrected", "reference", "transform"),
    "map_transform": ("corrected", "magnitude"),
    "preproc_mask": ("brain_mask", "transform", "warp"),
    "preproc_anatomical": ("corrected", "anatomical", "brain_mask", "transform", "warp"),
}
"""Outputs: the inputs and outputs that each is made of. A map is made of its raw map."""

MAP = "corrected_"
"""Before the name of a map: what N4 made of it."""

DESCRIPTIONS = {
    "brain_mask": "Brain mask, on the voxels of the image that was stripped",
    "corrected": "Brain with the bias field divided out, zero outside the mask",
    "transform": "ITK affine: the points of MNI152 (LPS, mm) to those of the scan; "
    "resampling a scan's image onto MNI152 uses it as it is",
    "warp": "ITK displacement field on MNI152 (LPS, mm): moves its points before the affine takes "
    "them to the scan",
    "map_transform": "ITK affine: the points of the anatomical image (LPS, mm) to those of the "
    "magnitude and the maps",
    "preproc_mask": "Brain mask, resampled to MNI152",
    "preproc_anatomical": "Brain with the bias field divided out, resampled to MNI152",
}
TEMPLATES = {NILEARN_FILE: "http://www.bic.mni.mcgill.ca/ServicesAtlases/ICBM152NLin2009"}
"""Where BIDS says that a template is described (here MNI152NLin2009aSym), by its file."""
TEMPLATEFLOW = "https://templateflow.s3.amazonaws.com"
UNITS = {"T1w": "arbitrary", "magnitude": "arbitrary"}
CORRECTED_MAP = "Map with a bias field divided out, on its own voxels"
NO_MAPS = ("anatomical", "mask", "magnitude")
"""Inputs of the steps; all others are maps."""


def clear_sidecars(images: list[Path]) -> None:
    """Remove the sidecars of an earlier run."""
    for path in images:
        sidecar_of(path).unlink(missing_ok=True)


def write_sidecars(
    outputs: Mapping[str, Path | None],
    record: dict,
    units: Mapping[str, str],
    known: Mapping[str, Path | None] | None = None,
    *,
    raw: Path | None = None,
    derivatives: Path | None = None,
) -> None:
    """Write the JSON beside every output of a step that came through.

    Parameters
    ----------
    outputs : mapping of str to Path or None
        Images and transforms that were written, by their names in the step; None where one is not
        wanted. An empty file is an image that there is none of.
    record : dict
        What `contrage.imaging.scan.account` returns.
    units : mapping of str to str
        What `Units` of a map's sidecar says, by the map's name.
    known : mapping of str to Path or None, optional
        All derivatives of the scan so far, which outputs may be made of; by default the outputs.
    raw, derivatives : Path, optional
        Folders of the data sets that inputs and outputs belong to; files are addressed inside
        them.
    """
    there = _there(outputs)
    full = {name: path for name, path in _there(known or outputs).items() if path.stat().st_size}
    roots = {"": derivatives, "raw": raw}
    roots = {name: root for name, root in roots.items() if root is not None}
    for name, path in there.items():
        if name in full:
            write_json(sidecar_of(path), sidecar(name, full, record, units, roots))
        else:
            lacking = {"status": "absent", "stage": record["stage"]}
            write_failures([path], {**lacking, "reason": "no such image given"})


def _there(files: Mapping[str, Path | None]) -> dict[str, Path]:
    return {name: path for name, path in files.items() if path is not None and path.is_file()}


def write_failures(images: list[Path], record: dict) -> None:
    """Write, beside the empty images of a scan that failed, why they are empty."""
    content = {"Description": f"No image ({record['stage']}): {record['reason']}"}
    for path in images:
        write_json(sidecar_of(path), {**content, "contrage": record})


def sidecar(
    name: str,
    outputs: dict[str, Path],
    record: dict,
    units: Mapping[str, str],
    roots: dict[str, Path],
) -> dict:
    """Return what is told about one derivative.

    Parameters
    ----------
    name : str
        Its name in `outputs`.
    outputs : dict of str to Path
        All derivatives of the scan that there are.
    record : dict
        The scan's record.
    units : mapping of str to str
        As of `write_sidecars`.
    roots : dict of str to Path
        Data sets by name, as `contrage.bids.uri` takes them.

    Returns
    -------
    dict
        Keys of BIDS derivatives, and `contrage`: steps with functions and parameters, inputs,
        template, versions, checksums, seed, threads and seconds of this derivative alone.
    """
    path, inputs = outputs[name], record["inputs"]
    files = {key: Path(each["path"]) for key, each in inputs.items()} | outputs
    steps = [told(step) for step in record["steps"] if _led_to(name, step, reference_of(record))]
    made_of = [uri(files[each], roots) for each in sources(name, files, reference_of(record))]
    place = spatial_reference(template_in(record), roots.get("", Path()))
    copied = ("status", "seed", "threads", "settings", "template", "versions", "platform", "found")
    return {
        **_bids_keys(name, path, made_of, place, {**UNITS, **units}),
        "contrage": {
            "output": {"path": uri(path, roots), "sha256": record["outputs"][name]},
            "inputs": {
                key: {"path": uri(files[key], roots), "sha256": each["sha256"]}
                for key, each in inputs.items()
            },
            "steps": steps,
            "seconds": round(sum(step["seconds"] for step in steps), 3),
            **{key: record[key] for key in copied if key in record},
        },
    }


def told(step: dict) -> dict:
    """Return a step with the full name of its function in front."""
    _, function = STEPS.get(step["name"], (None, None))
    return {"name": step["name"], **({"function": function} if function else {}), **step}


def reference_of(record: dict) -> str:
    """Return which image of a scan was stripped and registered: the anatomical one, or a map."""
    maps = [name for name in record["inputs"] if name not in NO_MAPS]
    first = record["settings"].get("reference")
    return "anatomical" if "anatomical" in record["inputs"] else first if first in maps else maps[0]


def _led_to(name: str, step: dict, reference: str) -> bool:
    part, _ = STEPS.get(step["name"], (None, None))
    if name.startswith(MAP):
        return part in (None, "map")
    of = step["settings"].get("map")
    if of is not None and name != f"preproc_{of}":  # done to one map alone
        return of == reference
    if part == "map" and reference != "anatomical":
        part = "brain"  # the map itself is registered, corrected
    return part is None or name not in NEEDS or part in NEEDS[name]


def sources(name: str, files: Mapping[str, Path], reference: str = "anatomical") -> list[str]:
    """Return the inputs and outputs that a derivative is made of, directly.

    Parameters
    ----------
    name : str
        The derivative.
    files : mapping of str to Path
        All inputs and outputs that there are.
    reference : str
        Which image was stripped and registered.
    """
    if name.startswith(MAP):
        return [each for each in (name.removeprefix(MAP),) if each in files]
    own = name.removeprefix("preproc_")
    wanted = SOURCES.get(name, (own, "brain_mask", "transform", "warp", "map_transform"))
    found = [reference if each == "reference" else each for each in wanted]
    if name not in ("brain_mask", "corrected"):  # they come before any map is corrected
        found = [f"{MAP}{each}" if f"{MAP}{each}" in files else each for each in found]
    if "corrected" in found and "corrected" in files:
        found = [each for each in found if each != "anatomical"]
    return [each for each in dict.fromkeys(found) if each in files]


def spatial_reference(template: Source, base: Path) -> str:
    """Return a template's address as BIDS asks for it: a URI, or a path from the data set's folder.

    Parameters
    ----------
    template : Source
        Its file has the address of its description or of its archive where there is one.
    base : Path
        The folder of the derivatives.
    """
    file = template.path
    if file.name in TEMPLATES:
        return TEMPLATES[file.name]
    if template.name == "files":
        return link(file, base)
    return f"{TEMPLATEFLOW}/{file.parent.name}/{file.name}"


def _bids_keys(
    name: str, path: Path, made_of: list[str], reference: str, units: Mapping[str, str]
) -> dict:
    """Return the keys that BIDS has for such a file."""
    kind = suffix(path)
    where = "resampled to MNI152" if "_space-" in path.name else "on its own voxels"
    of_map = CORRECTED_MAP if name.startswith(MAP) else f"{kind} inside the brain, {where}"
    keys = {"Description": DESCRIPTIONS.get(name, of_map), "Sources": made_of}
    if name in ("transform", "warp", "map_transform"):
        return keys
    if "_space-" in path.name:
        keys["SpatialReference"] = reference
        keys["Resolution"] = _grid(path)
    elif made_of:
        keys["SpatialReference"] = "orig"
    if kind == "mask":
        return {**keys, "Type": "Brain"}
    keys["SkullStripped"] = True
    return {**keys, "Units": units[kind]} if kind in units else keys


def _grid(path: Path) -> str:
    import nibabel as nib

    with reading(path):
        header = nib.load(path).header
    voxel = " x ".join(f"{edge:g}" for edge in header.get_zooms()[:3])
    return f"{' x '.join(map(str, header.get_data_shape()[:3]))} voxels of {voxel} mm"
