"""Z-scores use the right voxels of the right scans."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.dataset.load import Loader
from contrage.dataset.normalise import common_field, normalise, statistics


@pytest.fixture
def images(rng):
    images = rng.normal(3, 1, (6, 4, 5, 7)).astype(np.float32)
    for row in range(6):
        images[row, :, :, : row % 3] = 0
    return images


@pytest.mark.parametrize("field_of_view", ["own", "common"])
def test_statistics_agree_with_a_slow_loop(images, field_of_view):
    rows = np.array([0, 2, 3])
    values = []
    for row in rows:
        for index in np.ndindex(*images.shape[1:]):
            covered = all(images[other][index] != 0 for other in rows)
            if images[row][index] != 0 and (covered or field_of_view == "own"):
                values.append(float(images[row][index]))
    mean, sd = statistics(images, rows, rows, field_of_view)
    assert mean == pytest.approx(np.mean(values), rel=1e-9)
    assert sd == pytest.approx(np.std(values), rel=1e-9)


def test_the_common_field_is_what_all_training_images_cover(images):
    field = common_field(images, np.array([0, 1]))
    assert not field[:, :, 0].any()
    assert field[:, :, 1:].all()


def test_background_stays_zero_and_the_brain_is_standardised(images):
    rows = np.arange(6)
    mean, sd = statistics(images, rows, rows, "own")
    scores = normalise(images, {"mean": mean, "sd": sd}, "train")
    assert (scores[images == 0] == 0).all()
    assert scores[images != 0].mean() == pytest.approx(0, abs=1e-5)
    assert scores[images != 0].std() == pytest.approx(1, abs=1e-5)


def test_per_image_each_brain_is_standardised_by_itself(images):
    scores = normalise(images * np.arange(1, 7)[:, None, None, None], {}, "image")
    for score, image in zip(scores, images, strict=True):
        assert score[image != 0].mean() == pytest.approx(0, abs=1e-5)
        assert score[image != 0].std() == pytest.approx(1, abs=1e-5)


def test_an_image_of_one_value_gives_zeros_not_nan():
    images = np.full((1, 2, 3, 4), 5, np.float32)
    assert (normalise(images, {}, "image") == 0).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.filterwarnings("ignore:Degrees of freedom")
def test_an_image_without_a_voxel_gives_zeros_not_nan():
    """As a common field of view may leave one."""
    images = np.zeros((1, 2, 3, 4), np.float32)
    assert (normalise(images, {}, "image") == 0).all()


def test_rows_are_loaded_in_the_order_asked_for(tmp_path, images):
    np.save(tmp_path / "array.npy", images)
    fold = {"mean": 0.0, "sd": 1.0, "train_rows": [0, 2]}
    settings = {"normalisation": "train", "field_of_view": "own"}
    loaded = Loader(tmp_path / "array.npy", fold, settings)(np.array([4, 1]))
    np.testing.assert_array_equal(loaded, images[[4, 1]])
    settings["field_of_view"] = "common"
    loaded = Loader(tmp_path / "array.npy", fold, settings)(np.array([4, 1]))
    assert (loaded[..., :2] == 0).all()
    np.testing.assert_array_equal(loaded[..., 2:], images[[4, 1]][..., 2:])
