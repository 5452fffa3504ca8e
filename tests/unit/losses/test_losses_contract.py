"""What holds for every loss in the folder; a new file is covered without an edit here."""

from __future__ import annotations

import inspect
import math
import subprocess
import sys

import pytest
import torch
from loss_helpers import value_and_gradient
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from contrage import losses
from contrage.errors import SettingsError
from contrage.losses import available, load

TABLE_3 = ["rnc", "yaware", "threshold", "exp", "dynlocrep"]


def has(name: str, setting: str) -> bool:
    return setting in inspect.signature(type(load(name))).parameters


FORMS = [
    (name, {"formulation": form} if form else {})
    for name in available()
    for form in (("paper", "released") if has(name, "formulation") else (None,))
]
each_form = pytest.mark.parametrize(
    ("name", "settings"), FORMS, ids=["-".join([n, *s.values()]) for n, s in FORMS]
)


def batch_for(loss, rng, ages, views=2, dtype=torch.float64):
    """Make embeddings of the kind that the loss wants, and its ages."""
    ages = torch.as_tensor(ages, dtype=torch.float64)
    if getattr(loss, "target_kinds", ()) == ("binary",):
        sides = (ages > ages.median()).double()
        return torch.tensor(rng.normal(size=(len(ages), views, 1))).to(dtype), sides
    if getattr(loss, "needs_prediction", False):
        return torch.tensor(rng.normal(size=(len(ages), views, 1))).to(dtype), (ages - 45) / 20
    z = torch.tensor(rng.normal(size=(len(ages), views, 8)))
    if getattr(loss, "unit_embeddings", False):
        z = z / z.norm(dim=-1, keepdim=True)
    return z.to(dtype), ages


def assert_finite(loss, z, y):
    for epoch in (0, 1, 49, 50):
        value, gradient = value_and_gradient(loss, z, y, epoch)
        assert torch.isfinite(torch.tensor(value))
        assert torch.isfinite(gradient).all()
        assert gradient.dtype == z.dtype


@each_form
@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("samples", [1, 2, 3, 40])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_loss_and_gradient_are_finite(rng, name, settings, views, samples, dtype):
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, rng.uniform(18, 80, samples).round(1), views, dtype)
    assert loss(z, y).shape == ()
    assert_finite(loss, z, y)


@each_form
@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "ages",
    [
        [40.0] * 5,
        [0.0] * 4,
        [10.0, 50.0, 90.0, 130.0],
        [0.0, 1e4, 2e4, 3e4],
        [20.1, 20.1, 70.0, 70.0],
    ],
    ids=["equal", "zero", "far apart", "isolated", "tied"],
)
def test_ages_of_any_kind_are_finite(rng, name, settings, views, dtype, ages):
    loss = load(name, **settings)
    assert_finite(loss, *batch_for(loss, rng, ages, views, dtype))


@each_form
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_duplicated_embeddings_are_finite(rng, name, settings, dtype):
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, rng.uniform(18, 80, 34).round(1), 2, dtype)
    assert_finite(loss, z[:1].expand_as(z).clone(), y)
    assert_finite(loss, z[:, :1].expand_as(z).clone(), y)


@each_form
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_temperature_of_a_hundredth_is_finite(rng, name, settings, dtype):
    if not has(name, "temperature"):
        pytest.skip("has no temperature")
    loss = load(name, temperature=0.01, **settings)
    assert_finite(loss, *batch_for(loss, rng, rng.uniform(18, 80, 34).round(1), 2, dtype))


@each_form
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_autocast_does_not_blur_the_pairs(rng, name, settings, kind):
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, rng.uniform(18, 80, 12), dtype=torch.float32)
    plain, plain_gradient = value_and_gradient(loss, z, y)

    def under_autocast(*batch, epoch):
        with torch.autocast("cpu", dtype=kind):
            return loss(*batch, epoch=epoch)

    value, gradient = value_and_gradient(under_autocast, z, y)
    assert value == pytest.approx(plain, rel=1e-6)
    torch.testing.assert_close(gradient, plain_gradient)


@each_form
@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("samples", [1, 2, 3, 40])
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_autocast_over_a_half_precision_head_is_finite(rng, name, settings, views, samples, kind):
    """Under autocast the head's last layer hands over half-precision embeddings."""
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, rng.uniform(18, 80, samples).round(1), views, torch.float32)
    head = torch.eye(z.shape[-1]).requires_grad_()
    for ages in (y, torch.full_like(y, 40.0), 1e4 * torch.arange(samples)):
        with torch.autocast("cpu", dtype=kind):
            embeddings = z @ head
            assert embeddings.dtype == kind
            value = loss(embeddings, ages, epoch=7)
        head.grad = None
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(head.grad).all()


@each_form
@pytest.mark.parametrize("epoch", [0, 25, 50])
def test_order_of_the_batch_does_not_matter(rng, name, settings, epoch):
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, [20.1, 70.3, 20.1, 45.0, 66.6, 70.3, *range(20, 60)])
    z[3] = z[0]
    order = torch.tensor(rng.permutation(len(y)))
    value, gradient = value_and_gradient(loss, z, y, epoch)
    permuted, permuted_gradient = value_and_gradient(loss, z[order], y[order], epoch)
    assert permuted == pytest.approx(value, rel=1e-10)
    torch.testing.assert_close(permuted_gradient, gradient[order], rtol=1e-8, atol=1e-10)


@each_form
def test_rotating_the_embeddings_changes_nothing(rng, name, settings):
    loss = load(name, **settings)
    if getattr(loss, "needs_prediction", False):
        pytest.skip("one output cannot be rotated")
    z, y = batch_for(loss, rng, rng.uniform(18, 80, 12))
    rotation = torch.linalg.qr(torch.tensor(rng.normal(size=(8, 8)))).Q
    torch.testing.assert_close(loss(z @ rotation, y), loss(z, y))


@each_form
def test_ordered_embedding_scores_better_than_a_shuffled_one(rng, name, settings):
    if name == "simclr":
        pytest.skip("knows no ages")
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, torch.arange(20, 80, 0.5))
    if getattr(loss, "needs_prediction", False):
        ordered = y[:, None, None].expand_as(z)
    else:
        angle = (y - 20) / 60 * torch.pi
        ordered = torch.stack([angle.cos(), angle.sin()], dim=-1)[:, None].expand(-1, 2, -1)
    shuffled = ordered[torch.tensor(rng.permutation(len(y)))]
    assert loss(ordered, y) < loss(shuffled, y)


@each_form
def test_batch_without_a_usable_pair_gives_zero(rng, name, settings):
    loss = load(name, **settings)
    if getattr(loss, "needs_prediction", False):
        pytest.skip("needs no pairs")
    value, gradient = value_and_gradient(loss, *batch_for(loss, rng, [40.0], views=1))
    assert value == 0
    assert not gradient.any()


@each_form
def test_isolated_ages_in_one_view_give_zero(rng, name, settings):
    loss = load(name, **settings)
    if not has(name, "kernel"):
        pytest.skip("has no kernel, so far ages are pairs as well")
    value, gradient = value_and_gradient(loss, *batch_for(loss, rng, [0, 1e4, 2e4, 3e4], views=1))
    assert value == 0
    assert not gradient.any()


@each_form
@pytest.mark.parametrize("views", [1, 2])
def test_equal_targets_leave_nothing_to_repel(rng, name, settings, views):
    """Zero where only unlike samples are in the denominator, else the least of an attraction."""
    loss = load(name, **settings)
    if name == "simclr" or getattr(loss, "needs_prediction", False):
        pytest.skip("knows no targets" if name == "simclr" else "measures no pairs")
    for target in (0.0, 40.0, 7e4):
        z, y = batch_for(loss, rng, [target] * 9, views)
        value, gradient = value_and_gradient(loss, z, y, epoch=0)
        together = loss(z[:1, :1].expand_as(z).clone(), y)
        if name == "threshold":
            assert value == 0
            assert not gradient.any()
        else:
            assert value > together
            _, still = value_and_gradient(loss, z[:1, :1].expand_as(z).clone(), y, epoch=0)
            tangent = still - (still * z[:1, :1]).sum(-1, keepdim=True) * z[:1, :1]
            assert tangent.abs().max() < 1e-9


LEAST_BESIDE_LOG_OF_PAIRS = {"exp": -10.0, "dynlocrep": -10.0, "supremix": -math.log(60)}


@pytest.mark.parametrize(
    "name", sorted({"yaware", "supcon", "adacon", "rnc"} | {"exp", "dynlocrep", "supremix"})
)
def test_the_least_value_with_equal_targets_is_the_one_that_is_documented(rng, name):
    loss = load(name)
    if hasattr(loss, "fit"):
        loss.fit(torch.linspace(20, 80, 61, dtype=torch.float64))
    z, y = batch_for(loss, rng, [40.0] * 6)
    least = float(loss(z[:1, :1].expand_as(z).clone(), y, epoch=0))
    assert least == pytest.approx(math.log(11) + LEAST_BESIDE_LOG_OF_PAIRS.get(name, 0.0))


def test_a_loss_that_predicts_is_zero_where_it_predicts_the_one_target():
    assert load("l1")(torch.full((5, 2, 1), 0.3), torch.full((5,), 0.3)) == 0


class LargestTensor(TorchDispatchMode):
    """Notes the size of the largest tensor that any operation returns, backward ones included."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.numel = max([self.numel, *sizes])
        return result


@each_form
def test_no_tensor_grows_with_the_cube_of_the_batch(rng, name, settings):
    loss = load(name, **settings)
    z, y = batch_for(loss, rng, rng.uniform(18, 80, 200))
    with LargestTensor() as largest:
        value_and_gradient(loss, z, y, epoch=30)
    assert 0 < largest.numel <= 2 * 400**2  # (N, N), or blocks of that many pairs, padded


@each_form
@pytest.mark.parametrize(
    ("shape", "ages", "message"),
    [
        ((4, 8), [1.0] * 4, r"\(batch, views, features\)"),
        ((0, 2, 8), [], r"\(batch, views, features\)"),
        ((4, 2, 8), [1.0] * 3, "one per sample"),
        ((4, 2, 8), [[1.0]] * 4, "one per sample"),
        ((4, 2, 8), [1.0, 2.0, 3.0, float("nan")], "NaN"),
        ((4, 2, 8), [1.0, 2.0, 3.0, float("inf")], "infinity"),
    ],
)
def test_wrong_input_is_named(name, settings, shape, ages, message):
    with pytest.raises(ValueError, match=message):
        load(name, **settings)(torch.ones(shape), torch.tensor(ages))


@pytest.mark.parametrize("name", available())
def test_unknown_setting_is_named_beside_those_that_exist(name):
    with pytest.raises(SettingsError, match=rf"{name}.* 'temprature'.* It has: \w+"):
        load(name, temprature=1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("temperature", 0),
        ("temperature", "0.1"),
        ("sigma", -1.0),
        ("sigma", float("nan")),
        ("kernel", "box"),
        ("formulation", "printed"),
    ],
)
@pytest.mark.parametrize("name", TABLE_3)
def test_setting_that_cannot_work_is_named(name, setting, value):
    if not has(name, setting):
        pytest.skip(f"has no {setting}")
    with pytest.raises(SettingsError, match=rf"{name}.*{setting}"):
        load(name, **{setting: value})


def test_unknown_loss_is_named_beside_those_that_exist():
    with pytest.raises(SettingsError, match=r"'yawear' does not exist.*yaware"):
        load("yawear")


def test_losses_of_two_sides_are_those_that_need_no_order():
    assert available("binary") == ["bce", "l1", "simclr", "supcon"]
    assert set(available("continuous")) == {*available()} - {"bce"}


@pytest.mark.parametrize("name", available())
def test_the_kinds_that_are_read_from_the_file_are_those_of_the_class(name):
    stated = getattr(type(load(name)), "target_kinds", losses.DEFAULT_KINDS)
    assert losses.target_kinds(name) == stated


@each_form
@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("sides", [[0.0, 1.0] * 6, [1.0] * 4, [0.0] * 5 + [1.0], [1.0]])
def test_loss_of_two_sides_is_finite(rng, name, settings, views, sides):
    if "binary" not in losses.target_kinds(name):
        pytest.skip("needs targets with an order")
    loss = load(name, **settings)
    z, _ = batch_for(loss, rng, torch.arange(len(sides)), views)
    assert_finite(loss, z, torch.tensor(sides))


def test_helpers_are_no_losses():
    assert set(available()) >= {"l1", "simclr", "supcon", "adacon", "supremix", *TABLE_3}
    with pytest.raises(SettingsError):
        load("_pairs")


@pytest.mark.parametrize("name", available())
def test_every_loss_says_in_its_docstring_what_its_settings_are(name):
    loss = type(load(name))
    for setting in inspect.signature(loss).parameters:
        assert setting in loss.__doc__


def test_listing_the_losses_imports_no_torch():
    code = (
        "import sys; from contrage import losses; losses.available();"
        "sys.exit('torch' in sys.modules or any('losses.' in m for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_loading_one_loss_imports_no_other():
    code = (
        "import sys; from contrage import losses; losses.load('rnc');"
        "loaded = {m.rpartition('.')[2] for m in sys.modules if 'contrage.losses.' in m};"
        "print(sorted(loaded & set(losses.available())))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "['rnc']"


NEW_LOSS = """
from torch import nn

class Spread(nn.Module):
    def __init__(self, strength=1.0):
        super().__init__()
        self.strength = strength

    def forward(self, embeddings, ages, epoch=0):
        return -self.strength * embeddings.var()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(losses, "__path__", [*losses.__path__, str(tmp_path)])
    yield tmp_path
    for module in [m for m in sys.modules if m.startswith("contrage.losses.new_")]:
        del sys.modules[module]


def test_new_file_is_a_new_loss(folder):
    (folder / "new_spread.py").write_text(NEW_LOSS)
    assert "new_spread" in available("continuous")
    assert "new_spread" not in available("binary")  # who says nothing needs an order
    assert load("new_spread", strength=2.0)(torch.tensor([[[1.0, -1.0]]]), None) == -4


@pytest.mark.parametrize("text", ["from torch import nn", NEW_LOSS + "\nclass Two(nn.Module): ..."])
def test_file_without_exactly_one_loss_is_named(folder, text):
    (folder / "new_odd.py").write_text(text)
    with pytest.raises(SettingsError, match=r"new_odd\.py must define exactly one"):
        load("new_odd")
