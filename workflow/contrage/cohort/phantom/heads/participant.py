"""The step that writes the phantom: one participant's scans and truth."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contrage.cohort.phantom.heads.acquisition import (
    PROTOCOLS,
    Pose,
    bias_field,
    grid_around,
    make_pose,
    residual_pose,
    rician,
    wanted_coverage,
)
from contrage.cohort.phantom.heads.ageing import Brain, make_brain
from contrage.cohort.phantom.heads.deformation import Displacement, make_thinning, make_ventricles
from contrage.cohort.phantom.heads.head import brain_share, draw_brain, draw_head, make_shells
from contrage.cohort.phantom.heads.plan import PhantomParticipant, plan
from contrage.cohort.phantom.heads.regions import Regions, make_regions
from contrage.cohort.phantom.heads.stiffness import StiffnessMap, acquire, stiffness_field
from contrage.cohort.phantom.heads.template import (
    Grid,
    HeadTemplate,
    apply,
    load_template,
    sample_labels,
)
from contrage.errors import SettingsError
from contrage.files import save_nifti, write_json
from contrage.settings.blocks.phantom import PhantomScanSettings, PhantomSettings

logger = logging.getLogger(__name__)

# One stream of random numbers per purpose: a change to one leaves the others as they are.
_STREAMS = ("brain", "pose", "head", "bias", "noise", "texture", "slab", "rim", "scanner")


@dataclass(frozen=True)
class Acquired:
    """All that is written for one participant."""

    participant: PhantomParticipant
    t1_grid: Grid
    t1: np.ndarray
    mask: np.ndarray
    bias: np.ndarray
    stiffness: StiffnessMap
    pose: Pose
    residual: np.ndarray
    truth: dict


def _streams(settings: PhantomSettings, index: int) -> dict[str, np.random.Generator]:
    return {
        name: np.random.default_rng([settings.seed, index, number])
        for number, name in enumerate(_STREAMS)
    }


def generate(participant: PhantomParticipant, settings: PhantomSettings) -> Acquired:
    """Generate a participant's images and truth in memory.

    Parameters
    ----------
    participant : PhantomParticipant
        Its index, with the settings' seed, decides every random number.
    settings : PhantomSettings

    Returns
    -------
    Acquired
    """
    rng = _streams(settings, participant.index)
    template = load_template()
    brain = make_brain(participant, settings, rng["brain"])
    pose = make_pose(participant.sex, settings, rng["pose"])
    ventricles = make_ventricles(template)
    shift = ventricles.shift_for(brain.ventricle_ml)
    displacement = ventricles.displacement(shift)
    thinning = make_thinning(template, brain.cortex)
    t1_grid, t1, mask, bias = _make_t1(
        participant, settings, template, pose, (displacement, thinning), rng
    )
    regions = make_regions(template)
    field = stiffness_field(brain, regions, thinning, settings.between_subject, rng["texture"])
    residual = residual_pose(rng["slab"])
    stiffness = _make_map(
        participant, settings, regions, field, displacement, residual @ pose.to_scanner, rng
    )
    truth = {
        **_who(participant, brain, settings),
        "anatomy": _anatomy_truth(brain, shift, ventricles.volume(shift), pose),
        "stiffness": _stiffness_truth(brain, regions, displacement, stiffness, residual, pose),
        "pose": {"degrees": pose.degrees, "mm": pose.millimetres},
        "bias_range": [float(bias.min()), float(bias.max())],
    }
    return Acquired(participant, t1_grid, t1, mask, bias, stiffness, pose, residual, truth)


def _who(participant: PhantomParticipant, brain: Brain, settings: PhantomSettings) -> dict:
    return {
        "participant_id": participant.participant_id,
        "age": participant.age,
        "sex": participant.sex,
        "site": participant.site,
        "seed": settings.seed,
        "index": participant.index,
        "brain_age_gap_years": round(brain.gap, 3),
    }


def _anatomy_truth(brain: Brain, shift: float, volume_ml: float, pose: Pose) -> dict:
    return {
        "lateral_ventricles_template_ml": round(volume_ml, 3),
        "lateral_ventricles_ml": round(volume_ml * float(np.linalg.det(pose.scaling)), 3),
        "ventricle_wall_shift_mm": round(shift, 4),
        "cortex_factor": round(brain.cortex, 4),
    }


def _make_t1(
    participant: PhantomParticipant,
    settings: PhantomSettings,
    template: HeadTemplate,
    pose: Pose,
    anatomy: tuple,
    rng: dict[str, np.random.Generator],
) -> tuple[Grid, np.ndarray, np.ndarray, np.ndarray]:
    """Draw head and brain, then bias, noise and the scanner's arbitrary gain."""
    protocol = PROTOCOLS[participant.site]
    shells = make_shells(template, participant.age, settings.between_subject, rng["head"])
    voxel = np.roll(settings.t1_voxel_mm, protocol.roll) * protocol.scale
    # Radiographers adapt the field of view to the head.
    voxel = voxel * rng["scanner"].uniform(0.98, 1.02)
    grid = grid_around(
        apply(pose.to_scanner, shells.head_points()), protocol.t1_axes, tuple(voxel), 5.0
    )
    brain = brain_share(template, grid, pose.to_template)
    image = draw_head(shells, grid, pose.to_template, brain)
    where = brain > 0
    points = apply(pose.to_template, grid.world(where))
    image[where] += draw_brain(points, template, *anatomy)
    bias = bias_field(grid, settings.bias_strength, rng["bias"])
    image = rician(image * bias, 223 * settings.noise, rng["noise"])
    gain = rng["scanner"].uniform(1.5, 6)
    # Whole numbers, as scanners store them; they also compress in half the time.
    return grid, np.round(gain * image).astype(np.float32), brain > 0.5, bias


def _make_map(
    participant: PhantomParticipant,
    settings: PhantomSettings,
    regions: Regions,
    field: np.ndarray,
    displacement: Displacement,
    to_scanner: np.ndarray,
    rng: dict[str, np.random.Generator],
) -> StiffnessMap:
    """Lay the map's grid around the brain and measure on it."""
    protocol = PROTOCOLS[participant.site]
    voxel = tuple(np.array(settings.stiffness_voxel_mm) * protocol.scale)
    points = apply(to_scanner, regions.grid.world(regions.brain))
    grid = grid_around(points, protocol.map_axes, voxel, 8.0, protocol.tilt)
    coverage = wanted_coverage(participant.site, settings.min_coverage, rng["slab"])
    to_template = np.linalg.inv(to_scanner)
    return acquire(field, regions, displacement, grid, to_template, coverage, rng["rim"])


def _stiffness_truth(
    brain: Brain,
    regions: Regions,
    displacement: Displacement,
    stiffness: StiffnessMap,
    residual: np.ndarray,
    pose: Pose,
) -> dict:
    """Average the written map over each region, and say what generated it."""
    covered = stiffness.values > 0
    to_template = np.linalg.inv(residual @ pose.to_scanner)
    points = displacement.pull(apply(to_template, stiffness.grid.world(covered)))
    values = stiffness.values[covered] / 1000
    measured = {}
    labels = sample_labels(regions.labels(), regions.grid, points)
    for number, name in enumerate(regions.weights, start=1):
        inside = labels == number
        measured[name] = round(float(values[inside].mean()), 4) if inside.sum() > 20 else None
    return {
        "unit": "kPa",
        "whole_map_median": round(float(np.median(values)), 4),
        "whole_map_mean": round(float(values.mean()), 4),
        "regions_in_map": measured,
        "regions_generating": {name: round(v, 4) for name, v in brain.stiffness.items()},
        "coverage": round(stiffness.coverage, 4),
    }


def make_participant(
    settings: PhantomScanSettings,
    *,
    anatomical: Path,
    stiffness: Path,
    brain_mask: Path,
    bias_field: Path,
    coverage: Path,
    transform: Path,
    truth: Path,
) -> None:
    """Write one phantom participant: T1 head, stiffness map in Pa, and the truth about them.

    Parameters
    ----------
    settings : PhantomScanSettings
        Which participant of which cohort.
    anatomical, stiffness : Path
        T1-weighted image; stiffness map in Pa, 0 where it has no tissue, on its own grid.
    brain_mask, bias_field : Path
        On the T1's grid: the brain (uint8), the multiplicative field.
    coverage : Path
        On the map's grid: where the map has tissue (uint8).
    transform : Path
        JSON: the affine from the T1's world to MNI152 world (RAS, mm), and its parts.
    truth : Path
        JSON: age, anatomy, regional stiffness.

    Raises
    ------
    SettingsError
        The plan has no such index.
    """
    chosen, index = settings.phantom, settings.index
    people = plan(chosen.participants, chosen.seed)
    if not 0 <= index < len(people):
        raise SettingsError(f"cohort.phantom: no participant {index!r} among {len(people)}")
    scan = generate(people[index], chosen)
    save_nifti(anatomical, scan.t1, scan.t1_grid.affine)
    save_nifti(brain_mask, scan.mask, scan.t1_grid.affine)
    save_nifti(bias_field, scan.bias, scan.t1_grid.affine)
    save_nifti(stiffness, scan.stiffness.values, scan.stiffness.grid.affine)
    save_nifti(coverage, scan.stiffness.values > 0, scan.stiffness.grid.affine)
    write_json(transform, _transform_truth(scan))
    write_json(truth, scan.truth)
    logger.info("%s: %.1f years, %s", *(scan.truth[k] for k in ("participant_id", "age", "site")))


def _transform_truth(scan: Acquired) -> dict:
    return {
        "description": "affine maps T1w world (RAS mm) to MNI152 world: "
        "inverse of rigid @ scaling. The map shares the T1's world but for map_residual, "
        "a movement below 1 mm (T1w world to map world).",
        "affine": scan.pose.to_template.tolist(),
        "rigid": scan.pose.rigid.tolist(),
        "scaling": scan.pose.scaling.tolist(),
        "map_residual": scan.residual.tolist(),
    }
