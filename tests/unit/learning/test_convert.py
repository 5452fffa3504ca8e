"""Released checkpoints become files to start from, and nothing in them is executed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest
import torch
from plain_resnet import Network, trained_looking
from training_steps import asked

from contrage.cli import main
from contrage.errors import ContrageError, SettingsError
from contrage.learning.convert import convert
from contrage.learning.model import Model
from contrage.learning.pretrained import load_encoder
from contrage.learning.train import train
from contrage.settings.steps.learning import ConvertStep

SHAPE = (23, 27, 22)
RESNET18 = ConvertStep("resnet18")


@pytest.fixture(scope="module")
def network() -> Network:
    return trained_looking()


def write(path: Path, weights: dict, **more: object) -> Path:
    """Save a checkpoint as the authors do, namespace and optimiser included."""
    options = argparse.Namespace(model="resnet18", lr=1e-4, epochs=300, tf="all")
    state = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(2)}}}
    content = {"opts": options, "model": weights, "optimizer": state, "epoch": 300, "run_id": "a1"}
    torch.save(content | more, path)
    return path


def started(file: Path) -> Model:
    torch.manual_seed(0)
    model = Model("resnet18", SHAPE, [512, 128])
    load_encoder(file, model, "resnet18")
    return model.eval()


@pytest.mark.parametrize("prefix", ["", "module."])
def test_features_are_those_of_the_network_that_was_saved(network, tmp_path, prefix):
    model = {f"{prefix}{name}": values for name, values in network.state_dict().items()}
    convert(
        RESNET18,
        checkpoint=write(tmp_path / "theirs.pth", model),
        output=tmp_path / "ours.pt",
    )
    images = torch.randn(2, 1, *SHAPE, generator=torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        expected = trained_looking().encoder.double()(images)
        found = started(tmp_path / "ours.pt").encoder.double()(images)
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_the_head_is_left_behind_and_batch_norm_comes_along(network, tmp_path):
    file = write(tmp_path / "theirs.pth", network.state_dict())
    convert(RESNET18, checkpoint=file, output=tmp_path / "ours.pt")
    model = started(tmp_path / "ours.pt")
    torch.manual_seed(0)
    fresh = Model("resnet18", SHAPE, [512, 128])
    for own, random in zip(model.head.parameters(), fresh.head.parameters(), strict=True):
        assert torch.equal(own, random)
    assert torch.equal(model.encoder.bn1.running_var, network.encoder.bn1.running_var)
    assert model.encoder.bn1.num_batches_tracked == 1234


def test_the_command_line_converts(network, tmp_path):
    file = write(tmp_path / "theirs.pth", network.state_dict())
    output = tmp_path / "ours.pt"
    files = ["--checkpoint", str(file), "--output", str(output)]
    main(["convert", "--settings", '{"encoder": "resnet18"}', *files])
    saved = torch.load(output, weights_only=True)
    assert saved["settings"]["origin"]["file"] == "theirs.pth"
    assert saved["epoch"] == 300


def test_a_training_fine_tunes_all_weights_of_a_converted_encoder(
    network, tmp_path, cohort, settings
):
    file = write(tmp_path / "theirs.pth", network.state_dict())
    convert(RESNET18, checkpoint=file, output=tmp_path / "ours.pt")
    settings["training"] |= {"encoder": "resnet18", "epochs": 1, "learning_rate": 1e-4}
    outputs = cohort.outputs("tuned")
    train(asked(settings), **cohort.inputs, **outputs, start_from=tmp_path / "ours.pt")
    tuned = torch.load(outputs["model"], weights_only=True)["encoder"]
    for name, weights in network.encoder.named_parameters():
        step = (tuned[name] - weights).abs().max()
        assert 0 < step < 0.01, name


class Trap:
    """Unpickled without care, it creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class Opener:
    """The same by a builtin function."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize(("trap", "name"), [(Trap, r"(posix|nt)\.system"), (Opener, r"open")])
@pytest.mark.parametrize("place", ["epoch", "opts", "within opts", "model"])
def test_nothing_in_a_file_is_executed(tmp_path, trap, name, place):
    victim = tmp_path / "victim"
    bait = trap(victim)
    change = {
        "within opts": {"opts": argparse.Namespace(device=bait)},
        "model": {"model": {"encoder.conv1.weight": bait}},
    }.get(place, {place: bait})
    file = write(tmp_path / "evil.pth", {}, **change)
    with pytest.raises(ContrageError, match=rf"asks for \S*{name}.*nothing was executed"):
        convert(RESNET18, checkpoint=file, output=tmp_path / "ours.pt")
    assert not victim.exists()
    assert not (tmp_path / "ours.pt").exists()
    torch.load(file, weights_only=False)
    assert victim.exists(), "the trap would have worked"


def test_the_namespace_gains_nothing_outside_the_converter(network, tmp_path):
    file = write(tmp_path / "theirs.pth", network.state_dict())
    convert(RESNET18, checkpoint=file, output=tmp_path / "ours.pt")
    with pytest.raises(Exception, match=r"argparse\.Namespace"):
        torch.load(file, weights_only=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: m.pop("encoder.layer2.0.downsample.0.weight"),
            "layer2.0.downsample.0.weight is",
        ),
        (lambda m: m.pop("encoder.bn1.running_mean"), "bn1.running_mean is missing"),
        (lambda m: m.update({"encoder.layer5.0.conv1.weight": torch.ones(1)}), "layer5.0.conv1.we"),
        (lambda m: m.update({"decoder.weight": torch.ones(1)}), "model.decoder.weight is of neith"),
        (
            lambda m: m.update({"encoder.conv1.weight": torch.ones(64, 3, 7, 7, 7)}),
            r"conv1.weight has the shape \(64, 3, 7, 7, 7\), .* \(64, 1, 7, 7, 7\)",
        ),
        (lambda m: m.update({"encoder.conv1.weight": 3}), "conv1.weight is no tensor but int"),
    ],
)
def test_every_weight_is_accounted_for(network, tmp_path, change, message):
    model = network.state_dict()
    change(model)
    with pytest.raises(ContrageError, match=message):
        convert(
            RESNET18, checkpoint=write(tmp_path / "other.pth", model), output=tmp_path / "ours.pt"
        )


def test_files_that_are_no_checkpoints_are_named(tmp_path):
    output = tmp_path / "ours.pt"
    with pytest.raises(ContrageError, match=r"none\.pth: there is no such file"):
        convert(RESNET18, checkpoint=tmp_path / "none.pth", output=output)
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(ContrageError, match="no checkpoint that PyTorch can read"):
        convert(RESNET18, checkpoint=tmp_path / "text.pth", output=output)
    torch.save({"state_dict": {}}, tmp_path / "light.pth")
    with pytest.raises(ContrageError, match="no dictionary with `model`"):
        convert(RESNET18, checkpoint=tmp_path / "light.pth", output=output)
    with pytest.raises(SettingsError, match="encoder: vit cannot be converted"):
        convert(ConvertStep("vit"), checkpoint=tmp_path / "light.pth", output=output)
