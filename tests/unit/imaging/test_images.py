"""Reading, shrinking, resampling; affines on disk."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from scipy import io

from contrage.errors import BadScanError
from contrage.imaging.affines import affine_through, read_affine, rotation, write_affine
from contrage.imaging.images import (
    Image,
    centre_of_mass,
    grid_points,
    load,
    resample,
    shrink,
    transform_points,
)


def test_a_fourth_axis_of_length_one_is_dropped(tmp_path, small, save):
    path = save(tmp_path / "a.nii.gz", small.array[..., None], small.affine)
    assert load(path).array.shape == small.array.shape


def test_a_series_is_refused_by_name(tmp_path, small, save):
    path = save(tmp_path / "a.nii.gz", np.stack([small.array] * 2, axis=-1), small.affine)
    with pytest.raises(BadScanError, match=r"a\.nii\.gz.*4 axes"):
        load(path)


@pytest.mark.parametrize("keep", [0.98, 0.5])
def test_a_truncated_gzip_is_refused(tmp_path, small, save, keep):
    path = save(tmp_path / "a.nii.gz", small.array, small.affine)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(BadScanError, match="truncated or damaged"):
        load(path)


def test_a_damaged_end_of_a_gzip_is_noticed_though_all_voxels_can_be_read(tmp_path, small, save):
    path = save(tmp_path / "a.nii.gz", small.array, small.affine)
    raw = bytearray(path.read_bytes())
    raw[-6] ^= 0xFF
    path.write_bytes(bytes(raw))
    with pytest.raises(BadScanError, match="truncated or damaged"):
        load(path)


def test_a_truncated_plain_file_is_refused(tmp_path, small, save):
    path = save(tmp_path / "a.nii", small.array, small.affine)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadScanError, match="truncated"):
        load(path)


def test_a_text_file_is_no_nifti(tmp_path):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(b"not an image " * 100))
    with pytest.raises(BadScanError, match="not a NIfTI"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadScanError, match=r"gone\.nii.*cannot be read"):
        load(tmp_path / "gone.nii")


def test_shrinking_averages_blocks_and_keeps_their_centres(small):
    result = shrink(small, 6.0)
    factor = (2, 2, 3)
    assert result.array.shape == (6, 8, 4)
    for i, j, k in [(0, 0, 0), (3, 5, 2), (5, 7, 3)]:
        values, places = [], []
        for a in range(factor[0]):
            for b in range(factor[1]):
                for c in range(factor[2]):
                    index = (factor[0] * i + a, factor[1] * j + b, factor[2] * k + c)
                    values.append(small.array[index])
                    places.append(small.affine[:3, :3] @ index + small.affine[:3, 3])
        assert result.array[i, j, k] == pytest.approx(np.mean(values), rel=1e-5)
        centre = result.affine[:3, :3] @ (i, j, k) + result.affine[:3, 3]
        np.testing.assert_allclose(centre, np.mean(places, axis=0), atol=1e-9)


@pytest.mark.parametrize("factor", [(1, 2, 3), (4, 1, 2), (2, 3, 7), (3, 5, 8), (2, 2, 11)])
def test_shrinking_has_the_bits_of_numpys_mean(rng, factor):
    shape = np.array([5, 4, 3]) * factor
    array = rng.normal(0, 10.0 ** rng.integers(-8, 8, shape)).astype(np.float32)
    array[:, : factor[1]] = -0.0
    array[0, -1, -1] = np.nan
    split = [length for pair in zip((5, 4, 3), factor, strict=True) for length in pair]
    means = array.reshape(split).mean(axis=1).mean(axis=2).mean(axis=3)
    found = shrink(Image(array, np.diag([*1 / np.array(factor), 1.0])), 1.0).array
    assert found.dtype == np.float32 and found.shape == (5, 4, 3)
    assert found.tobytes() == means.tobytes()


def test_shrinking_never_enlarges(small):
    assert shrink(small, 1.0).array.shape == small.array.shape


def test_resampling_is_linear_interpolation_in_the_world(small):
    grid = Image(np.zeros((5, 6, 7), np.float32), small.affine @ np.diag([1.5, 1.7, 1.3, 1]))
    grid.affine[:3, 3] = transform_points(small.affine, np.array([[1.2, 2.1, 1.4]]))[0]
    result = resample(small, grid)
    for index in [(0, 0, 0), (2, 3, 4), (4, 5, 6)]:
        world = grid.affine[:3, :3] @ index + grid.affine[:3, 3]
        place = transform_points(np.linalg.inv(small.affine), world[None])[0]
        low = np.floor(place).astype(int)
        part, expected = place - low, 0.0
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod([p if c else 1 - p for c, p in zip(corner, part, strict=True)])
            expected += weight * small.array[tuple(low + corner)]
        assert result[index] == pytest.approx(expected, rel=1e-4)


def test_an_affine_survives_its_file(tmp_path, small):
    write_affine(tmp_path / "a.mat", small.affine)
    np.testing.assert_allclose(read_affine(tmp_path / "a.mat"), small.affine, atol=1e-9)


def test_the_file_holds_fixed_to_moving_in_lps_as_itk_wants(tmp_path):
    shift = np.eye(4)
    shift[:3, 3] = (3, 5, 7)  # moving -> fixed, RAS
    write_affine(tmp_path / "a.mat", shift)
    parameters = io.loadmat(tmp_path / "a.mat")["AffineTransform_double_3_3"].ravel()
    np.testing.assert_allclose(parameters[9:], (3, 5, -7))


def test_the_centre_of_an_itk_affine_counts(tmp_path):
    linear = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    parameters = np.concatenate([linear.ravel(), [1, 2, 3]])[:, None]
    content = {"AffineTransform_double_3_3": parameters, "fixed": np.array([[10.0], [20], [30]])}
    io.savemat(tmp_path / "a.mat", content, format="4")
    inverse = np.linalg.inv(read_affine(tmp_path / "a.mat"))
    point = np.array([4.0, -6, 8])
    lps = point * (-1, -1, 1)
    expected = (linear @ (lps - (10, 20, 30)) + (10, 20, 30) + (1, 2, 3)) * (-1, -1, 1)
    np.testing.assert_allclose(transform_points(inverse, point[None])[0], expected, atol=1e-9)


def test_grid_points_are_world_coordinates_of_the_kept_voxels(small):
    keep = np.zeros(small.array.shape, bool)
    keep[2, 3, 4] = keep[11, 16, 13] = True
    expected = [small.affine[:3, :3] @ i + small.affine[:3, 3] for i in ((2, 3, 4), (11, 16, 13))]
    np.testing.assert_allclose(grid_points(small, keep), expected)


def test_an_affine_through_two_points_takes_one_to_the_other(rng):
    linear, start, end = rotation(0.1, -0.2, 0.3) * 1.1, rng.normal(size=3), rng.normal(size=3)
    matrix = affine_through(linear, start, end)
    np.testing.assert_allclose(transform_points(matrix, start[None])[0], end)
    np.testing.assert_array_equal(matrix[:3, :3], linear)


def test_the_centre_of_mass_is_the_weighted_mean_of_positions(small):
    points, weights = grid_points(small), small.array.ravel()
    expected = (points * weights[:, None]).sum(axis=0) / weights.sum()
    np.testing.assert_allclose(centre_of_mass(small), expected, rtol=1e-4)
