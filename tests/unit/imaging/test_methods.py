"""The paragraph for a paper says what the settings say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from imaging_steps import described, quality_limits

from contrage.imaging.provenance.methods import citations, limits, paragraph
from contrage.plan.imaging import ants_settings
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.steps.imaging_tables import DescribeStep

TEMPLATE = {"file": "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz", "sha256": "ab12"}
BLOCKS = {
    "bias_correction": {"target": "anatomical", "shrink_factor": 3, "iterations": [17, 13]},
    "registration": {"transform": "affine", "quality": "testing", "seed": 77},
}


def settings(**changes: Any) -> DescribeStep:
    """Return what the paragraph is made of, with some blocks of the settings changed."""
    blocks = {name: {**BLOCKS.get(name, {}), **change} for name, change in changes.items()}
    return described(["stiffness"], **{**BLOCKS, **blocks})


def text(**changes: Any) -> str:
    """Return the paragraph."""
    return paragraph(settings(**changes), TEMPLATE)[0]


def test_numbers_come_from_the_settings():
    told = text()
    assert "shrink factor 3, 17/13 iterations" in told
    assert "seed 77" in told and "one thread" in told
    assert "SHA-256 `ab12`" in told


@pytest.mark.parametrize("quality", ["testing", "precise"])
@pytest.mark.parametrize("part", ["pose", "linear"])
def test_numbers_of_the_registration_come_from_its_quality(quality, part):
    asked = getattr(ants_settings(quality), part)
    told = text(registration={"quality": quality})
    iterations = "/".join(map(str, asked.ants["aff_iterations"]))
    assert f"at {asked.template_mm} mm ({asked.ants['aff_metric']}" in told
    assert f"{asked.ants['aff_sampling']} bins" in told
    assert f"{asked.ants['aff_random_sampling_rate']:.0%}" in told
    assert f"{iterations} iterations" in told


@pytest.mark.parametrize(
    ("block", "change", "expected"),
    [
        ("skull_strip", {"method": "none"}, "brain-only"),
        ("skull_strip", {"method": "mask"}, "masks that came with the data"),
        (
            "skull_strip",
            {"method": "bet", "bet": {"frac": 0.31}},
            "BET of FSL, frac 0.31, robust True, through nipype",
        ),
        ("bias_correction", {"target": "none"}, "No bias field was corrected"),
        ("bias_correction", {"target": "both"}, "and the map was estimated by N4"),
        ("bias_correction", {"target": "map"}, "N4 changes the values of a quantitative map"),
        ("registration", {"transform": "none"}, "were not registered"),
        ("registration", {"transform": "rigid"}, "by a rigid transform"),
        ("registration", {"transform": "syn"}, "symmetric normalisation (SyN) at 4 mm"),
        ("registration", {"transform": "affine9"}, "an affine (nine parameters, without shear)"),
        ("registration", {"map_pose": "magnitude"}, "rigid registration of the MRE magnitude"),
        ("registration", {"voxel_mm": 1}, "1 mm grid"),
        ("registration", {"interpolation": "lanczos"}, "one lanczos interpolation"),
    ],
)
def test_each_choice_is_told(block, change, expected):
    assert expected in text(**{block: change})


def test_another_image_is_told():
    asked = replace(settings(), anatomical="magnitude")
    assert "magnitude image of the elastography" in paragraph(asked, TEMPLATE)[0]


def test_what_was_not_done_is_not_told():
    told = text(registration={"transform": "none"}, bias_correction={"target": "none"})
    assert "registered to MNI152" not in told and "N4" not in told


@pytest.mark.parametrize("transform", ["affine", "syn", "none"])
@pytest.mark.parametrize("method", ["template", "bet", "freesurfer", "none"])
def test_what_is_used_is_cited_and_nothing_else(transform, method):
    asked = settings(registration={"transform": transform}, skull_strip={"method": method})
    _, names = paragraph(asked, TEMPLATE)
    assert ("SyN" in names) == (transform == "syn")
    assert ("BET" in names) == (method == "bet")
    assert ("nipype" in names) == (method in ("bet", "freesurfer"))
    assert ("ANTs" in names) == (method == "template" or transform != "none")
    assert {"N4", "MNI152"} <= set(names)
    lines = citations(names, method)
    assert len(lines) == len(names) and all("doi:" in line for line in lines)


def of_quality(action: str, misplaced: dict | None = None, **limits: float) -> QualitySettings:
    return QualitySettings(**vars(quality_limits(misplaced, **limits)), action=action)


def test_limits_of_quality_are_told_with_what_followed():
    told = limits(of_quality("exclude", min_coverage=0.65))
    assert told.startswith("Scans were left out where")
    assert told.endswith("held: coverage of the template's brain below 0.65.")
    assert "flagged" in limits(of_quality("list", min_coverage=0.65))
    assert limits(of_quality("list")) == ""


def test_the_outer_limits_are_told_where_they_decide():
    outer = {"min_correlation": 0.3, "max_map_shift_mm": 20}
    quality = {"min_correlation": 0.7, "max_map_shift_mm": 4, "misplaced": outer}
    told = limits(of_quality("misplaced", **quality))
    assert told.startswith("Scans were flagged where one of these held: shift of the map against")
    assert told.endswith(
        "They were left out where one of these did: shift of the map against the brain in mm above "
        "20, size of the correlation with the template below 0.3."
    )
    assert "left out" not in limits(of_quality("list", **quality))
