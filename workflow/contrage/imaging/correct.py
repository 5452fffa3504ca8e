"""Second step of preprocessing: take the bias field out of what is inside the brain (N4)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from contrage.files import empty, save_nifti, write_json
from contrage.imaging.images import Image
from contrage.imaging.provenance.sidecars import write_sidecars
from contrage.imaging.recorded import recorded
from contrage.imaging.scan import (
    ScanInStep,
    account,
    carry_out,
    layout,
    load_as_left,
    named,
    read_scan,
    units_of,
)
from contrage.settings.steps.imaging import CorrectStep

log = logging.getLogger(__name__)

STAGE = "correct"
ANY_SEED = 1  # N4 draws nothing


def correct(
    settings: CorrectStep,
    *,
    before: Path,
    brain_mask: Path,
    anatomical: Path | None = None,
    maps: dict[str, Path],
    corrected: Path | None = None,
    corrected_maps: dict[str, Path],
    record: Path,
    raw: Path | None = None,
    derivatives: Path | None = None,
) -> None:
    """Bias-correct what the settings name of one scan; write the images on their own voxels.

    Parameters
    ----------
    settings : CorrectStep
    before : Path
        The record of `strip`.
    brain_mask : Path
        Input: the brain, on the anatomical grid.
    anatomical : Path, optional
        Input: the raw anatomical image.
    maps : dict of str to Path
        Inputs: raw maps by name, where they are corrected.
    corrected : Path, optional
        Output: the brain of the anatomical image, zero outside; corrected where the target says so.
    corrected_maps : dict of str to Path
        Outputs: corrected maps (stiffness in kPa). A map that there is none of is an empty file.
    record : Path
        Output: as of `contrage.imaging.strip.strip`.
    raw, derivatives : Path, optional
        The folders of the two data sets, for addresses in sidecars.
    """
    images = {"corrected": corrected, **named("corrected", corrected_maps)}
    given = {"anatomical": anatomical}

    def work(told: dict[str, Any]) -> None:
        scan = read_scan(settings, given, maps, told["unit_of_input"])
        if settings.bias_correction is not None:
            scan.load_ants(ANY_SEED)
        made = {f"corrected_{name}": _map(scan, name) for name in scan.maps}
        if scan.head is not None:
            order = told["found"]["layout"]["brain_mask"]
            made["corrected"] = _brain(scan, load_as_left(brain_mask, scan.head, order))
        for name, path in images.items():
            if path is not None and name in made:
                save_nifti(path, made[name].array, made[name].affine)
            elif path is not None:
                empty(path)
        done = account(STAGE, scan, told, images)
        done["found"]["layout"] |= {name: layout(image.array) for name, image in made.items()}
        known = {"brain_mask": brain_mask, **images}
        write_sidecars(images, done, units_of(settings), known, raw=raw, derivatives=derivatives)
        write_json(record, done)

    carry_out(STAGE, before, images, record, work)


def _brain(scan: ScanInStep, mask: Image) -> Image:
    """Return the stripped anatomical image, corrected where it is asked for."""
    asked, head, inside = scan.settings.bias_correction, scan.reference, mask.array > 0
    brain = head.with_array(head.array * inside)
    if asked is None or asked.target not in ("anatomical", "both"):
        return brain
    from contrage.imaging.bias import bias_field

    with scan.step("bias correction", recorded(asked)):
        return brain.with_array(brain.array / bias_field(head, inside, asked))


def _map(scan: ScanInStep, name: str) -> Image:
    from contrage.imaging.bias import bias_field

    log.warning(
        "%s: N4 changes quantitative %s (mean, and contrast between regions); "
        "bias_correction.target 'anatomical' leaves the map as measured",
        scan.paths[name],
        name,
    )
    asked, image = scan.settings.bias_correction, scan.maps[name]
    with scan.step("bias correction of the map", recorded(asked)):
        support = image.array > 0
        values = image.array / bias_field(image, support, asked)
        return image.with_array(values * support)
