"""What scans are compared with: the mean of the people whom a model learned from, of no person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from forms import VOLUME

from contrage.bundle import average
from contrage.bundle.average import mean_image
from contrage.bundle.mean import FEWEST, MeanImage
from contrage.dataset.load import Loader
from contrage.evaluation.predictions import Fold
from contrage.evaluation.saliency.members import Members
from contrage.form import Form
from contrage.learning.folds import Scans
from contrage.settings.steps.scores import ScoresSettings

SHAPE, COUNT = (4, 5, 3), 14
SCORES = {"mean": [2.0], "sd": [0.5]}


def scans(*rows: int, person: dict[int, str] | None = None) -> Scans:
    names = tuple(f"s{row:02d}" for row in rows)
    people = tuple((person or {}).get(row, f"p{row:02d}") for row in rows)
    none = (None,) * len(rows)
    return Scans(names, people, none, none, np.array([], float), np.array(rows))


def settings(normalisation: str = "train", form: dict | None = None) -> ScoresSettings:
    return ScoresSettings(Form(**(form or VOLUME)), normalisation, "own")


@pytest.fixture
def images(rng, tmp_path) -> np.ndarray:
    values = rng.uniform(1, 3, (COUNT, 1, *SHAPE)).astype(np.float32)
    values[:, :, 0, 0] = 0  # outside everybody
    values[3:, :, 1, 1, 1] = 0  # inside three
    values[6:, :, 2, 2, 2] = 0  # inside six
    np.save(tmp_path / "array.npy", values)
    return values


def members(folder: Path, *train: Scans) -> Members:
    folds = [Fold(n, {}, {"train": own, "test": scans()}) for n, own in enumerate(train)]
    models = {(0, n): Path("m") for n in range(len(train))}
    return Members(models, {}, {0: folds}, folder / "array.npy")


def test_it_is_the_mean_of_z_scored_images(images, tmp_path):
    own = members(tmp_path, scans(*range(8)), scans(*range(4, COUNT)))
    mean, people = mean_image(own, settings())
    assert people == COUNT
    load = Loader(tmp_path / "array.npy", SCORES, settings())
    wanted = load(np.arange(COUNT)).mean(0)
    wanted[0, 1, 1, 1] = 0
    found = mean.scored(settings(), {k: np.array(v) for k, v in SCORES.items()}, None)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert found[0, 2, 2, 2] != 0


def test_of_images_that_are_scored_by_themselves_their_scores_are_averaged(images, tmp_path):
    asked = settings("image")
    mean, _ = mean_image(members(tmp_path, scans(*range(COUNT))), asked)
    wanted = Loader(tmp_path / "array.npy", {}, asked)(np.arange(COUNT)).mean(0)
    wanted[0, 1, 1, 1] = 0
    np.testing.assert_allclose(mean.scored(asked, {}, None), wanted, atol=1e-5)


def test_a_voxel_that_few_have_is_background(images, tmp_path):
    mean, _ = mean_image(members(tmp_path, scans(*range(COUNT))), settings())
    assert 3 < FEWEST <= 6
    assert mean.values[0, 1, 1, 1] == mean.inside[0, 1, 1, 1] == 0
    assert mean.inside[0, 2, 2, 2] == pytest.approx(6 / COUNT)
    assert (mean.values[0, 0, 0] == 0).all()


def test_each_person_counts_once_and_of_few_there_is_none(images, tmp_path):
    often = dict.fromkeys((0, 1, 2, 3), "p00")
    mean, people = mean_image(members(tmp_path, scans(*range(8), person=often)), settings())
    assert people == 5
    np.testing.assert_allclose(mean.values[0, 3], images[[0, 4, 5, 6, 7], 0, 3].mean(0), rtol=1e-5)
    assert mean_image(members(tmp_path, scans(*range(7), person=often)), settings()) == (None, 4)


def test_of_very_many_people_so_many_are_read(images, tmp_path, monkeypatch):
    monkeypatch.setattr(average, "MEAN_OF", 6)
    assert mean_image(members(tmp_path, scans(*range(COUNT))), settings())[1] == 6


def test_members_do_not_tell_apart_whom_each_has_seen(images, tmp_path):
    """Means of each member's own people would differ by the few that the other has not."""
    once = mean_image(members(tmp_path, scans(*range(COUNT))), settings())[0]
    apart = mean_image(members(tmp_path, scans(*range(13)), scans(*range(1, COUNT))), settings())[0]
    np.testing.assert_array_equal(once.values, apart.values)


def test_a_common_field_of_view_is_cut_of_each_member(images, tmp_path, rng):
    mean, _ = mean_image(members(tmp_path, scans(*range(COUNT))), settings())
    field = rng.random((1, *SHAPE)) < 0.5
    scores = {k: np.array(v) for k, v in SCORES.items()}
    whole = mean.scored(settings(), scores, None)
    np.testing.assert_array_equal(mean.scored(settings(), scores, field), whole * field)


def test_one_of_another_shape_is_refused():
    arrays = {"values": np.zeros((1, 2, 2)), "inside": np.zeros((1, 2, 2))}
    with pytest.raises(ValueError, match="not of shape"):
        MeanImage.of(arrays, (1, 2, 3))
