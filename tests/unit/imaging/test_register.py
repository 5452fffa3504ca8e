"""Registration to MNI152: accuracy, kinds of transform, exact repetition, refusal."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from imaging_steps import fit

from contrage.errors import BadScanError, SettingsError
from contrage.imaging.affines import write_affine
from contrage.imaging.ants.bridge import to_ants, warp_apply
from contrage.imaging.ants.load import import_ants
from contrage.imaging.images import Image, grid_points, resample, shrink, transform_points
from contrage.imaging.space.mni import Transform, estimate, nearest
from contrage.imaging.template.grids import mni_grid
from contrage.imaging.template.source import NILEARN
from contrage.plan.imaging import ants_settings


@pytest.fixture(scope="module")
def testing():
    import_ants(1)
    return ants_settings("testing")


@pytest.fixture(scope="module")
def brain(head) -> Image:
    return head.image.with_array(head.image.array * head.mask)


def mean_error(head, affine: np.ndarray) -> float:
    points = grid_points(head.image, head.mask)[::97]
    there = transform_points(head.to_mni, points)
    return float(np.linalg.norm(transform_points(affine, points) - there, axis=1).mean())


def test_an_affine_is_found_within_a_voxel_from_nothing(head, brain, testing, tmp_path):
    found = estimate(brain, "a.nii", fit("affine"), None, tmp_path, NILEARN)
    assert mean_error(head, found.affine) < 1.5
    assert found.warp is None and not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["rigid", "similarity"])
def test_rigid_and_similarity_do_not_shear(head, brain, testing, tmp_path, kind):
    found = estimate(brain, "a.nii", fit(kind), head.to_mni, tmp_path, NILEARN)
    sizes = np.linalg.svd(found.affine[:3, :3], compute_uv=False)
    np.testing.assert_allclose(sizes, sizes[0], rtol=1e-3)
    assert kind != "rigid" or sizes[0] == pytest.approx(1, abs=1e-3)
    assert mean_error(head, found.affine) < 6


def test_nine_parameters_are_found_and_do_not_shear_the_scans_axes(head, brain, testing, tmp_path):
    found = estimate(brain, "a.nii", fit("affine9"), head.to_mni, tmp_path, NILEARN)
    columns = found.affine[:3, :3] @ (brain.affine[:3, :3] / brain.voxel_mm)
    product = columns.T @ columns
    np.testing.assert_allclose(product, np.diag(np.diag(product)), atol=1e-9)
    # The truth is scaled along the template's axes: 0.9 mm from the nearest of nine parameters.
    assert mean_error(head, found.affine) < 1.5


def test_syn_keeps_the_affine_and_adds_a_deformation(head, brain, testing, tmp_path):
    found = estimate(brain, "a.nii", fit("syn"), head.to_mni, tmp_path, NILEARN)
    assert mean_error(head, found.affine) < 1.5
    assert len(found.warp[0]) == 2
    there = found.apply(brain, mni_grid())
    affine_only = Transform(found.affine).apply(brain, mni_grid())
    inside = affine_only > 0
    assert np.corrcoef(there[inside], affine_only[inside])[0, 1] > 0.8
    assert not np.array_equal(there, affine_only)


def test_none_is_the_identity_of_the_world(head, brain, testing, tmp_path):
    there = Image(brain.array, head.to_mni @ brain.affine)
    found = estimate(there, "a.nii", fit("none"), None, tmp_path, NILEARN)
    np.testing.assert_array_equal(found.affine, np.eye(4))


def test_an_unknown_transform_or_quality_is_refused_and_the_known_ones_listed(brain, tmp_path):
    with pytest.raises(SettingsError, match="rigid, similarity, affine, syn, none"):
        elastic = replace(fit("affine"), transform="elastic")
        estimate(brain, "a.nii", elastic, None, tmp_path, NILEARN)
    with pytest.raises(SettingsError, match="precise, testing"):
        ants_settings("perfect")


def test_a_brain_that_cannot_be_placed_is_a_bad_scan(brain, testing, tmp_path, monkeypatch):
    import contrage.imaging.ants.bridge as bridge

    for spoiled in (np.diag([4.0, 1, 1, 1]), np.diag([-1.0, 1, 1, 1]), np.diag([np.nan] * 4)):
        monkeypatch.setattr(bridge, "register", lambda *a, result=spoiled: result)
        with pytest.raises(BadScanError, match=r"a\.nii.*registration failed"):
            estimate(brain, "a.nii", fit("affine"), np.eye(4), tmp_path, NILEARN)


def test_a_brain_placed_elsewhere_is_a_bad_scan(head, brain, testing, tmp_path, monkeypatch):
    import contrage.imaging.ants.bridge as bridge

    away = head.to_mni.copy()
    away[2, 3] += 80
    monkeypatch.setattr(bridge, "register", lambda *a: away)
    with pytest.raises(BadScanError, match="outside the template"):
        estimate(brain, "a.nii", fit("affine"), np.eye(4), tmp_path, NILEARN)


def test_taking_out_scaling_keeps_the_centre(rng):
    matrix = np.eye(4)
    matrix[:3, :3] += rng.normal(0, 0.1, (3, 3))
    matrix[:3, 3] = (4, -7, 9)
    centre = np.array([20.0, -30, 40])
    for kind in ("rigid", "similarity"):
        result = nearest(matrix, kind, centre)
        place, expected = (transform_points(m, centre[None])[0] for m in (result, matrix))
        np.testing.assert_allclose(place, expected)
        product = result[:3, :3].T @ result[:3, :3]
        np.testing.assert_allclose(product, np.eye(3) * product[0, 0], atol=1e-9)
    assert np.linalg.det(nearest(matrix, "similarity", centre)) == pytest.approx(
        np.linalg.det(matrix)
    )
    np.testing.assert_array_equal(nearest(matrix, "affine", centre), matrix)


def test_our_resampling_and_ants_agree_on_what_the_file_means(head, testing, tmp_path):
    small, grid = shrink(head.image, 6), shrink(mni_grid(), 8)
    write_affine(tmp_path / "x.mat", head.to_mni)
    theirs = warp_apply(small, grid, ([str(tmp_path / "x.mat")], [False]))
    ours = resample(small, grid, np.linalg.inv(head.to_mni))
    inside = theirs > 0
    assert inside.mean() > 0.3
    # They differ where one of the two looks past the edge of the image.
    close = np.isclose(ours[inside], theirs[inside], rtol=1e-3, atol=0.5)
    assert close.mean() > 0.97


def test_ants_sees_the_same_world(small, testing):
    image = to_ants(small)
    point = np.array([3, 5, 7])
    world = small.affine[:3, :3] @ point + small.affine[:3, 3]
    matrix = np.asarray(image.direction) * np.asarray(image.spacing)
    lps = matrix @ point + image.origin
    np.testing.assert_allclose(lps * (-1, -1, 1), world, atol=1e-6)


def test_a_second_seed_in_one_process_is_refused(testing):
    with pytest.raises(SettingsError, match="new process"):
        import_ants(2)


REPEAT = """
import sys
from pathlib import Path
import numpy as np
from contrage.imaging.ants.load import import_ants
from contrage.imaging.bias import bias_field
from contrage.imaging.images import load
from contrage.imaging.space.mni import estimate
from contrage.imaging.skull_strip._find import find_brain
from contrage.imaging.template.source import NILEARN
from contrage.plan.imaging import ants_settings
from imaging_steps import bias, by, fit
path, folder = Path(sys.argv[1]), Path(sys.argv[2])
import_ants(7)
head, quality = load(path), ants_settings("testing")
found = find_brain(head, path, by("template"), quality, NILEARN)
field = bias_field(head, found.mask, bias())
brain = head.with_array(head.array * found.mask / field)
affine = estimate(brain, path, fit("affine"), found.pose, folder, NILEARN).affine
np.savez(folder / "out.npz", mask=found.mask, field=field, affine=affine)
"""


def test_results_repeat_to_the_bit_whatever_the_environment_says_of_threads(head, save, tmp_path):
    path = save(tmp_path / "head.nii.gz", head.image.array, head.image.affine)
    digests = []
    for threads in ("1", "4"):
        folder = tmp_path / threads
        folder.mkdir()
        names = ("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "OMP_NUM_THREADS", "NSLOTS")
        environment = {**os.environ, **dict.fromkeys(names, threads)}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        environment |= {"TMPDIR": str(folder), "ANTS_RANDOM_SEED": threads}
        command = [sys.executable, "-c", REPEAT, str(path), str(folder)]
        subprocess.run(command, check=True, env=environment)
        assert [item.name for item in folder.iterdir()] == ["out.npz"]  # nothing stays behind
        arrays = np.load(folder / "out.npz")
        parts = b"".join(arrays[name].tobytes() for name in ("mask", "field", "affine"))
        digests.append(hashlib.sha256(parts).hexdigest())
    assert digests[0] == digests[1]
