from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from given import given
from scipy import ndimage

from contrage.cohort.phantom.heads.acquisition import PROTOCOLS
from contrage.cohort.phantom.heads.participant import Acquired, make_participant
from contrage.cohort.phantom.heads.plan import plan
from contrage.cohort.phantom.heads.regions import tube
from contrage.cohort.phantom.heads.tables import make_tables
from contrage.cohort.phantom.heads.template import Grid, apply, resample, sample
from contrage.errors import SettingsError
from contrage.settings.blocks.phantom import PhantomScanSettings, PhantomSettings

COHORT = {
    "participants": 12,
    "seed": 7,
    "t1_voxel_mm": [3.0, 3.2, 3.4],
    "stiffness_voxel_mm": [3.0, 3.0, 3.4],
}
FILES = {
    "anatomical": "sub-004_T1w.nii.gz",
    "stiffness": "sub-004_stiffness.nii.gz",
    "brain_mask": "sub-004_desc-brain_mask.nii.gz",
    "bias_field": "sub-004_desc-bias_field.nii.gz",
    "coverage": "sub-004_desc-coverage_mask.nii.gz",
    "transform": "sub-004_from-T1w_to-MNI152_xfm.json",
    "truth": "sub-004_truth.json",
}


def settings(index=3, **changes):
    return PhantomScanSettings(
        index, given(PhantomSettings, "cohort.phantom", **{**COHORT, **changes})
    )


def paths(folder):
    return {key: folder / name for key, name in FILES.items()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    result = paths(tmp_path_factory.mktemp("phantom"))
    make_participant(settings(), **result)
    return result


def clean_t1(scan: Acquired) -> np.ndarray:
    """Undo bias and gain: white matter becomes 1."""
    flat = scan.t1 / scan.bias
    return flat / np.percentile(flat[scan.mask], 90)


def test_the_same_settings_give_the_same_bytes(written, tmp_path):
    again = paths(tmp_path)
    make_participant(settings(), **again)
    for key, path in again.items():
        assert path.read_bytes() == written[key].read_bytes(), key


def test_another_seed_gives_other_images(written, tmp_path):
    other = paths(tmp_path)
    make_participant(settings(seed=8), **other)
    assert other["anatomical"].read_bytes() != written["anatomical"].read_bytes()
    assert other["stiffness"].read_bytes() != written["stiffness"].read_bytes()


def test_all_files_are_valid_and_share_the_grids_that_they_should(written):
    images = {key: nib.load(path) for key, path in written.items() if path.suffix == ".gz"}
    assert all(image.ndim == 3 for image in images.values())
    for key in ("brain_mask", "bias_field"):
        assert images[key].shape == images["anatomical"].shape
        np.testing.assert_allclose(images[key].affine, images["anatomical"].affine)
    assert images["coverage"].shape == images["stiffness"].shape
    covered = np.asarray(images["coverage"].dataobj)
    assert covered.dtype == np.uint8
    np.testing.assert_array_equal(covered > 0, images["stiffness"].get_fdata() > 0)
    assert all(np.isfinite(image.get_fdata()).all() for image in images.values())


def test_the_truth_names_the_participant_of_the_plan(written):
    truth = json.loads(written["truth"].read_text())
    person = plan(12, 7)[3]
    assert (truth["participant_id"], truth["age"]) == (person.participant_id, person.age)
    assert (truth["sex"], truth["site"]) == (person.sex, person.site)
    assert truth["stiffness"]["unit"] == "kPa"


def test_a_participant_outside_the_plan_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="no participant 12"):
        make_participant(settings(index=12), **paths(tmp_path))


def test_voxels_and_orientations_are_those_of_the_study(typical):
    for scan in typical:
        protocol = PROTOCOLS[scan.participant.site]
        assert "".join(nib.aff2axcodes(scan.t1_grid.affine)) == protocol.t1_axes
        assert "".join(nib.aff2axcodes(scan.stiffness.grid.affine)) == protocol.map_axes
        voxel = nib.affines.voxel_sizes(scan.t1_grid.affine)
        assert 2.8 < voxel.min() < voxel.max() < 3.7
        assert len(set(scan.t1_grid.shape)) > 1
    sizes = {tuple(nib.affines.voxel_sizes(s.t1_grid.affine).round(3)) for s in typical}
    assert len(sizes) == len(typical)


def test_the_image_holds_the_whole_brain_and_air_around_the_head(typical):
    for scan in typical:
        shell = np.ones(scan.mask.shape, dtype=bool)
        shell[1:-1, 1:-1, 1:-1] = False
        assert not (scan.mask & shell).any()
        ml = scan.mask.sum() * scan.t1_grid.voxel_volume() / 1000
        assert 1450 < ml < 2400
        corners = scan.t1[[0, 0, -1, -1], [0, -1, 0, -1], 0]
        assert np.median(corners) < 0.25 * np.median(scan.t1[scan.mask])


def test_tissues_have_the_contrast_of_t1_and_the_skull_is_dark(typical, template):
    for scan in typical:
        image = clean_t1(scan)
        grey, white = (
            resample(array, template.grid, scan.t1_grid, scan.pose.to_template) > 230
            for array in (template.grey, template.white)
        )
        points = apply(scan.pose.to_template, scan.t1_grid.world())
        height = points[2].reshape(scan.t1_grid.shape)
        assert np.median(image[white]) > 1.15 * np.median(image[grey])
        distance = ndimage.distance_transform_edt(
            ~scan.mask, sampling=nib.affines.voxel_sizes(scan.t1_grid.affine)
        )
        upper = height > 20
        around = [
            image[upper & (distance > a) & (distance <= a + 3)].mean() for a in range(2, 29, 3)
        ]
        assert min(around[:3]) < 0.4
        assert max(around[2:6]) > 0.5
        assert around[-1] < 0.15


def test_the_bias_field_lies_within_forty_per_cent_and_is_in_the_image(typical, template):
    for scan in typical:
        assert 0.599 <= scan.bias.min() < 1 < scan.bias.max() <= 1.401
        white = resample(template.white, template.grid, scan.t1_grid, scan.pose.to_template) > 245
        assert np.corrcoef(scan.t1[white], scan.bias[white])[0, 1] > 0.8


def test_the_true_transform_carries_the_templates_brain_onto_the_true_mask(typical, template):
    for scan in typical:
        pulled = resample(template.brain, template.grid, scan.t1_grid, scan.pose.to_template) > 127
        dice = 2 * (pulled & scan.mask).sum() / (pulled.sum() + scan.mask.sum())
        assert dice > 0.97
        untouched = resample(template.brain, template.grid, scan.t1_grid, np.eye(4)) > 127
        assert (untouched & scan.mask).sum() < (pulled & scan.mask).sum()


def test_the_transform_file_holds_the_affine_and_its_parts(written):
    truth = json.loads(written["transform"].read_text())
    affine, rigid, scaling = (np.array(truth[k]) for k in ("affine", "rigid", "scaling"))
    np.testing.assert_allclose(affine @ rigid @ scaling, np.eye(4), atol=1e-9)
    assert "map" in truth["description"]


def test_maps_are_in_pascal_and_zero_outside_the_brain(typical, template):
    for scan in typical:
        values = scan.stiffness.values
        tissue = values > 0
        # 2.7 kPa at 25, 2.1 at 70, and 7 % between participants of one age.
        low, high = (2200, 3500) if scan.participant.age < 50 else (1700, 2900)
        assert low < np.median(values[tissue]) < high
        assert values[~tissue].max() == 0
        assert 450 < values[tissue].std() < 1100
        assert np.percentile(values[tissue], 99) < 6000
        to_template = np.linalg.inv(scan.residual @ scan.pose.to_scanner)
        brain = resample(template.brain, template.grid, scan.stiffness.grid, to_template) > 25
        assert (tissue & ~brain).sum() < 0.01 * tissue.sum()


def test_maps_are_soft_at_their_edge_and_smooth_inside(typical):
    for scan in typical:
        values = scan.stiffness.values
        inside = ndimage.binary_erosion(np.pad(values > 0, 1))[1:-1, 1:-1, 1:-1]
        rim = values[(values > 0) & ~inside]
        assert rim.mean() < 0.92 * values[inside].mean()
        deep = ndimage.binary_erosion(inside, iterations=2)
        residual = np.where(deep, values - values[deep].mean(), 0)
        both = deep[1:] & deep[:-1]
        neighbours = np.corrcoef(residual[1:][both], residual[:-1][both])[0, 1]
        assert 0.6 < neighbours < 0.97


def test_coverage_is_what_the_slab_holds_of_the_brain(typical, template):
    for scan in typical:
        to_template = np.linalg.inv(scan.residual @ scan.pose.to_scanner)
        points = apply(to_template, scan.stiffness.grid.world(scan.stiffness.values > 0))
        volume = points.shape[1] * scan.stiffness.grid.voxel_volume()
        brain = (template.brain > 0).sum() * np.linalg.det(scan.pose.to_scanner)
        assert scan.stiffness.coverage == pytest.approx(volume / brain, abs=0.02)
        assert 0.8 <= scan.stiffness.coverage <= 1
        assert scan.truth["stiffness"]["coverage"] == pytest.approx(
            scan.stiffness.coverage, abs=1e-4
        )


def test_a_cohort_of_full_coverage_can_be_asked_for(tmp_path):
    files = paths(tmp_path)
    make_participant(settings(min_coverage=1), **files)
    full = nib.load(files["stiffness"])
    truth = json.loads(files["truth"].read_text())
    assert truth["stiffness"]["coverage"] > 0.999
    assert full.shape[2] > 1


def test_regional_truth_agrees_with_the_map(ageing, template):
    scan = ageing[0]
    to_template = np.linalg.inv(scan.residual @ scan.pose.to_scanner)
    for name, centre in {"putamen": (26, 3, 1), "thalamus": (11, -18, 7)}.items():
        points = np.array([[s * centre[0] for s in (1, -1)], [centre[1]] * 2, [centre[2]] * 2])
        world = apply(np.linalg.inv(to_template), points.astype(float))
        here = sample(scan.stiffness.values, scan.stiffness.grid, world).mean() / 1000
        assert here == pytest.approx(scan.truth["stiffness"]["regions_in_map"][name], rel=0.3)


def ventricle_ml(scan: Acquired) -> float:
    """Measure what is dark near the ventricles in the T1, in mL of template space."""
    image = clean_t1(scan)
    step = 1.5
    grid = Grid(
        (64, 84, 56),
        np.array([[step, 0, 0, -48], [0, step, 0, -72], [0, 0, step, -28], [0, 0, 0, 1.0]]),
    )
    points = grid.world()
    values = sample(image, scan.t1_grid, apply(scan.pose.to_scanner, points))
    fluid = np.clip((0.66 - values) / (0.66 - 0.30), 0, 1)
    right = np.stack([np.abs(points[0]), points[1], points[2]])
    line = [
        (14, 33, 2),
        (10, 22, 9),
        (7, 6, 17),
        (9, -10, 22),
        (15, -25, 21),
        (23, -36, 16),
        (27, -46, 8),
    ]
    near = (tube(right, line, 14.0) < 0) & ~((right[0] < 13) & (right[1] < -26))
    near &= ~((right[0] < 3) & (right[1] > 20)) & ~((right[0] < 5) & (points[2] < 4))
    return float(fluid[near].sum()) * grid.voxel_volume() / 1000


def test_ventricles_in_the_t1_grow_at_the_published_rate(fine):
    young, old = fine
    rate = np.log(ventricle_ml(old) / ventricle_ml(young)) / 55
    assert rate == pytest.approx(0.0146, abs=0.003)


def test_the_true_ventricle_volumes_grow_by_1_46_per_cent_a_year(ageing):
    volumes = [scan.truth["anatomy"]["lateral_ventricles_template_ml"] for scan in ageing]
    assert np.log(volumes[2] / volumes[0]) / 55 == pytest.approx(0.0146, rel=0.02)


def test_the_cortex_gets_darker_with_age_where_fluid_takes_its_place(ageing, template):
    means = []
    for scan in ageing:
        grey = resample(template.grey, template.grid, scan.t1_grid, scan.pose.to_template)
        points = apply(scan.pose.to_template, scan.t1_grid.world())
        upper = (points[2] > 40).reshape(grey.shape)
        means.append(clean_t1(scan)[(grey > 120) & upper & scan.mask].mean())
    assert means[0] > means[1] > means[2]
    assert 0.03 < 1 - means[2] / means[0] < 0.15


def test_stiffness_falls_with_age_faster_in_the_cortex_than_in_the_deep_nuclei(ageing):
    young, middle, old = (scan.truth["stiffness"]["regions_in_map"] for scan in ageing)

    def loss(name):
        return 100 * (1 - old[name] / young[name]) / 55

    assert 0.30 < loss("white_matter") < 0.60
    assert 0.40 < loss("frontal_cortex") < 0.90
    assert 0.10 < loss("thalamus") < 0.42
    assert 0.10 < loss("putamen") < 0.42
    for name in ("white_matter", "frontal_cortex", "parietal_cortex"):
        before = (1 - middle[name] / young[name]) / 35
        after = (middle[name] / young[name] - old[name] / young[name]) / 20
        assert after > before, name


def test_the_whole_brain_softens_by_about_half_a_per_cent_a_year(ageing):
    young, _, old = (scan.truth["stiffness"]["whole_map_mean"] for scan in ageing)
    assert 0.35 < 100 * (1 - old / young) / 55 < 0.65


def test_tables_describe_the_cohort_as_bids_asks(tmp_path):
    table, description = tmp_path / "participants.tsv", tmp_path / "dataset_description.json"
    make_tables(
        given(PhantomSettings, "cohort.phantom", participants=12, seed=7),
        participants=table,
        description=description,
    )
    frame = pd.read_csv(table, sep="\t")
    assert list(frame.columns) == ["participant_id", "age", "sex", "site"]
    people = plan(12, 7)
    assert list(frame.participant_id) == [person.participant_id for person in people]
    np.testing.assert_allclose(frame.age, [person.age for person in people])
    content = json.loads(description.read_text())
    assert content["BIDSVersion"].startswith("1.10")
    assert content["GeneratedBy"][0]["Name"] == "contrage"
    assert content["DatasetType"] == "raw"
    assert json.loads((tmp_path / "participants.json").read_text()).keys() == {"age", "sex", "site"}
    assert "mre" in (tmp_path / ".bidsignore").read_text().splitlines()
    assert "nobody" in (tmp_path / "README.md").read_text()
