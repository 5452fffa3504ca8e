"""Random transforms of pictures and videos: per image, not per channel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from contrage import modalities
from contrage.errors import SettingsError
from contrage.learning.views import pictures, transforms
from contrage.learning.views.augment import TRANSFORMS
from contrage.learning.views.resample import resample_picture, turns

SHAPES = {"xray": (9, 13), "video": (8, 5, 6), "series": (15,)}
EACH = [(name, kind) for kind in SHAPES for name in modalities.load(kind).augmentations]
each = pytest.mark.parametrize(("name", "kind"), EACH)
MOVING = ("flip", "affine", "zoom")


def batch(kind: str, size: int = 6, channels: int = 1) -> torch.Tensor:
    shape = (size, channels, *SHAPES[kind])
    return torch.randn(shape, generator=torch.Generator().manual_seed(1)) + 3


def draw(name: str, images: torch.Tensor, seed: int = 0, **own) -> torch.Tensor:
    return TRANSFORMS[name](images, torch.Generator().manual_seed(seed), **own)


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_and_dtype_are_those_of_the_input_which_stays(name, kind, dtype):
    images = batch(kind).to(dtype)
    before = images.clone()
    changed = draw(name, images)
    assert changed.shape == images.shape and changed.dtype == dtype
    assert torch.equal(images, before)


@each
def test_probability_0_changes_no_bit_and_1_every_image(name, kind):
    images = batch(kind)
    assert torch.equal(draw(name, images, probability=0), images)
    assert (draw(name, images, probability=1) != images).flatten(1).any(1).all()


@each
def test_images_have_their_own_draws_and_the_seed_repeats_them(name, kind):
    alike = batch(kind, 1).expand(12, *[-1] * (len(SHAPES[kind]) + 1))
    changed = draw(name, alike, probability=1)
    assert torch.equal(draw(name, alike, probability=1), changed)
    assert name == "flip" or len({each.numpy().tobytes() for each in changed}) > 1


@each
def test_all_channels_of_an_image_are_changed_alike(name, kind):
    images = batch(kind).repeat_interleave(3, dim=1)
    changed = draw(name, images, probability=1)
    assert name == "noise" or torch.equal(changed[:, 0], changed[:, 2])


@pytest.mark.parametrize("name", MOVING)
@settings(max_examples=25, deadline=None)
@given(height=st.integers(2, 12), width=st.integers(2, 12), seed=st.integers(0, 99))
def test_what_moves_pixels_brings_no_value_from_outside(name, height, width, seed):
    images = torch.rand(3, 2, height, width, generator=torch.Generator().manual_seed(seed)) + 5
    changed = draw(name, images, seed, probability=1)
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    assert (changed >= low - 1e-5).all() and (changed <= high + 1e-5).all()
    assert torch.allclose(draw(name, torch.ones_like(images), seed), torch.ones_like(images))


def test_a_flip_of_a_picture_exchanges_its_left_and_right():
    images = batch("xray")
    assert torch.equal(draw("flip", images, probability=1), images.flip(-1))


def test_a_rotated_picture_is_scipys():
    images = batch("xray", 4).double()
    angles = torch.tensor([0.2, -0.5, 1.0, 3.0], dtype=torch.float64)
    moved = resample_picture(images, turns(angles))
    centre = (np.array(SHAPES["xray"]) - 1) / 2
    for image, angle, found in zip(images, angles, moved, strict=True):
        c, s = np.cos(angle), np.sin(angle)
        matrix = np.array([[c, -s], [s, c]])
        expected = ndimage.affine_transform(
            image[0].numpy(), matrix, centre - matrix @ centre, order=1, mode="nearest"
        )
        np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-9)


def test_a_picture_turns_by_no_more_than_the_degrees_that_are_asked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(transforms, "resample_picture", lambda images, m: seen.append(m) or images)
    draw("affine", batch("xray", 500).double(), degrees=10, scale=0)
    angles = torch.atan2(seen[0][:, 1, 0], seen[0][:, 0, 0]).rad2deg()
    assert 9.8 < angles.abs().max() <= 10 and angles.mean().abs() < 1


def test_a_zoomed_window_lies_within_the_picture_and_is_as_large_as_asked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(
        pictures, "resample_picture", lambda images, m, away: seen.append((m, away)) or images
    )
    draw("zoom", batch("xray", 400).double(), least=0.5)
    ((matrices, away),) = seen
    parts = matrices[:, 0, 0]
    assert torch.equal(matrices[:, 1, 1], parts) and not matrices[:, 0, 1].any()
    assert 0.5 <= parts.min() < 0.52 and 0.98 < parts.max() <= 1
    assert (away.abs() + parts[:, None] <= 1 + 1e-12).all()


def test_a_zoomed_window_is_what_stands_there():
    """A quarter of a picture, enlarged twice: its own pixels, between which it is interpolated."""
    image = torch.arange(64.0, dtype=torch.float64).reshape(1, 1, 8, 8)
    half = 0.5 * torch.eye(2, dtype=torch.float64)[None]
    corner = resample_picture(image, half, torch.tensor([[-0.5, 0.5]], dtype=torch.float64))
    rows = np.clip(np.arange(8) / 2 - 0.25, 0, None)
    columns = np.clip(np.arange(8) / 2 - 0.25 + 4, None, 7)
    np.testing.assert_allclose(corner[0, 0], 8 * rows[:, None] + columns, atol=1e-9)


def test_jittered_frames_are_neighbours_of_the_same_video():
    videos = torch.arange(9.0).view(1, 1, 9, 1, 1).expand(200, 2, 9, 3, 4)
    for most in (1, 2):
        steps = draw("jitter", videos, frames=most, probability=1) - videos
        assert set(steps.unique().tolist()) == set(range(-most, most + 1))
        assert (steps == steps[:, :1, :, :1, :1]).all(), "a frame is torn"


def test_brightness_is_one_shift_of_the_whole_image_within_its_limit():
    images = batch("video", 300)
    images[:, :, 0] = 0
    added = (draw("brightness", images, offset=0.3, probability=1) - images).flatten(1)
    torch.testing.assert_close(added, added[:, :1].expand_as(added), atol=1e-5, rtol=0)
    assert 0.28 < added.abs().max() <= 0.3 + 1e-5


def test_what_is_for_pictures_or_videos_refuses_others():
    with pytest.raises(SettingsError, match="zoom is for pictures; volumes have affine"):
        draw("zoom", batch("video"))
    with pytest.raises(SettingsError, match="jitter is for videos"):
        draw("jitter", batch("xray"))
