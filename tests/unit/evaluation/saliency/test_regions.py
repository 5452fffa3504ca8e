"""Places with names: an atlas, and what takes its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contrage.errors import SettingsError
from contrage.evaluation.saliency.regions import array_grid, regions_of
from contrage.files import save_nifti
from contrage.imaging.images import Image
from contrage.settings.steps.saliency import RegionsAsked

CHAIN = {"grid_mm": 2, "factor": 4}
SHAPE = (23, 28, 23)


def asked(by: str, **more) -> RegionsAsked:
    given = {"atlas": None, "grid_mm": None, "factor": 1, "axes": ("x", "y", "z")}
    return RegionsAsked(by=by, **{**given, "is_stiffness": False, **more})


def atlas(path: Path, centre=(20.0, -10.0, 20.0), radius=14.0, number=7.0) -> Path:
    """Write a ball about a point (mm), and one beside the midline, on a grid of unequal axes."""
    shape, affine = (64, 70, 52), np.diag([3.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = (-95, -130, -90)
    world = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    values = np.zeros(shape)
    for at, told in ((centre, number), (np.multiply(centre, (-1, 1, 1)), 3.0)):
        values[np.linalg.norm(world - at, axis=-1) < radius] = told
    save_nifti(path, values, affine)
    return path


def test_an_atlas_is_looked_up_where_the_images_lie(tmp_path):
    file = atlas(tmp_path / "a.nii.gz")
    (tmp_path / "a.tsv").write_text("index\tname\n7\tright ball\n3\tleft ball\n9\tnowhere\n")
    found = regions_of(asked("atlas", atlas=str(file), **CHAIN), SHAPE, 1)
    assert found.names == ("left ball", "right ball") and found.labels.shape == (1, *SHAPE)
    affine = array_grid(asked("atlas", **CHAIN)).affine
    for number, side in ((1, -1), (2, 1)):
        where = np.argwhere(found.labels[0] == number) @ affine[:3, :3].T + affine[:3, 3]
        np.testing.assert_allclose(where.mean(0), (20 * side, -10, 20), atol=3)
        assert (np.linalg.norm(where - (20 * side, -10, 20), axis=1) < 14 + 3).all()
        assert len(where) * 8**3 == pytest.approx(4 / 3 * np.pi * 14**3, rel=0.35)


def test_without_a_table_regions_are_called_by_their_number(tmp_path):
    found = regions_of(asked("atlas", atlas=str(atlas(tmp_path / "b.nii.gz")), **CHAIN), SHAPE, 1)
    assert found.names == ("label 3", "label 7")


def test_the_grid_of_the_array_is_that_of_the_images_averaged_over_blocks():
    grid = array_grid(asked("blocks", **CHAIN))
    assert grid.array.shape == SHAPE
    # The centre of the first four voxels of FSL's grid, whose first two lie at 90 and 88 mm.
    np.testing.assert_allclose(grid.affine[:3, 3], (87, -123, -69))
    np.testing.assert_allclose(np.diag(grid.affine), (-8, 8, 8, 1))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"centre": (400.0, 300.0, 500.0)}, "no labels above 0"),
        ({"centre": (70.0, 70.0, -60.0)}, "of the labels of .* lie where MNI152 has the brain"),
        ({"number": 7.5}, "values that are no whole numbers"),
        ({"number": -1.0}, "no labels above 0, or some below"),
    ],
)
def test_an_atlas_that_lies_elsewhere_or_holds_no_labels_is_refused(how, message, tmp_path):
    file = atlas(tmp_path / "c.nii.gz", **how)
    with pytest.raises(SettingsError, match=rf"^evaluations\.saliency\.atlas: .*{message}"):
        regions_of(asked("atlas", atlas=str(file), **CHAIN), SHAPE, 1)


def test_a_file_that_is_no_image_and_a_table_without_names_are_refused(tmp_path):
    (tmp_path / "d.nii.gz").write_bytes(b"nothing")
    with pytest.raises(SettingsError, match=r"^evaluations\.saliency\.atlas: .*d\.nii\.gz"):
        regions_of(asked("atlas", atlas=str(tmp_path / "d.nii.gz"), **CHAIN), SHAPE, 1)
    file = atlas(tmp_path / "e.nii.gz")
    (tmp_path / "e.tsv").write_text("number\tlabel\n7\tball\n")
    with pytest.raises(SettingsError, match=r"e\.tsv needs the columns index .* and name"):
        regions_of(asked("atlas", atlas=str(file), **CHAIN), SHAPE, 1)


def test_of_prepared_arrays_an_atlas_has_their_grid(tmp_path, rng):
    save_nifti(tmp_path / "f.nii.gz", rng.integers(0, 3, (5, 6, 4)).astype(float), np.eye(4))
    given = asked("atlas", atlas=str(tmp_path / "f.nii.gz"))
    assert regions_of(given, (5, 6, 4), 1).names == ("label 1", "label 2")
    with pytest.raises(SettingsError, match="has 5×6×4 voxels, and the arrays have 5×6×3"):
        regions_of(given, (5, 6, 3), 1)


def test_of_volumes_that_came_prepared_an_atlas_lies_where_they_do(tmp_path):
    affine = np.diag([-3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = (60, -60, -50)  # a slab of another template
    place = Image(np.zeros((40, 42, 38)), affine)
    given = asked("atlas", atlas=str(atlas(tmp_path / "g.nii.gz")))
    found = regions_of(given, place.array.shape, 1, place=place)
    for number, side in ((1, -1), (2, 1)):
        where = np.argwhere(found.labels[0] == number) @ affine[:3, :3].T + affine[:3, 3]
        np.testing.assert_allclose(where.mean(0), (20 * side, -10, 20), atol=2)
    away = Image(place.array, affine + np.array([[0, 0, 0, 300.0], *[[0] * 4] * 3]))
    with pytest.raises(SettingsError, match=r"only 0% of the labels .* lie where the volumes do"):
        regions_of(given, place.array.shape, 1, place=away)


def test_tissue_is_where_the_template_has_it():
    found = regions_of(asked("tissue", **CHAIN), SHAPE, 1)
    assert found.names == ("grey matter", "white matter", "fluid and borders")
    litres = found.sizes * 8**3 / 1e6
    assert 0.5 < litres[0] < 1.2 and 0.4 < litres[1] < 0.8 and litres[2] < 0.4


def test_the_phantom_knows_its_regions_and_what_is_planted_in_them():
    found = regions_of(asked("phantom", is_stiffness=True, **CHAIN), SHAPE, 1)
    rates = dict(zip(found.names, found.planted, strict=True))
    assert rates["frontal cortex"] > 2 * rates["thalamus"] > 0
    assert (found.sizes[:-1] > 0).all()
    assert regions_of(asked("phantom", **CHAIN), SHAPE, 1).planted is None


def test_features_regions_and_channels_have_a_place_each():
    table = regions_of(asked("features"), (3,), 1, ("volume", "thickness", "area"))
    assert table.names == ("volume", "thickness", "area") and table.labels.tolist() == [[1, 2, 3]]
    measures = regions_of(asked("regions"), (4,), 2)
    assert measures.labels.tolist() == [[1, 2, 3, 4]] * 2 and len(measures.names) == 4
    series = regions_of(asked("channels"), (5,), 3)
    assert series.labels.tolist() == [[n] * 5 for n in (1, 2, 3)] and len(series.names) == 3


@pytest.mark.parametrize(("shape", "axes"), [((9, 14), "yx"), ((5, 8, 13), "tyx"), ((3, 40), "yx")])
def test_blocks_cover_a_picture_or_a_video_and_say_where_they_are(shape, axes):
    found = regions_of(asked("blocks", axes=tuple(axes)), shape, 1)
    assert (found.labels > 0).all() and (found.sizes[:-1] > 0).all()
    for number, name in enumerate(found.names, start=1):
        parts = [part.split()[1].split("-") for part in name.split(", ")]
        box = tuple(slice(int(low) - 1, int(high)) for low, high in parts)
        assert (found.labels[0][box] == number).all()
