"""First step of preprocessing: find the brain in the image that is registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.files import save_nifti, write_json
from contrage.imaging.provenance.sidecars import write_sidecars
from contrage.imaging.recorded import own_options, recorded
from contrage.imaging.scan import ScanInStep, account, carry_out, layout, read_scan
from contrage.imaging.skull_strip import packages
from contrage.imaging.skull_strip._find import find_brain
from contrage.imaging.skull_strip._result import Stripped
from contrage.imaging.template.source import as_source
from contrage.settings.steps.imaging import StripStep

STAGE = "strip"


def strip(
    settings: StripStep,
    *,
    before: Path,
    anatomical: Path | None = None,
    maps: dict[str, Path],
    mask: Path | None = None,
    brain_mask: Path,
    record: Path,
    raw: Path | None = None,
    derivatives: Path | None = None,
) -> None:
    """Find the brain of one scan; write its mask and what the next steps start from.

    Parameters
    ----------
    settings : StripStep
    before : Path
        What `contrage.imaging.check` wrote; its unit is used, its failure passed on.
    anatomical, mask : Path, optional
        Inputs: T1 (or magnitude); a brain mask that is given.
    maps : dict of str to Path
        Inputs: maps by name, where there is no anatomical image.
    brain_mask : Path
        Output: the brain, on the voxels of the image that was stripped.
    record : Path
        Output: JSON with status, inputs, settings, what was done; `found` holds the pose, where
        registration starts.
    raw, derivatives : Path, optional
        The folders of the two data sets, for addresses in sidecars.
    """
    images = {"brain_mask": brain_mask}
    given = {"anatomical": anatomical, "mask": mask}

    def work(told: dict[str, Any]) -> None:
        _require_head(settings.skull_strip.method, anatomical, maps)
        scan = read_scan(settings, given, maps, told["unit"])
        stripped = _strip(scan)
        save_nifti(brain_mask, stripped.mask, scan.reference.affine)
        done = account(STAGE, scan, told, images, packages(settings.skull_strip.method))
        pose = None if stripped.pose is None else stripped.pose.tolist()
        done["found"] = {"pose": pose, "layout": {"brain_mask": layout(stripped.mask)}}
        write_sidecars(images, done, {}, raw=raw, derivatives=derivatives)
        write_json(record, done)

    carry_out(STAGE, before, images, record, work)


def _require_head(method: str, anatomical: Path | None, maps: dict[str, Path]) -> None:
    """Refuse what cannot be done without an anatomical image."""
    if anatomical is None and method not in ("mask", "none"):
        raise SettingsError(
            f"{next(iter(maps.values()), None)}: no anatomical image, so skull "
            f"stripping by {method!r} has nothing to work on; set "
            "preprocessing.skull_strip.method to none (or mask)"
        )


def _strip(scan: ScanInStep) -> Stripped:
    asked, fit = scan.settings.skull_strip, scan.settings.registration
    template = scan.settings.template
    source = None if template is None else as_source(template)
    if fit is not None:
        scan.load_ants(fit.seed)
    done = {"method": asked.method, **recorded(own_options(asked))}
    with scan.step("skull strip", done):
        given = scan.paths.get("mask")
        found = find_brain(scan.reference, scan.path, asked, fit, source, given)
        if found.command is not None:
            done |= {"command": found.command, "version": found.version}
        if found.weights is not None:
            done |= {"weights": found.weights}
    return found
