"""Encoders by name: every one takes the grids it is for, and learns in all its parts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from contrage import modalities
from contrage.errors import SettingsError
from contrage.learning import encoders
from contrage.learning.encoders import NAMES, build, module
from contrage.learning.encoders._layers import Halve
from contrage.learning.encoders.glt import middle, starts
from contrage.learning.encoders.vit import FEWEST, PATCHES, Heads, padding, patch_size

MONAI = ("resnet10", "resnet18", "resnet34", "resnet50", "densenet121", "vit")
OWN = ("small", "sfcn", "mlp")
LARGE = ("glt", "glt-cover", "r2plus1d")
SHAPES = {"1d": (11,), "2d": (9, 14), "3d": (9, 14, 11)}
WIDTHS = {"small": 128, "resnet50": 2048, "densenet121": 1024, "vit": 192, "sfcn": 64, "mlp": 128}


def case(name: str, dimensions: str):
    """MONAI takes 10 s to import: its encoders are tested in one process."""
    marks = [pytest.mark.xdist_group("monai")] if name in MONAI else []
    return pytest.param(name, SHAPES[dimensions], id=f"{name}-{dimensions}", marks=marks)


DIMENSIONS = {"mlp": ("1d",), "r2plus1d": ("3d",), "glt": ("2d", "3d"), "glt-cover": ("2d", "3d")}
CASES = [case(name, d) for name in NAMES for d in DIMENSIONS.get(name, SHAPES)]
UNFIT = [(name, d) for name, fit in DIMENSIONS.items() for d in SHAPES if d not in fit]


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_every_encoder_gives_features_and_learns_in_all_its_parts(name, shape):
    """Unequal axes, odd sizes, and grids that five halvings would leave nothing of."""
    torch.manual_seed(0)
    encoder = build(name, shape)
    features = encoder(torch.randn(3, 1, *shape))
    assert features.shape == (3, encoder.width)
    assert encoder.width == WIDTHS.get(name, 512)
    assert features.isfinite().all()
    features.square().sum().backward()
    for part, parameter in encoder.named_parameters():
        assert parameter.grad is not None, part
        assert parameter.grad.isfinite().all(), part
        assert parameter.ndim == 1 or parameter.grad.any(), part


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_every_encoder_takes_several_channels_and_tells_them_apart(name, shape):
    torch.manual_seed(0)
    encoder = build(name, shape, 3).eval()
    images = torch.randn(2, 3, *shape)
    features = encoder(images)
    assert features.shape == (2, encoder.width)
    away = (features - encoder(images[:, [1, 0, 2]])).abs().max()
    assert away > 1e-3 * features.abs().max()


def test_kinds_of_data_have_the_encoders_that_fit_them():
    fitting = {
        name: set(encoders.fitting(kind.form, kind.encoders))
        for name, kind in ((each, modalities.load(each)) for each in modalities.learned())
    }
    images = set(NAMES) - {"mlp", "r2plus1d"}
    assert fitting["stiffness"] == fitting["vbm"] == fitting["pet"] == fitting["xray"] == images
    assert fitting["table"] == fitting["vbm_roi"] == {"mlp"}
    rows = set(NAMES) - set(LARGE)
    assert fitting["desikan"] == fitting["destrieux"] == fitting["series"] == rows
    assert fitting["video"] == (images | {"r2plus1d"}) - {"glt", "glt-cover"}


# Without a classifier, and for one channel in place of three (64·2·7² weights less). MONAI's
# shortcuts have a bias that torchvision's do not: one for each channel of the stages that have one.
TORCHVISION_2D = {
    "resnet18": 11_689_512 - 513_000 - 6_272 + (128 + 256 + 512),
    "resnet34": 21_797_672 - 513_000 - 6_272 + (128 + 256 + 512),
    "resnet50": 25_557_032 - 2_049_000 - 6_272 + (256 + 512 + 1024 + 2048),
    "densenet121": 7_978_856 - 1_025_000 - 6_272,
}
MONAI_3D = {
    "resnet10": 14_356_416,
    "resnet18": 33_160_896,
    "resnet34": 63_470_528,
    "resnet50": 46_158_912,
    "densenet121": 11_242_624,
}


@pytest.mark.xdist_group("monai")
@pytest.mark.parametrize(
    ("name", "count", "dimensions"),
    [(*item, 3) for item in MONAI_3D.items()] + [(*item, 2) for item in TORCHVISION_2D.items()],
)
def test_monais_networks_have_their_published_size(name, count, dimensions):
    with torch.device("meta"):
        assert parameters(build(name, (46, 55, 46)[:dimensions])) == count


@pytest.mark.xdist_group("monai")
def test_resnets_first_convolution_has_the_papers_stride():
    with torch.device("meta"):
        assert build("resnet18", (46, 55, 46)).conv1.stride == (2, 2, 2)


def test_sfcn_is_the_published_network_without_its_last_layer():
    """The released code has 2,952,936 parameters; its last convolution maps 64 channels to 40."""
    assert parameters(build("sfcn", (160, 192, 160))) == 2_952_936 - (64 * 40 + 40)


def test_own_networks_have_the_size_they_are_said_to_have():
    assert parameters(build("small", (46, 55, 46))) == 161_064
    assert parameters(build("mlp", (200,))) == 200 * 128 + 128 * 128 + 2 * 2 * 128


@pytest.mark.xdist_group("monai")
@pytest.mark.parametrize(
    ("shape", "patch"), [((91, 109, 91), 16), ((46, 55, 46), 8), ((23, 28, 23), 4)]
)
def test_vit_is_deit_tiny_with_patches_for_its_grid(shape, patch):
    """A layer: 4 projections of 192² (keys, queries, values without bias), an MLP, two norms."""
    layer = 4 * 192**2 + 192 + (2 * 192 * 768 + 768 + 192) + 2 * 2 * 192
    embedding = patch**3 * 192 + 192 + 252 * 192
    assert patch_size(shape) == patch
    with torch.device("meta"):
        assert parameters(build("vit", shape)) == embedding + 12 * layer + 2 * 192


@given(st.lists(st.integers(1, 120), min_size=1, max_size=3))
def test_patches_fill_the_padded_image_without_a_gap(shape):
    patch = patch_size(tuple(shape))
    before_after = padding(tuple(shape), patch)
    padded = functional.pad(torch.ones(1, 1, *shape), before_after)
    assert all(size % patch == 0 for size in padded.shape[2:])
    assert all(new - old < patch for new, old in zip(padded.shape[2:], shape, strict=True))
    assert padded.sum() == torch.ones(shape).sum()
    assert all(abs(a - b) <= 1 for a, b in zip(before_after[::2], before_after[1::2], strict=True))
    larger = [size for size in PATCHES if size > patch]
    assert all(min(shape) < FEWEST * size for size in larger)


def test_heads_are_parted_and_joined_as_einops_does():
    tokens = torch.arange(2 * 5 * 3 * 4 * 6).reshape(2, 5, 72)
    parted = Heads("b h (qkv l d) -> qkv b l h d", qkv=3, l=4)(tokens)
    assert parted.shape == (3, 2, 4, 5, 6)
    for q, b, head, token, d in [(0, 0, 0, 0, 0), (2, 1, 3, 4, 5), (1, 0, 2, 3, 1)]:
        assert parted[q, b, head, token, d] == tokens[b, token, (q * 4 + head) * 6 + d]
    joined = Heads("b l h d -> b h (l d)")(parted[1])
    assert torch.equal(joined, tokens[:, :, 24:48])
    with pytest.raises(NotImplementedError, match="b l d"):
        Heads("b l d -> b d l")


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_halving_is_that_of_pytorch_until_an_axis_is_one_voxel(kind):
    images = torch.randn(2, 3, 7, 4, 5)
    pool = getattr(functional, f"{kind}_pool3d")
    assert torch.equal(Halve(kind)(images), pool(images, 2))
    flat = images[:, :, :1]
    assert torch.equal(Halve(kind)(flat), pool(flat, (1, 2, 2)))
    assert torch.equal(Halve(kind)(images[..., :1, :1, :1]), images[..., :1, :1, :1])


@pytest.mark.xdist_group("monai")
def test_densenet_is_monais_where_the_grid_is_large_enough():
    from monai.networks.nets import DenseNet121

    torch.manual_seed(0)
    encoder = build("densenet121", (29, 33)).eval()
    theirs = DenseNet121(spatial_dims=2, in_channels=1, out_channels=1)
    theirs.class_layers.out = nn.Identity()
    theirs.load_state_dict(encoder.state_dict())
    images = torch.randn(2, 1, 29, 33)
    assert torch.equal(encoder(images), theirs.eval()(images))


def test_small_encoder_sees_the_overall_level():
    """Mean stiffness carries age: a scaled image must not have the same features."""
    torch.manual_seed(0)
    encoder = build("small", (16, 20, 12)).eval()
    image = torch.randn(1, 1, 16, 20, 12)
    assert not torch.allclose(encoder(image), encoder(image + 1), atol=1e-2)


def test_unknown_encoder_is_refused_with_the_choices():
    for ask in (lambda: build("resnet19", (8, 8, 8)), lambda: module("resnet19")):
        with pytest.raises(SettingsError, match=f"'resnet19', choose from {', '.join(NAMES)}"):
            ask()


@pytest.mark.parametrize(("name", "dimensions"), UNFIT)
def test_what_an_encoder_does_not_take_is_refused_with_one_that_does(name, dimensions):
    with pytest.raises(
        SettingsError, match=rf"training\.encoder: {name} takes .*; choose "
    ) as said:
        build(name, SHAPES[dimensions])
    other = next(each for each in NAMES if str(said.value).endswith(each))
    assert other not in DIMENSIONS


def test_slices_that_are_too_small_for_windows_are_refused():
    with pytest.raises(SettingsError, match=r"glt needs slices of at least 4 pixels a side.*3×9"):
        build("glt", (3, 9))


def test_r2plus1d_is_torchvisions_without_its_classifier():
    """31,505,325 parameters with 400 classes and three channels; the names are theirs as well."""
    with torch.device("meta"):
        own = build("r2plus1d", (16, 16, 16), 3)
    assert parameters(own) == 31_505_325 - (512 * 400 + 400)
    assert own.state_dict()["layer3.0.conv1.0.3.weight"].shape == (256, 460, 3, 1, 1)
    assert own.state_dict()["layer3.1.conv2.0.0.weight"].shape[0] == 576


def test_the_global_local_transformer_has_the_size_of_the_released_one():
    """For five slices of 130×170 as in its own example, without the two linear layers."""
    with torch.device("meta"):
        assert parameters(build("glt", (130, 170, 9))) == 20_411_520


@pytest.mark.parametrize(
    ("length", "window", "released", "covered"),
    [
        (130, 64, [0, 32, 64], [0, 32, 64, 66]),
        (128, 64, [0, 32], [0, 32, 64]),
        (9, 4, [0, 2, 4], [0, 2, 4, 5]),
    ],
)
def test_windows_begin_as_in_the_released_loop_or_cover_the_slice(
    length, window, released, covered
):
    assert starts(length, window, cover=False) == released
    assert starts(length, window, cover=True) == covered
    seen = {place + k for place in covered for k in range(window)}
    assert seen == set(range(length))


def test_of_a_volume_the_middle_axial_slices_are_seen():
    volumes = torch.arange(7.0).expand(2, 3, 8, 9, 7)
    seen = middle(volumes, 5)
    assert seen.shape == (2, 15, 8, 9)
    assert seen[0, :, 0, 0].tolist() == [1, 2, 3, 4, 5] * 3
    torch.manual_seed(0)
    encoder = build("glt", (8, 9, 7), 3).eval()
    outer = torch.randn(1, 3, 8, 9, 7)
    moved = outer.clone()
    moved[..., [0, 6]] += 1
    assert torch.equal(encoder(outer), encoder(moved))


def test_the_last_rows_are_seen_with_cover_alone():
    """What only a window at the edge sees locally: both see it as part of the whole."""
    images = torch.zeros(1, 1, 128, 128)
    for name, count in (("glt", 4), ("glt-cover", 9)):
        encoder = build(name, (128, 128))
        assert len(encoder.starts[0]) * len(encoder.starts[1]) == count
        shown = []
        encoder.local.register_forward_hook(lambda _, given, out, shown=shown: shown.append(given))
        encoder.eval()(images)
        assert shown[0][0].shape == (count, 1, 64, 64)


def test_shapes_that_an_encoder_has_no_use_for_are_refused():
    with pytest.raises(SettingsError, match="images of 9×14×11 voxels"):
        build("mlp", (9, 14, 11))
    with pytest.raises(SettingsError, match="1 to 3 axes"):
        build("small", (4, 4, 4, 4))


def test_names_are_those_of_the_schema(root):
    import yaml

    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    asked = schema["properties"]["training"]["properties"]["encoder"]["enum"]
    assert sorted(asked) == sorted(NAMES)


LIGHT = f"""
import sys
from contrage.learning import encoders
assert "torch" not in sys.modules
for name in {OWN}:
    encoders.build(name, (30,))
assert "monai" not in sys.modules
"""


def test_own_encoders_do_without_monai(root):
    environment = os.environ | {"PYTHONPATH": str(root / "workflow")}
    subprocess.run([sys.executable, "-c", LIGHT], check=True, env=environment)
