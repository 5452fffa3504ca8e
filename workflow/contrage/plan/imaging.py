"""Settings of the imaging stage's jobs: of each step what decides its images, and nothing else.

Another interpolation is no setting of skull stripping, a limit of maps none of an anatomical
image's bias field: what a step is not told does not repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import contrage
from contrage import modalities
from contrage.errors import SettingsError
from contrage.layout import Derivatives
from contrage.plan.rows import maps, needs_anatomical, uses_magnitude
from contrage.settings.blocks.bias_correction import BiasCorrectionSettings
from contrage.settings.blocks.quality import QualityLimits, QualitySettings
from contrage.settings.blocks.registration import RegistrationSettings
from contrage.settings.build import build, fields_of
from contrage.settings.steps.imaging import (
    AntsQuality,
    CheckStep,
    CorrectStep,
    MapLimits,
    MapUnit,
    QualityStep,
    RegisterFit,
    RegisterStep,
    StatedSettings,
    StripFit,
    StripMethod,
    StripStep,
    TemplateFiles,
)
from contrage.settings.steps.imaging_tables import DescribeStep, ScreenStep, UsableStep

QUALITIES = Path(contrage.__file__).parent / "resources" / "registration"
OF_A_MAP = ("", "corrected_", "preproc_")
"""What may stand before a map's name, among the files of a step."""
OF_MAPS, ANTS_PARTS = "linear", ("linear", "affine9", "warp")
PARTS = {
    **dict.fromkeys(("affine", "rigid", "similarity"), ("linear",)),
    "affine9": ("linear", "affine9"),
    "syn": ("linear", "warp"),
    "none": (),
}
"""Of ANTs' settings: those of a transform."""
MEMORY_OF_REGISTRATION = {2: 3000, 1: 5000}
"""MiB of a job, by the voxel size of the MNI152 grid in mm."""


def ants_settings(name: str) -> AntsQuality:
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
    stated = json.loads((QUALITIES / f"{name}.json").read_text(encoding="utf-8"))
    return build(AntsQuality, {"refine": None, **stated})


def reference_map(config: dict[str, Any]) -> str | None:
    """Return the map that is registered, where there is a choice and no anatomical image."""
    own = maps(config)
    return None if needs_anatomical(config) or len(own) < 2 else own[0]


def limits_of(names: Iterable[str], config: dict[str, Any]) -> MapLimits:
    """Return what values some maps may have; of those without a key, what their kinds say."""
    asked, kinds = config["preprocessing"]["limits"], {n: modalities.load(n) for n in names}
    usual = {name: kind.plausible for name, kind in kinds.items()}
    of = usual | {name: asked[name] for name in kinds.keys() & asked.keys()}
    units = {name: MapUnit(kind.unit, kind.bids_unit) for name, kind in kinds.items()}
    ends = {name: limits and tuple(limits) for name, limits in of.items()}
    return MapLimits(ends, units, asked["beyond"])


def titles_of(names: Iterable[str]) -> dict[str, str]:
    """Return what maps measure, in words."""
    return {name: modalities.load(name).title for name in names}


def limits_of_maps(config: dict[str, Any]) -> MapLimits | None:
    """Return what values the cohort's maps may have; without a map, None."""
    own = maps(config)
    return limits_of(own, config) if own else None


def check_limits(config: dict[str, Any]) -> None:
    """Raise `SettingsError` where a lower limit of a map is not below its upper one."""
    for name, limits in limits_of(modalities.maps(), config).of.items():
        if limits is not None and not (limits[0] < limits[1] and limits[1] > 0):
            usual = modalities.load(name).plausible
            raise SettingsError(
                f"preprocessing.limits.{name}: {list(limits)} are no limits; give the lower one, "
                f"then the upper one, as in {list(usual)}, or null for none"
            )


def strip_method(config: dict[str, Any]) -> StripMethod:
    """Return the method of skull stripping with its own settings alone."""
    asked = config["preprocessing"]["skull_strip"]
    method = asked["method"]
    return StripMethod(method, asked[method]) if method in asked else StripMethod(method, {})


def check_settings(config: dict[str, Any], template: TemplateFiles) -> CheckStep:
    """Return the settings of `check`; the template where the configuration states something.

    Parameters
    ----------
    config : dict
        The validated configuration.
    template : TemplateFiles
        See `contrage.imaging.template.source.Source.settings`.
    """
    steps = config["preprocessing"]
    stripped = steps["skull_strip"]["method"] == "none"
    in_mni = steps["registration"]["transform"] == "none"
    unit, titles = config["cohort"]["stiffness_unit"], titles_of(maps(config))
    limits = limits_of_maps(config)
    if not (stripped or in_mni):
        return CheckStep(unit, titles, limits, None, None)
    return CheckStep(unit, titles, limits, StatedSettings(stripped, in_mni), template)


def screen_settings(config: dict[str, Any]) -> ScreenStep:
    """Return the settings of `screen`."""
    return ScreenStep(**{key: config["cohort"][key] for key in fields_of(ScreenStep)})


def usable_settings(config: dict[str, Any]) -> UsableStep:
    """Return the settings of `usable`."""
    return UsableStep(config["cohort"]["on_bad_scan"])


def strip_settings(config: dict[str, Any], template: TemplateFiles) -> StripStep:
    """Return the settings of `strip`; as `check_settings`."""
    asked, method = config["preprocessing"]["registration"], strip_method(config)
    limits = reference = None
    if not needs_anatomical(config):
        limits, reference = limits_of_maps(config), reference_map(config)
    if method.method != "template":
        return StripStep(method, limits, reference, None, None)
    ants = ants_settings(asked["quality"])
    fit = StripFit(asked["seed"], ants.pose, ants.refine)
    return StripStep(method, limits, reference, template, fit)


def correct_settings(config: dict[str, Any]) -> CorrectStep:
    """Return the settings of `correct`; those of N4 only where anything is corrected."""
    asked = build(BiasCorrectionSettings, config["preprocessing"]["bias_correction"])
    if asked.target == "none":
        return CorrectStep(None, None, None)
    if asked.target == "anatomical":
        return CorrectStep(asked, None, None)
    return CorrectStep(asked, limits_of_maps(config), reference_map(config))


def register_settings(config: dict[str, Any], template: TemplateFiles) -> RegisterStep:
    """Return the settings of `register`; as `check_settings`."""
    asked = config["preprocessing"]["registration"]
    parts = set(PARTS[asked["transform"]])
    if uses_magnitude(config):
        parts.add(OF_MAPS)
    own = dict.fromkeys(("quality", *ANTS_PARTS))
    if parts:
        ants = ants_settings(asked["quality"])
        own["quality"] = asked["quality"]
        own |= {part: getattr(ants, part) for part in parts}
    kept = {key: asked[key] for key in fields_of(RegisterFit) if key not in own}
    fit = RegisterFit(**kept, **own)
    return RegisterStep(template, fit, limits_of_maps(config), reference_map(config))


def quality_settings(config: dict[str, Any], template: TemplateFiles) -> QualityStep:
    """Return the settings of `quality`; as `check_settings`."""
    asked = _quality(config)
    limits = {key: asked[key] for key in fields_of(QualityLimits)}
    return QualityStep(template, config["cohort"]["image"], build(QualityLimits, limits))


def describe_settings(config: dict[str, Any], template: TemplateFiles) -> DescribeStep:
    """Return what the words on preprocessing are made of: all its settings, ANTs' among them."""
    asked, cohort = config["preprocessing"], config["cohort"]
    return DescribeStep(
        name=cohort["name"],
        anatomical=cohort["anatomical"] if needs_anatomical(config) else None,
        maps=tuple(maps(config)),
        titles=titles_of(maps(config)),
        units={name: modalities.load(name).unit for name in maps(config)},
        template=template,
        skull_strip=strip_method(config),
        bias_correction=build(BiasCorrectionSettings, asked["bias_correction"]),
        registration=build(RegistrationSettings, asked["registration"]),
        ants=ants_settings(asked["registration"]["quality"]),
        quality=build(QualitySettings, _quality(config)),
    )


def _quality(config: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of quality; only a T1 must look like the template."""
    asked = config["preprocessing"]["quality"]
    if config["cohort"]["anatomical"] == "T1w":
        return asked
    return asked | {"misplaced": asked["misplaced"] | {"min_correlation": None}}


def corrects(config: dict[str, Any]) -> bool:
    """Return whether there is anything for `correct` to write: an anatomical image, or maps."""
    return needs_anatomical(config) or corrects_maps(config)


def corrects_maps(config: dict[str, Any]) -> bool:
    """Return whether maps are corrected."""
    return config["preprocessing"]["bias_correction"]["target"] in ("map", "both")


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


def grouped(files: Mapping[str, Any]) -> dict[str, Any]:
    """Return files by the names of a step's parameters: maps are one, whichever they are.

    Parameters
    ----------
    files : mapping of str
        By a name of the step's, or that of a map, alone or after "corrected_" or "preproc_".

    Returns
    -------
    dict
        The same, the maps of one sort as a mapping under "maps", "corrected_maps", "preproc_maps".
    """
    found = {name: file for name, file in files.items() if not _of_a_map(name)}
    for before in OF_A_MAP:
        own = [name for name in modalities.maps() if f"{before}{name}" in files]
        if own:
            found[f"{before}maps"] = {name: files[f"{before}{name}"] for name in own}
    return found


def _of_a_map(name: str) -> bool:
    return any(name == f"{before}{each}" for before in OF_A_MAP for each in modalities.maps())


def as_options(files: Mapping[str, str]) -> str:
    """Return files, quoted, as options of a step: ``--name FILE … --maps NAME=FILE NAME=FILE``.

    Parameters
    ----------
    files : mapping of str to str
        As of `grouped`.
    """
    words = []
    for name, file in grouped(files).items():
        several = isinstance(file, dict)
        stated = [f"{each}={path}" for each, path in file.items()] if several else [file]
        words += [f"--{name.replace('_', '-')}", *stated]
    return " ".join(words)


def measured_images(config: dict[str, Any], files: Derivatives) -> dict[str, str]:
    """Return what quality is measured on, of all that the steps make of a scan."""
    found = {"brain_mask": files.native_mask(config["cohort"]["anatomical"])}
    if needs_anatomical(config):
        found["corrected"] = files.corrected(config["cohort"]["anatomical"])
    found |= registered_images(config, files)
    return {name: path for name, path in found.items() if name != "warp"}
