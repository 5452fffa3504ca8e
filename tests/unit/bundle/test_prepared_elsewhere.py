"""Arrays that others have prepared, with what a model must know beside their files.

Of PET volumes that is where they lie and the region that divides them; of regional volumes, by
what they are divided.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from finished_rows import Finished, finish
from made_models import facts_of, looks

from contrage import modalities
from contrage.bundle.explain import explaining
from contrage.bundle.facts import NetworkFacts
from contrage.bundle.images import seen
from contrage.bundle.mean import MeanImage
from contrage.bundle.opened import Bundle, open_bundle
from contrage.bundle.predict import Prediction, predict_subjects, subjects
from contrage.bundle.residuals import Residuals
from contrage.bundle.subject import Subject
from contrage.dataset.grid import of_blocks
from contrage.dataset.sidecar import write_array_sidecar
from contrage.errors import ContrageError, SettingsError
from contrage.modalities import pet
from contrage.serve.bounds import Bounds, UploadError
from contrage.serve.told import model_told
from contrage.serve.uploads import FILE, Dropped, SentFile, scans_of
from contrage.settings.blocks.kinds import PetSettings

GRID, AFFINE = (8, 9, 7), np.array([[-2.0, 0, 0, 9], [0, 2, 0, -8], [0, 0, 2, -4], [0, 0, 0, 1]])
PEOPLE = 12
MLP = {"encoder": "mlp"}


@pytest.fixture(scope="module")
def ages() -> np.ndarray:
    return np.random.default_rng(8).uniform(20, 80, PEOPLE).round(1)


def volume(path: Path, values: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    nib.save(nib.Nifti1Image(np.asarray(values, np.float32), affine), path)
    return path


@dataclass(frozen=True)
class OfVolumes:
    """A model of PET volumes, the run that it is of, and the volumes."""

    done: Finished
    bundle: Bundle
    raw: Path
    mask: Path


@pytest.fixture(scope="module")
def of_pet(ages, tmp_path_factory) -> OfVolumes:
    folder, rng = tmp_path_factory.mktemp("pet"), np.random.default_rng(9)
    raw = folder / "raw"
    raw.mkdir()
    region = np.zeros(GRID)
    region[1:4, 2:5, 3:] = 1
    mask = volume(folder / "cerebellum.nii", region)
    own = PetSettings(GRID, 2.0, str(mask))
    read, files = pet.reading(modalities.load("pet").prepared, own), {}
    for number, age in enumerate(ages):
        path = raw / f"sub-{number:02d}_pet.nii.gz"
        values = rng.uniform(4000, 5000, GRID) * (1 + 0.01 * age * (1 - region))
        files[f"sub-{number:02d}"] = volume(path, values)
    array = np.stack([read(path, None, print) for path in files.values()])
    asked = {"grid": list(GRID), "edge_mm": 2.0, "reference": str(mask)}
    cohort = {"source": "a4", "image": "pet", "name": "x", "path": str(raw), "pet": asked}
    dataset = {"voxel_mm": 2}
    done = finish(folder, array, ages, "exp", cohort=cohort, dataset=dataset)
    place = pet.place(files["sub-00"], own).told()
    write_array_sidecar(done.files["array"], files, {}, place=place)
    return OfVolumes(done, done.exported(reference=mask), raw, mask)


def of_tested(done: Finished, bundle: Bundle, *given: Path) -> list[float]:
    """Return how far the model is from the run, of everybody who was tested."""
    by_name = {each.name: each for each in subjects(bundle, list(given))}
    off = []
    for number, member in enumerate(bundle.facts.members):
        tested = done.tested(member.seed, member.fold)
        asked = [by_name[name] for name in tested["scan_id"]]
        for one, was in zip(
            predict_subjects(bundle, asked, members=[number]), tested["predicted_age"], strict=True
        ):
            assert one.refused is None, one.refused
            off.append(abs(one.predicted - was))
    assert len(off) == PEOPLE
    return off


def predicted(bundle: Bundle, *given: Path) -> list[Prediction]:
    return list(predict_subjects(bundle, subjects(bundle, list(given))))


def test_volumes_are_predicted_from_their_files_as_in_the_run(of_pet):
    assert max(of_tested(of_pet.done, of_pet.bundle, of_pet.raw)) < 1e-4


def test_a_model_of_volumes_holds_their_place_and_region_and_no_path(of_pet):
    facts = of_pet.bundle.facts.seen.arrays
    np.testing.assert_array_equal(np.reshape(facts.affine, (4, 4)), AFFINE)
    np.testing.assert_array_equal(of_pet.bundle.region, nib.load(of_pet.mask).get_fdata() > 0)
    text = (of_pet.bundle.folder / "bundle.json").read_text()
    assert str(of_pet.raw.parent) not in text and '"cerebellum.nii"' in text
    assert "same template" in of_pet.bundle.card and "cerebellum.nii" in of_pet.bundle.card


def test_a_volume_that_lies_elsewhere_or_is_of_another_size_is_refused(of_pet, tmp_path):
    values = nib.load(of_pet.raw / "sub-00_pet.nii.gz").get_fdata()
    turned = AFFINE @ np.diag([-1.0, 1, 1, 1])
    files = [
        volume(tmp_path / "good_pet.nii", values),
        volume(tmp_path / "turned_pet.nii", values, turned),
        volume(tmp_path / "small_pet.nii", values[1:]),
        volume(tmp_path / "empty_pet.nii", values * 0),
    ]
    good, elsewhere, small, empty = predicted(of_pet.bundle, *files)
    (before,) = predicted(of_pet.bundle, of_pet.raw / "sub-00_pet.nii.gz")
    assert good.predicted == pytest.approx(before.predicted, abs=1e-5)
    assert "lies elsewhere than that of the volumes that were learned from" in elsewhere.refused
    assert "has 7×9×7 voxels, not 8×9×7" in small.refused
    assert "a mean of 0 in the reference region" in empty.refused


def test_where_a_model_of_volumes_looks_lies_where_they_do(of_pet, tmp_path):
    """Labels of the halves by world coordinates, on another grid; the map has the volumes' own."""
    told = replace(of_pet.bundle.facts, looks=looks(0, "occlusion"))
    bundle = replace(of_pet.bundle, facts=told, mean=MeanImage(*np.ones((2, 1, *GRID), "f4")))
    right = np.array([[4.0, 0, 0, -5], [0, 4, 0, -8], [0, 0, 4, -4], [0, 0, 0, 1]])
    labels = np.ones((5, 5, 4))
    labels[np.arange(5) * 4 - 5 < 0] = 2  # left of the middle
    volume(tmp_path / "atlas.nii", labels, right)
    of = explaining(told, tmp_path / "atlas.nii")
    world = np.arange(GRID[0]) * AFFINE[0, 0] + AFFINE[0, 3]
    there = np.unique(of.regions.labels[0][world > 2]), np.unique(of.regions.labels[0][world < -2])
    assert [each.tolist() for each in there] == [[1], [2]]
    (one,) = predict_subjects(
        bundle, subjects(bundle, [of_pet.raw / "sub-00_pet.nii.gz"]), work=tmp_path, explain=of
    )
    made = nib.load(one.files["looks-occlusion"])
    np.testing.assert_allclose(made.affine, AFFINE)
    assert made.shape == GRID
    told = one.looks[0].regions.values()
    assert made.get_fdata().sum() == pytest.approx(sum(told), abs=1e-2)


def test_blocks_of_voxels_lie_in_the_middle_of_theirs():
    np.testing.assert_allclose(
        of_blocks(AFFINE, 2),
        [[-4.0, 0, 0, 8], [0, 4, 0, -7], [0, 0, 4, -3], [0, 0, 0, 1]],
    )


def test_activity_in_other_numbers_makes_no_difference_where_a_region_divides(of_pet, tmp_path):
    path = of_pet.raw / "sub-01_pet.nii.gz"
    more = volume(tmp_path / "more_pet.nii", nib.load(path).get_fdata() * 3)
    one, other = predicted(of_pet.bundle, path, more)
    assert one.predicted == pytest.approx(other.predicted, abs=1e-3)


def test_another_mask_than_the_runs_makes_no_model(of_pet, tmp_path):
    other = volume(tmp_path / "cerebellum.nii", np.ones(GRID))
    with pytest.raises(SettingsError, match="is another mask than the cohort's array was made"):
        of_pet.done.exported(reference=other)


def test_a_model_whose_region_was_changed_is_refused(of_pet, tmp_path):
    folder = Path(shutil.copytree(of_pet.bundle.folder, tmp_path / "model"))
    np.savez(folder / "region.npz", region=np.packbits(np.ones(GRID, bool)))
    with pytest.raises(ContrageError, match=r"region\.npz.*checksum"):
        open_bundle(folder)


@dataclass(frozen=True)
class OfRegions:
    """A model of regional volumes that the intracranial volume divides."""

    done: Finished
    bundle: Bundle
    raw: Path


@pytest.fixture(scope="module")
def of_regions(ages, tmp_path_factory) -> OfRegions:
    folder, rng = tmp_path_factory.mktemp("regions"), np.random.default_rng(10)
    kind = modalities.load("vbm_roi").prepared
    raw, volumes = folder / "raw", rng.uniform(1200, 1800, PEOPLE).round(2)
    raw.mkdir()
    values = rng.uniform(0.5, 5, (PEOPLE, *kind.whole)) * (1 - 0.005 * ages[:, None])
    rows = ["participant_id\tage\tTIV"]
    for number, (age, whole) in enumerate(zip(ages, volumes, strict=True)):
        np.save(raw / f"sub-{number:02d}_{kind.ending}", values[number] * whole)
        rows.append(f"{number}\t{age}\t{whole}")  # zeros lost, as spreadsheets do
    (raw / "participants.tsv").write_text("\n".join(rows) + "\n")
    cohort = {"source": "openbhb", "image": "vbm_roi", "name": "x", "path": str(raw)}
    cohort["features_scale"] = "tiv"
    array = values.astype(np.float32)
    done = finish(folder, array, ages, "exp", cohort=cohort, training=MLP)
    write_array_sidecar(done.files["array"], {"table": raw / "participants.tsv"}, {})
    return OfRegions(done, done.exported(), raw)


def test_regional_volumes_are_divided_as_in_the_run(of_regions):
    assert of_regions.bundle.facts.seen.arrays.divided_by == "TIV"
    assert max(of_tested(of_regions.done, of_regions.bundle, of_regions.raw)) < 1e-4


def test_without_the_volume_there_is_no_number(of_regions, tmp_path):
    path = next(of_regions.raw.glob("sub-00_*.npy"))
    (alone,) = predicted(of_regions.bundle, path)
    assert "total intracranial volume, which no table tells" in alone.refused
    known = tmp_path / "known.tsv"
    for cell in ("0", "-1", "big", "n/a", "inf"):
        known.write_text(f"scan\tTIV\n{path.stem}\t{cell}\n")
        (found,) = predict_subjects(of_regions.bundle, subjects(of_regions.bundle, [path], known))
        assert found.predicted is None and "TIV" in found.refused
    known.write_text(f"scan\tTIV\n{path.stem}\t1500\n")
    (found,) = predict_subjects(of_regions.bundle, subjects(of_regions.bundle, [path], known))
    assert found.refused is None and np.isfinite(found.predicted)


def test_on_a_page_the_volume_is_typed_beside_the_file(of_regions, tmp_path):
    path = next(of_regions.raw.glob("sub-00_*.npy"))

    def of(volume: str, *more: Path) -> list[Subject]:
        files = tuple(SentFile(FILE, each, each.name) for each in (path, *more))
        return scans_of(of_regions.bundle, Dropped(tmp_path, files, None, volume), Bounds())

    (found,) = predict_subjects(of_regions.bundle, of("1500"))
    known = tmp_path / "known.tsv"
    known.write_text(f"scan\tTIV\n{path.stem}\t1500\n")
    (told,) = predict_subjects(of_regions.bundle, subjects(of_regions.bundle, [path], known))
    assert found.predicted == told.predicted is not None
    for cell in ("0", "-1", "big", "inf", "nan"):
        with pytest.raises(UploadError, match=f"'{cell}' is no number above 0; .* column TIV"):
            of(cell)
    with pytest.raises(UploadError, match="one volume was given for 2 scans"):
        of("1500", path)
    assert model_told(of_regions.bundle, Bounds(), ())["volume"] == "TIV"


def test_a_table_of_ages_leaves_the_volume_that_the_folder_tells(of_regions, tmp_path):
    known = tmp_path / "known.tsv"
    known.write_text("participant_id\tage\nsub-00\t44\n")
    plain = subjects(of_regions.bundle, [of_regions.raw])
    found = subjects(of_regions.bundle, [of_regions.raw], known)
    assert [each.volume for each in found] == [each.volume for each in plain]
    assert all(each.volume for each in found)
    assert [each.known for each in found[:2]] == [44, None]
    known.write_text("participant_id\tage\tTIV\nsub-00\t44\t1234\n")
    first, second = subjects(of_regions.bundle, [of_regions.raw], known)[:2]
    assert (first.volume, second.volume) == (1234, plain[1].volume)


def test_a_volume_in_another_unit_is_refused(of_regions, tmp_path):
    path = next(of_regions.raw.glob("sub-00_*.npy"))
    known = tmp_path / "known.tsv"
    known.write_text(f"scan\tTIV\n{path.stem}\t1.5\n")  # litres
    (found,) = predict_subjects(of_regions.bundle, subjects(of_regions.bundle, [path], known))
    assert found.predicted is None and "another unit" in found.refused


def test_the_card_says_what_divides(of_regions):
    assert "divided by the total intracranial volume (TIV)" in of_regions.bundle.card
    arrays = json.loads((of_regions.bundle.folder / "bundle.json").read_text())["seen"]["arrays"]
    assert arrays["divided_by"] == "TIV" and arrays["affine"] is None


def test_a_series_is_brought_to_its_length_as_in_the_run(tmp_path):
    own = {"regions": 3, "length": 6}
    cohort = {"source": "hcp", "image": "series", "name": "x", "path": "x", "series": own}
    network = NetworkFacts("small", (4, 2), 3, (6,), "probe", False)
    facts = facts_of({"experiment": "x", "cohort": cohort}, network)
    bundle = Bundle(Path(), facts, (), Residuals(np.array([]), {}), "")
    values = np.random.default_rng(12).normal(size=(3, 11))
    path = tmp_path / "sub-1_series.npy"
    np.save(path, values)
    (subject,) = subjects(bundle, [path])
    found = seen(bundle, subject, None, tmp_path, print)
    np.testing.assert_array_equal(found.image, values[:, 2:8].astype(np.float32))


def test_a_volume_as_an_array_says_not_where_it_lies_and_is_refused(of_pet, tmp_path):
    np.save(tmp_path / "sub-1_pet.npy", np.ones(GRID, np.float32))
    (found,) = predicted(of_pet.bundle, tmp_path / "sub-1_pet.npy")
    assert found.predicted is None and "cannot be read" in found.refused
