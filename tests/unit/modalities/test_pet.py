"""PET volumes of one grid: frames are averaged, another grid is named, a reference divides."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from given import block
from kind_readers import check_needs, reader

from contrage import modalities
from contrage.errors import BadScanError, SettingsError
from contrage.modalities import pet
from contrage.plan.kinds import asked_of_kind
from contrage.settings.blocks.kinds import PetSettings

GRID, AFFINE = [6, 5, 4], np.diag([2.0, 2, 2, 1])


def volume(path, values, affine=AFFINE):
    nib.save(nib.Nifti1Image(np.asarray(values, np.float32), affine), path)
    return path


@pytest.fixture
def values(rng):
    return rng.uniform(1000, 9000, GRID).astype(np.float32)


def test_a_volume_is_read_as_it_is(tmp_path, values):
    read, told = reader("pet", grid=GRID)(volume(tmp_path / "a_pet.nii.gz", values))
    np.testing.assert_array_equal(read[0], values)
    assert told == []


def test_frames_are_averaged_and_told(tmp_path, values):
    frames = np.stack([values * part for part in (0.5, 1, 1.5, 1)], axis=-1)
    read, told = reader("pet", grid=GRID)(volume(tmp_path / "a.nii", frames))
    np.testing.assert_allclose(read[0], values, rtol=1e-6)
    assert told == ["volumes of several frames, averaged"]


def test_a_reference_region_divides_each_volume_by_its_own_mean(tmp_path, values):
    mask = np.zeros(GRID)
    mask[:2, 1:3] = 1
    reference = str(volume(tmp_path / "mask.nii", mask))
    read = reader("pet", grid=GRID, reference=reference)
    one, _ = read(volume(tmp_path / "a.nii", values))
    other, _ = read(volume(tmp_path / "b.nii", values * 3))
    np.testing.assert_allclose(one[0], values / values[mask > 0].mean(), rtol=1e-5)
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_reference_without_activity_is_named(tmp_path, values):
    mask = np.zeros(GRID)
    mask[0] = 1
    reference = str(volume(tmp_path / "mask.nii", mask))
    values[0] = 0
    with pytest.raises(BadScanError, match=r"a\.nii: has a mean of 0 in the reference region"):
        reader("pet", grid=GRID, reference=reference)(volume(tmp_path / "a.nii", values))


def test_a_reference_that_is_not_there_or_no_mask_is_refused_before_training(tmp_path, values):
    with pytest.raises(SettingsError, match=r"cohort\.pet\.reference: no file"):
        check_needs(image="pet", pet={"reference": str(tmp_path / "none.nii")})
    empty = str(volume(tmp_path / "mask.nii", np.zeros(GRID)))
    with pytest.raises(SettingsError, match=r"cohort\.pet\.reference: .*is no mask of 6×5×4"):
        reader("pet", grid=GRID, reference=empty)
    assert modalities.files_beside(
        "pet", asked_of_kind(block("cohort", image="pet", pet={"reference": empty}))
    ) == [empty]


def test_another_grid_or_place_is_named(tmp_path, values):
    read = reader("pet", grid=GRID)
    with pytest.raises(BadScanError, match=r"a\.nii: has 5×5×4 voxels, not 6×5×4 \(cohort\.pet"):
        read(volume(tmp_path / "a.nii", values[1:]))
    read(volume(tmp_path / "b.nii", values))
    with pytest.raises(BadScanError, match=r"c\.nii: its grid lies elsewhere than that of b\.nii"):
        read(volume(tmp_path / "c.nii", values, np.diag([2.0, 2, -2, 1])))


def test_a_file_that_is_no_volume_or_was_cut_is_named(tmp_path, values):
    (tmp_path / "a.nii").write_bytes(b"no volume")
    with pytest.raises(BadScanError, match=r"a\.nii: cannot be read"):
        reader("pet", grid=GRID)(tmp_path / "a.nii")
    path = volume(tmp_path / "b.nii.gz", values)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadScanError, match=r"b\.nii\.gz: cannot be read"):
        reader("pet", grid=GRID)(path)
    with pytest.raises(BadScanError, match="has 2 axes"):
        reader("pet", grid=GRID)(volume(tmp_path / "c.nii", values[..., 0]))


def test_a_reference_that_is_turned_otherwise_than_the_volumes_is_refused(tmp_path, values):
    mask = np.zeros(GRID)
    mask[:2] = 1
    turned = np.diag([-2.0, 2, 2, 1])
    reference = str(volume(tmp_path / "mask.nii", mask, turned))
    with pytest.raises(SettingsError, match=r"^cohort\.pet\.reference: .*lies elsewhere"):
        reader("pet", grid=GRID, reference=reference)(volume(tmp_path / "a.nii", values))


def test_one_frame_is_no_mean_of_several(tmp_path, values):
    read, told = reader("pet", grid=GRID)(volume(tmp_path / "a.nii", values[..., None]))
    np.testing.assert_array_equal(read[0], values)
    assert told == []


def test_voxels_of_another_size_than_the_settings_say_are_named(tmp_path, values):
    read = reader("pet", grid=GRID, edge_mm=2)
    read(volume(tmp_path / "a.nii", values, np.diag([-2.0, 2.001, 2, 1])))
    other = volume(tmp_path / "b.nii", values, np.diag([2.0, 2, 4, 1]))
    with pytest.raises(
        BadScanError, match=r"b\.nii: has voxels of 2 × 2 × 4 mm, not 2 \(cohort\.pet"
    ):
        reader("pet", grid=GRID, edge_mm=2)(other)


def test_the_step_that_reads_volumes_notes_where_they_lie(tmp_path, values):
    own = PetSettings(tuple(GRID), 2.0, None)
    assert pet.place(volume(tmp_path / "a.nii", values), own).told() == {
        "affine": AFFINE.tolist(),
        "region": None,
    }
    read = pet.reading_at(own, pet.Place(AFFINE, None))
    np.testing.assert_array_equal(read(tmp_path / "a.nii", None, print)[0], values)
    other = volume(tmp_path / "b.nii", values, np.diag([2.0, -2, 2, 1]))
    with pytest.raises(
        BadScanError, match=r"b\.nii: .* than that of the volumes that were learned"
    ):
        read(other, None, print)
