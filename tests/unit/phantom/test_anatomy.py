from __future__ import annotations

import numpy as np
import pytest
from given import given

from contrage.cohort.phantom.heads.ageing import TISSUES, aged_years, make_brain
from contrage.cohort.phantom.heads.deformation import make_thinning, make_ventricles
from contrage.cohort.phantom.heads.plan import PhantomParticipant
from contrage.cohort.phantom.heads.regions import NAMES, ellipsoid, make_regions, tube
from contrage.settings.blocks.phantom import PhantomSettings


@pytest.fixture(scope="module")
def regions(template):
    return make_regions(template)


@pytest.fixture(scope="module")
def ventricles(template):
    return make_ventricles(template)


def person(age: float, site: str = "study1") -> PhantomParticipant:
    return PhantomParticipant("sub-001", age, "F", site, 0)


def test_regions_share_out_every_voxel_of_the_brain(regions):
    total = sum(regions.weights.values())
    np.testing.assert_allclose(total, 1, atol=1e-4)
    assert min(weight.min() for weight in regions.weights.values()) > -1e-6
    assert set(regions.weights) == set(TISSUES) == set(NAMES)


def test_regions_are_as_large_as_in_a_head(regions):
    ml = {name: weight.sum() * 8 / 1000 for name, weight in regions.weights.items()}
    assert 500 < ml["white_matter"] < 750
    assert 5 < ml["thalamus"] < 18
    assert 5 < ml["caudate"] < 12
    assert 7 < ml["putamen"] < 14
    assert 5 < ml["hippocampus"] < 12
    assert 120 < ml["cerebellum"] < 220


def test_regions_are_alike_left_and_right(regions):
    points = regions.grid.world(regions.brain)
    for name, weight in regions.weights.items():
        left, right = weight[points[0] < -1].sum(), weight[points[0] > 1].sum()
        assert left == pytest.approx(right, rel=0.1), name


def test_distances_to_shapes_are_right_on_their_axes():
    points = np.array([[10.0, 0, 0], [0, 0, 0], [4, 0, 3]]).T
    np.testing.assert_allclose(ellipsoid(points, (0, 0, 0), (4, 5, 6))[:2], [6, -4])
    np.testing.assert_allclose(tube(points, [(0, 0, 0), (8, 0, 0)], 1.0), [1, -1, 2])


@pytest.mark.parametrize("wanted", [8.0, 13.9, 20.0, 31.0, 45.0])
def test_ventricles_take_the_volume_asked_for(ventricles, wanted):
    assert ventricles.volume(ventricles.shift_for(wanted)) == pytest.approx(wanted, rel=0.01)


def test_the_displacement_moves_points_inward_and_fades_away(ventricles):
    displacement = ventricles.displacement(2.0)
    beside_the_ventricle = np.array([[20.0], [10.0], [12.0]], dtype=np.float32)
    far = np.array([[60.0, 0], [-60, 95], [40, 0]], dtype=np.float32)
    moved = displacement.pull(beside_the_ventricle)
    assert moved[0, 0] < 19.5
    np.testing.assert_allclose(displacement.pull(far), far, atol=0.05)


def test_the_displacement_does_not_fold(ventricles):
    for volume in (9, 20, 45):
        vectors = ventricles.displacement(ventricles.shift_for(volume)).vectors
        gradient = np.stack([np.stack(np.gradient(v, 2.0)) for v in vectors])
        jacobian = np.moveaxis(np.eye(3)[:, :, None, None, None] - gradient, (0, 1), (-2, -1))
        assert (np.linalg.det(jacobian) > 0).mean() > 0.99


@pytest.mark.parametrize("share", [1.0, 0.93, 0.8])
def test_thinning_takes_the_share_of_cortex_asked_for(template, share):
    thinning = make_thinning(template, share)
    grey = template.grey[::2, ::2, ::2] / 255
    x, y, z = thinning.grid.world().reshape(3, *thinning.grid.shape)
    upper = (z > 35) & (template.brain[::2, ::2, ::2] > 0)
    left = 1 - thinning.loss[upper].sum() / grey[upper].sum()
    assert left == pytest.approx(share, abs=0.04)
    assert (thinning.loss >= 0).all()
    assert (thinning.loss <= grey + 1e-6).all()
    nuclei = (np.abs(x) < 25) & (np.abs(y) < 15) & (np.abs(z) < 8)
    assert thinning.loss[nuclei].max() < 1e-3


def test_years_count_more_after_sixty():
    assert aged_years(25) == 0
    assert aged_years(60) == 35
    assert aged_years(70) == pytest.approx(51)
    assert aged_years(20) == -5


def test_expected_ageing_follows_the_published_rates(rng):
    same = given(
        PhantomSettings, "cohort.phantom", between_subject=0, scan_rescan=0, study_offset=0
    )
    young, old = (make_brain(person(age), same, rng) for age in (25.0, 75.0))
    assert young.ventricle_ml == pytest.approx(13.9)
    assert np.log(old.ventricle_ml / young.ventricle_ml) / 50 == pytest.approx(0.0146)
    assert old.cortex / young.cortex == pytest.approx(1 - 50 * 0.0025)
    for name, tissue in TISSUES.items():
        assert young.stiffness[name] == pytest.approx(tissue.stiffness)
        assert old.stiffness[name] / young.stiffness[name] == pytest.approx(1 - tissue.rate * 59)
    deep = [TISSUES[name].rate for name in ("thalamus", "caudate", "putamen", "pallidum")]
    assert all(0.0018 <= rate <= 0.0025 for rate in deep)


def test_participants_of_one_age_differ_as_real_ones_do():
    settings = given(PhantomSettings, "cohort.phantom")
    brains = [make_brain(person(25.0), settings, np.random.default_rng(k)) for k in range(500)]
    spread = {
        name: np.std([b.stiffness[name] for b in brains]) / TISSUES[name].stiffness
        for name in TISSUES
    }
    assert spread["white_matter"] == pytest.approx(0.18 / 2.89, abs=0.012)
    assert spread["thalamus"] == pytest.approx(0.42 / 3.40, abs=0.02)
    assert spread["putamen"] == pytest.approx(0.35 / 3.85, abs=0.02)
    assert spread["brain_stem"] == pytest.approx(0.60 / 3.34, abs=0.03)
    assert np.std([b.gap for b in brains]) == pytest.approx(3.0, abs=0.4)


def test_without_ageing_age_changes_nothing():
    still = given(PhantomSettings, "cohort.phantom", ageing=0)
    young, old = (make_brain(person(a), still, np.random.default_rng(3)) for a in (20.0, 80.0))
    assert young.ventricle_ml == old.ventricle_ml
    assert young.cortex == old.cortex
    assert young.stiffness == old.stiffness
