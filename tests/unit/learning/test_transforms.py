"""Random transforms of whole batches, against explicit loops and SciPy."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.utils._python_dispatch import TorchDispatchMode

from contrage.errors import SettingsError
from contrage.learning.views import transforms
from contrage.learning.views.augment import TRANSFORMS
from contrage.learning.views.resample import resample, rotations

SHAPE = (9, 11, 7)
OF_TABLES = ("intensity", "noise")
each = pytest.mark.parametrize("name", [name for name in TRANSFORMS if name != "zoom"])


def batch(size: int = 6, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return torch.randn(size, 1, *shape, generator=torch.Generator().manual_seed(1)) + 3


def brains(size: int = 6) -> torch.Tensor:
    """Balls of values in a background of 0."""
    images = batch(size)
    places = torch.meshgrid(*[torch.arange(n) - (n - 1) / 2 for n in SHAPE], indexing="ij")
    images[:, :, sum(place**2 for place in places) > 9] = 0
    return images


def draw(name: str, images: torch.Tensor, seed: int = 0, **settings) -> torch.Tensor:
    return TRANSFORMS[name](images, torch.Generator(images.device).manual_seed(seed), **settings)


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_dtype_and_device_are_those_of_the_input(name, dtype):
    images = batch().to(dtype)
    before = images.clone()
    changed = draw(name, images)
    assert changed.shape == images.shape
    assert changed.dtype == dtype
    assert changed.device == images.device
    assert torch.equal(images, before)


@each
def test_probability_0_changes_no_bit_and_1_changes_every_sample(name):
    images = batch()
    assert torch.equal(draw(name, images, probability=0), images)
    changed = draw(name, images, probability=1) != images
    assert changed.flatten(1).any(1).all()


@each
def test_samples_that_are_not_drawn_keep_every_bit(name):
    images = batch(40)
    same = (draw(name, images, probability=0.5) == images).flatten(1).all(1)
    assert 8 < same.sum() < 32


@each
def test_a_sample_does_not_depend_on_what_the_others_hold(name):
    images = batch()
    others = images.clone()
    others[1:] *= 5
    assert torch.equal(draw(name, images)[0], draw(name, others)[0])


@each
def test_draws_belong_to_the_place_in_the_batch(name):
    """Order decides through the generator alone: the same draw meets whatever stands there."""
    image = batch(1)
    alike = draw(name, image.expand(5, -1, -1, -1, -1), seed=3, probability=1)
    mixed = batch(5)
    mixed[3] = image[0]
    assert torch.equal(draw(name, mixed, seed=3, probability=1)[3], alike[3])


@each
def test_the_seed_decides(name):
    images = batch(40)
    assert torch.equal(draw(name, images, seed=5), draw(name, images, seed=5))
    assert not torch.equal(draw(name, images, seed=5), draw(name, images, seed=6))


@pytest.mark.parametrize("name", ["affine", "cutout", "crop", "intensity", "noise"])
def test_samples_of_a_batch_have_their_own_draws(name):
    changed = draw(name, batch(1).expand(12, -1, -1, -1, -1), probability=1)
    assert len({sample.numpy().tobytes() for sample in changed}) > 1


class NothingToTheHost(TorchDispatchMode):
    """Refuses what needs a value, or a number of values, from the device."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name()
        assert not any(word in name for word in ("_local_scalar_dense", "nonzero", "item")), name
        indices = args[1] if name in ("aten::index.Tensor", "aten::index_put_") else ()
        assert not any(index is not None and index.dtype == torch.bool for index in indices), name
        return function(*args, **(kwargs or {}))


@each
def test_nothing_that_is_drawn_comes_to_the_host(name):
    images, generator = brains(), torch.Generator().manual_seed(0)
    with NothingToTheHost():
        TRANSFORMS[name](images, generator)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@each
def test_on_a_gpu_nothing_waits_for_the_device(name):
    images = brains().cuda()
    generator = torch.Generator("cuda").manual_seed(0)
    TRANSFORMS[name](images, generator)
    torch.cuda.set_sync_debug_mode("error")
    try:
        changed = TRANSFORMS[name](images, generator)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert changed.device == images.device


@pytest.mark.parametrize("name", ["flip", "affine", "cutout", "crop"])
def test_what_moves_voxels_wants_volumes(name):
    with pytest.raises(SettingsError, match=rf"augmentation: {name} is for volumes"):
        draw(name, torch.randn(4, 1, 30))


@pytest.mark.parametrize("name", OF_TABLES)
@pytest.mark.parametrize("shape", [(20,), (5, 6)])
def test_what_changes_values_takes_tables(name, shape):
    table = batch(4, shape)
    changed = draw(name, table, probability=1)
    assert changed.shape == table.shape
    assert (changed != table).all()


@pytest.mark.parametrize("name", OF_TABLES)
def test_what_changes_values_keeps_the_support(name):
    images = brains()
    assert torch.equal(draw(name, images, probability=1) != 0, images != 0)


@pytest.mark.parametrize("name", ["cutout", "crop", "affine", "flip"])
def test_what_moves_voxels_brings_no_value_into_an_empty_image(name):
    assert not draw(name, torch.zeros(3, 1, *SHAPE), probability=1).any()


def test_noise_has_the_sd_asked_for_and_no_mean():
    images = batch(8, (20, 20, 20))
    added = draw("noise", images, sd=0.3, probability=1) - images
    assert added.mean().abs() < 0.005
    assert abs(added.std() - 0.3) < 0.005
    assert torch.corrcoef(added.flatten(1)).fill_diagonal_(0).abs().max() < 0.05


def test_intensity_is_one_line_per_sample_within_its_limits():
    images = batch(200).double()
    changed = draw("intensity", images, gain=0.2, offset=0.5, probability=1)
    factors, shifts = [], []
    for before, after in zip(images.flatten(1).numpy(), changed.flatten(1).numpy(), strict=True):
        factor, shift = np.polyfit(before, after, 1)
        np.testing.assert_allclose(after, factor * before + shift)
        factors.append(factor)
        shifts.append(shift)
    for values, centre, limit in ((factors, 1, 0.2), (shifts, 0, 0.5)):
        assert np.abs(np.subtract(values, centre)).max() <= limit
        assert abs(np.mean(values) - centre) < limit / 5
        assert np.std(values) == pytest.approx(limit / np.sqrt(3), rel=0.15)


def test_flip_exchanges_the_ends_of_the_first_axis():
    images = batch()
    assert torch.equal(draw("flip", images, probability=1), images[:, :, range(8, -1, -1)])


def holes(size: tuple[float, float, float]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The first and last voxel of the box that is cut out of each of many images."""
    images = batch(300)
    changed = draw("cutout", images, size=size, probability=1)
    found = []
    for before, after in zip(images[:, 0].numpy(), changed[:, 0].numpy(), strict=True):
        places = np.argwhere(after == 0)
        low, high = places.min(0), places.max(0)
        expected = before.copy()
        for x in range(low[0], high[0] + 1):
            for y in range(low[1], high[1] + 1):
                for z in range(low[2], high[2] + 1):
                    expected[x, y, z] = 0
        assert np.array_equal(after, expected)
        found.append((low, high))
    return found


def test_cutout_is_a_box_of_the_size_asked_for_anywhere_inside_the_grid():
    found = holes((0.33, 0.55, 0.29))
    assert {tuple(high - low + 1) for low, high in found} == {(3, 6, 2)}
    for axis, last_start in enumerate((6, 5, 5)):
        assert {int(low[axis]) for low, _ in found} == set(range(last_start + 1))


def crop_loops(image: np.ndarray, edges: list[int], starts: list[int]) -> np.ndarray:
    """The authors' Crop, then their Pad, voxel by voxel."""
    result = np.zeros_like(image)
    before = [(length - edge) // 2 for length, edge in zip(image.shape, edges, strict=True)]
    for x in range(edges[0]):
        for y in range(edges[1]):
            for z in range(edges[2]):
                target = (before[0] + x, before[1] + y, before[2] + z)
                result[target] = image[starts[0] + x, starts[1] + y, starts[2] + z]
    return result


def test_crop_keeps_a_window_and_puts_it_into_the_middle(monkeypatch):
    images, size = batch(40), (0.8, 0.55, 0.9)
    drawn = {}
    window = transforms._window

    def remember(*arguments):
        drawn["edges"], drawn["starts"] = window(*arguments)
        return drawn["edges"], drawn["starts"]

    monkeypatch.setattr(transforms, "_window", remember)
    changed = draw("crop", images, size=size, probability=1)
    assert drawn["edges"] == [7, 6, 6]
    for axis, last_start in enumerate((2, 5, 1)):
        assert set(drawn["starts"][axis].tolist()) == set(range(last_start + 1))
    for index in range(len(images)):
        starts = [int(start[index]) for start in drawn["starts"]]
        expected = crop_loops(images[index, 0].numpy(), drawn["edges"], starts)
        assert np.array_equal(changed[index, 0].numpy(), expected)


@pytest.mark.parametrize("grid", [(91, 109, 91), (46, 55, 46)])
def test_the_authors_sizes_are_the_same_in_mm_on_both_grids(grid):
    voxel = 2 if grid[0] == 91 else 4
    images, generator = torch.zeros(1, 1, *grid), torch.Generator().manual_seed(0)
    box, _ = transforms._window(images, generator, (0.352, 0.294, 0.352))
    kept, _ = transforms._window(images, generator, (1.0, 0.835, 1.0))
    assert [edge * voxel for edge in box] == [64, 64, 64]
    assert kept[1] * voxel == pytest.approx(182, abs=2)
    assert [kept[0], kept[2]] == [grid[0], grid[2]]


def scipy_rotated(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The same place for each voxel, about the centre, with the background as no data."""
    centre = (np.array(image.shape) - 1) / 2
    fetch = partial(
        ndimage.affine_transform,
        matrix=matrix,
        offset=centre - matrix @ centre,
        order=1,
        mode="grid-constant",
    )
    inside = fetch((image != 0).astype(float))
    return np.where(inside >= 0.5, fetch(image) / np.maximum(inside, 0.5), 0)


def test_rotation_and_scaling_equal_scipys_on_a_grid_with_unequal_axes():
    images = brains().double()
    angles = torch.linspace(-0.6, 0.5, 18, dtype=torch.float64).view(6, 3)
    matrices = rotations(angles) / torch.linspace(0.8, 1.3, 6, dtype=torch.float64)[:, None, None]
    moved = resample(images, matrices)
    for image, matrix, found in zip(images, matrices, moved, strict=True):
        expected = scipy_rotated(image[0].numpy(), matrix.numpy())
        np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-12)


def test_rotations_turn_right_angles_exactly():
    """A quarter turn about Z exchanges X and Y: voxels are cubes although the grid is none."""
    image = torch.zeros(1, 1, 9, 11, 7, dtype=torch.float64)
    image[0, 0, 7, 5, 3] = 1
    quarter = torch.tensor([[0, 0, torch.pi / 2]], dtype=torch.float64)
    moved = resample(image, rotations(quarter))
    # Three voxels right of the centre (4, 5, 3) before, three in front of or behind it after.
    assert moved[0, 0].nonzero().tolist() == [[4, 2, 3]]
    assert moved.max() == pytest.approx(1)


def test_rotations_are_rotations():
    matrices = rotations(torch.randn(20, 3, dtype=torch.float64))
    identity = torch.eye(3, dtype=torch.float64).expand(20, 3, 3)
    torch.testing.assert_close(matrices @ matrices.mT, identity)
    torch.testing.assert_close(matrices.det(), torch.ones(20, dtype=torch.float64))


def test_affine_draws_within_its_limits(monkeypatch):
    seen = []
    monkeypatch.setattr(transforms, "resample", lambda images, m: seen.append(m) or images)
    draw("affine", batch(500).double(), degrees=5, scale=0.1)
    factors = 1 / seen[0].det() ** (1 / 3)
    assert 0.9 <= factors.min() < 0.91
    assert 1.09 < factors.max() <= 1.1
    cosines = ((seen[0] * factors[:, None, None]).diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    assert cosines.clamp(max=1).acos().rad2deg().max() <= 5 * np.sqrt(3) * 1.01


def test_scaling_above_1_enlarges():
    images = brains(1).double()
    larger = resample(images, torch.eye(3, dtype=torch.float64)[None] / 1.4)
    assert (larger != 0).sum() > (images != 0).sum()


def test_interpolation_does_not_mix_brain_and_background():
    images = (brains() != 0).double() * 2.5
    moved = draw("affine", images, degrees=20, scale=0.2)
    assert ((moved == 0) | ((moved - 2.5).abs() < 1e-12)).all()
