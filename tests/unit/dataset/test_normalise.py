"""Z-scores use the right voxels of the right scans."""

from __future__ import annotations

import numpy as np
import pytest
from dataset_steps import scores
from forms import REGIONS, TABLE, VOLUME

from contrage.dataset.load import Loader
from contrage.dataset.normalise import (
    common_field,
    normalise,
    statistics,
    statistics_and_shares,
)
from contrage.errors import ContrageError


@pytest.fixture
def images(rng):
    images = rng.normal(3, 1, (6, 1, 4, 5, 7)).astype(np.float32)
    for row in range(6):
        images[row, ..., : row % 3] = 0
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
    assert mean == pytest.approx([np.mean(values)], rel=1e-9)
    assert sd == pytest.approx([np.std(values)], rel=1e-9)


def test_the_common_field_is_what_all_training_images_cover(images):
    field = common_field(images, np.array([0, 1]))
    assert not field[..., 0].any()
    assert field[..., 1:].all()


def test_background_stays_zero_and_the_brain_is_standardised(images):
    rows = np.arange(6)
    mean, sd = statistics(images, rows, rows, "own")
    scores = normalise(images, {"mean": mean, "sd": sd}, "train")
    assert (scores[images == 0] == 0).all()
    assert scores[images != 0].mean() == pytest.approx(0, abs=1e-5)
    assert scores[images != 0].std() == pytest.approx(1, abs=1e-5)


def test_per_image_each_brain_is_standardised_by_itself(images):
    scores = normalise(images * np.arange(1, 7)[:, None, None, None, None], {}, "image")
    for score, image in zip(scores, images, strict=True):
        assert score[image != 0].mean() == pytest.approx(0, abs=1e-5)
        assert score[image != 0].std() == pytest.approx(1, abs=1e-5)


def test_an_image_of_one_value_gives_zeros_not_nan():
    images = np.full((1, 1, 2, 3, 4), 5, np.float32)
    assert (normalise(images, {}, "image") == 0).all()


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.filterwarnings("ignore:Degrees of freedom")
def test_an_image_without_a_voxel_gives_zeros_not_nan():
    """As a common field of view may leave one."""
    images = np.zeros((1, 1, 2, 3, 4), np.float32)
    assert (normalise(images, {}, "image") == 0).all()


def test_rows_are_loaded_in_the_order_asked_for(tmp_path, images):
    np.save(tmp_path / "array.npy", images)
    fold = {"mean": [0.0], "sd": [1.0], "train_rows": [0, 2]}
    settings = scores(field_of_view="own")
    loaded = Loader(tmp_path / "array.npy", fold, settings)(np.array([4, 1]))
    np.testing.assert_array_equal(loaded, images[[4, 1]])
    settings = scores(field_of_view="common")
    loaded = Loader(tmp_path / "array.npy", fold, settings)(np.array([4, 1]))
    assert (loaded[..., :2] == 0).all()
    np.testing.assert_array_equal(loaded[..., 2:], images[[4, 1]][..., 2:])


@pytest.fixture
def regions(rng):
    """Three measures of eight regions, of unlike units; a zero among them is a value."""
    scales = np.array([1, 100, 0.01])[:, None]
    values = (rng.normal(5, 1, (6, 3, 8)) * scales).astype(np.float32)
    values[0, 0, 0] = 0
    return values


def test_each_channel_has_a_mean_and_an_sd_of_its_own_and_zero_counts(regions):
    rows = np.array([0, 3, 4])
    mean, sd = statistics(regions, rows, rows, "own", background=False)
    for channel in range(3):
        values = regions[rows, channel].astype(np.float64)
        assert mean[channel] == pytest.approx(values.mean(), rel=1e-9)
        assert sd[channel] == pytest.approx(values.std(), rel=1e-9)
    scores = normalise(regions[rows], {"mean": mean, "sd": sd}, "train", background=False)
    assert scores.mean(axis=(0, 2)) == pytest.approx([0, 0, 0], abs=1e-5)
    assert scores.std(axis=(0, 2)) == pytest.approx([1, 1, 1], abs=1e-5)
    assert scores[0, 0, 0] < -3


def test_a_volume_of_two_channels_is_scored_as_two_volumes(images):
    both = np.concatenate([images, 10 * images[::-1]], axis=1)
    rows = np.arange(6)
    mean, sd, shares = statistics_and_shares(both, rows, rows, "common")
    for channel in (0, 1):
        one = both[:, channel : channel + 1]
        m, s, of_one = statistics_and_shares(one, rows, rows, "common")
        assert ([mean[channel]], [sd[channel]]) == (m, s)
        assert (shares >= of_one).all()
        scores = normalise(both, {"mean": mean, "sd": sd}, "train")[:, channel : channel + 1]
        np.testing.assert_array_equal(scores, normalise(one, {"mean": m, "sd": s}, "train"))


def test_regions_and_tables_are_loaded_with_an_axis_of_channels(tmp_path, regions):
    np.save(tmp_path / "array.npy", regions)
    fold = {"mean": [0.0] * 3, "sd": [1.0] * 3, "train_rows": [0]}
    settings = scores(form=REGIONS | {"channels": 3})
    loaded = Loader(tmp_path / "array.npy", fold, settings)(np.array([4, 1]))
    np.testing.assert_array_equal(loaded, regions[[4, 1]])
    np.save(tmp_path / "table.npy", regions[:, 0].astype(float))
    fold = {"mean": [0.0] * 8, "sd": [1.0] * 8, "median": [0.0] * 8}
    loaded = Loader(tmp_path / "table.npy", fold, scores(form=TABLE))(np.array([4, 1]))
    assert loaded.shape == (2, 1, 8)


def test_an_array_of_another_kind_is_refused_by_its_name_and_shape(tmp_path, regions):
    np.save(tmp_path / "array.npy", regions)
    settings = scores(form=REGIONS)
    with pytest.raises(ContrageError, match=r"array\.npy: has 3 channels, where there are 7"):
        Loader(tmp_path / "array.npy", {}, settings)(np.array([0]))
    with pytest.raises(ContrageError, match=r"array\.npy: has 3 axes \(6, 3, 8\), where a volume"):
        Loader(tmp_path / "array.npy", {}, scores(form=VOLUME))(np.array([0]))
