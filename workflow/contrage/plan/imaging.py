"""Settings of the imaging stage's jobs: of each step what decides its images, and nothing else.

Another interpolation is no setting of skull stripping, a limit of maps none of an anatomical
image's bias field: what a step is not told does not repeat it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import contrage
from contrage.errors import SettingsError
from contrage.imaging import skull_strip
from contrage.layout import Derivatives
from contrage.plan.rows import maps, needs_anatomical, uses_magnitude

QUALITIES = Path(contrage.__file__).parent / "resources" / "registration"
OF_STRIPPING, OF_MAPS = ("pose", "refine"), "linear"
PARTS = {"affine9": ("linear", "affine9"), "syn": ("linear", "warp"), "none": ()}
MEMORY_OF_REGISTRATION = {2: 3000, 1: 5000}
"""MiB of a job, by the voxel size of the MNI152 grid in mm."""


def ants_settings(name: str) -> dict[str, Any]:
    """Read ANTs' settings of a quality (resources/registration/<name>.json).

    Raises
    ------
    SettingsError
        There is no such file.
    """
    names = sorted(file.stem for file in QUALITIES.glob("*.json"))
    if name not in names:
        raise SettingsError(
            f"preprocessing.registration.quality: no quality {name!r}; choose {', '.join(names)}"
        )
    return json.loads((QUALITIES / f"{name}.json").read_text(encoding="utf-8"))


def reference_map(config: dict[str, Any]) -> dict[str, str]:
    """Return the map that is registered, where there is a choice and no anatomical image."""
    own = maps(config)
    return {} if needs_anatomical(config) or len(own) < 2 else {"reference": own[0]}


def limits_of_maps(config: dict[str, Any]) -> dict[str, Any]:
    """Return what values the cohort's maps may have; of others, or without a map, nothing."""
    asked, own = config["preprocessing"]["limits"], maps(config)
    kept = {name: asked[name] for name in own}
    return {"limits": kept | {"beyond": asked["beyond"]}} if own else {}


def strip_settings(config: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of `strip`.

    Parameters
    ----------
    config : dict
        The validated configuration.
    template : dict
        See `contrage.imaging.template.source.Source.settings`.
    """
    asked = config["preprocessing"]
    found = {"skull_strip": skull_strip.used(asked["skull_strip"])}
    if not needs_anatomical(config):
        found |= limits_of_maps(config) | reference_map(config)
    if found["skull_strip"]["method"] != "template":
        return found
    ants = ants_settings(asked["registration"]["quality"])
    fit = {part: ants[part] for part in OF_STRIPPING if part in ants}
    fit["seed"] = asked["registration"]["seed"]
    return found | {"template": template, "registration": fit}


def correct_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of `correct`; those of N4 only where anything is corrected."""
    asked = config["preprocessing"]["bias_correction"]
    if asked["target"] == "none":
        return {"bias_correction": {"target": "none"}}
    if asked["target"] == "anatomical":
        return {"bias_correction": asked}
    return {"bias_correction": asked} | limits_of_maps(config) | reference_map(config)


def register_settings(config: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of `register`; as `strip_settings`."""
    asked = dict(config["preprocessing"]["registration"])
    parts = set(PARTS.get(asked["transform"], (OF_MAPS,)))
    if uses_magnitude(config):
        parts.add(OF_MAPS)
    quality = asked.pop("quality")
    if parts:
        ants = ants_settings(quality)
        asked |= {"quality": quality, **{part: ants[part] for part in sorted(parts)}}
    return {
        "template": template,
        "registration": asked,
        **limits_of_maps(config),
        **reference_map(config),
    }


def corrects(config: dict[str, Any]) -> bool:
    """Return whether there is anything for `correct` to write: an anatomical image, or maps."""
    return needs_anatomical(config) or corrects_maps(config)


def corrects_maps(config: dict[str, Any]) -> bool:
    """Return whether maps are corrected."""
    return config["preprocessing"]["bias_correction"]["target"] in ("map", "both")


def described(config: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    """Return what the words on preprocessing are made of: all its settings, ANTs' among them."""
    asked = config["preprocessing"]
    registration = asked["registration"]
    ants = ants_settings(registration["quality"])
    return asked | {"template": template, "registration": registration | {"ants": ants}}


def corrected_images(config: dict[str, Any], files: Derivatives) -> dict[str, str]:
    """Return what `correct` writes, on its own voxels, by the step's names."""
    found = {}
    if needs_anatomical(config):
        found["corrected"] = files.corrected(config["cohort"]["anatomical"])
    for name in maps(config) if corrects_maps(config) else ():
        found[f"corrected_{name}"] = files.corrected(name)
    return found


def registered_images(config: dict[str, Any], files: Derivatives) -> dict[str, str]:
    """Return what `register` writes: images on the grid of MNI152, and the transforms to it."""
    asked, head = config["preprocessing"]["registration"], config["cohort"]["anatomical"]
    has_head, own = needs_anatomical(config), maps(config)
    found = {"preproc_mask": files.preproc("mask", asked["voxel_mm"])}
    if has_head:
        found["preproc_anatomical"] = files.preproc(head, asked["voxel_mm"])
    found |= {f"preproc_{name}": files.preproc(name, asked["voxel_mm"]) for name in own}
    source = head if has_head else own[0]
    if asked["transform"] != "none":
        found["transform"] = files.transform(source)
    if uses_magnitude(config):
        found["map_transform"] = files.transform("magnitude", head)
    if asked["transform"] == "syn":
        found["warp"] = files.transform(source, ending="_warp.nii.gz")
    return found


def measured_images(config: dict[str, Any], files: Derivatives) -> dict[str, str]:
    """Return what quality is measured on, of all that the steps make of a scan."""
    found = {"brain_mask": files.native_mask(config["cohort"]["anatomical"])}
    if needs_anatomical(config):
        found["corrected"] = files.corrected(config["cohort"]["anatomical"])
    found |= registered_images(config, files)
    return {name: path for name, path in found.items() if name != "warp"}
