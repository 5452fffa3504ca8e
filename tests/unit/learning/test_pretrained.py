"""A training that starts from another's encoder, and files that it cannot start from."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from training_steps import asked

from contrage.errors import ContrageError
from contrage.learning import checkpoint
from contrage.learning.loop.state import start
from contrage.learning.machine.precision import Precision
from contrage.learning.model import Model
from contrage.learning.pretrained import load_encoder
from contrage.learning.train import train


@pytest.fixture
def pretrained(cohort, settings) -> Path:
    """The model of a training with another loss and another head."""
    settings |= {"row": "l1", "loss": {"loss": "l1"}, "seed": 5}
    settings["training"] |= {"head": [7]}
    outputs = cohort.outputs("first")
    train(asked(settings), **cohort.inputs, **outputs)
    return outputs["model"]


@pytest.fixture
def plain(settings) -> dict:
    """Settings of the training that comes second."""
    changed = copy.deepcopy(settings)
    changed |= {"row": "exp", "loss": {"loss": "exp"}, "seed": 0}
    changed["training"] |= {"head": [16, 8]}
    return changed


def begin(settings: dict, file: Path | None):
    torch.manual_seed(settings["seed"])
    part = {"age_mean": 50.0, "age_sd": 10.0}
    ages = torch.linspace(20, 80, 8).double().numpy()
    return start(
        asked(settings), part, ages, Precision("float32", torch.device("cpu")), (10, 12, 8), file
    )


def test_the_encoder_is_taken_over_and_the_head_is_not(pretrained, plain):
    plain["training"]["ema"] = 0.9
    state, random = begin(plain, pretrained), begin(plain, None)
    saved = torch.load(pretrained, weights_only=True)["encoder"]
    assert any("running" in name for name in saved), "batch norm's statistics are part of it"
    for name, values in state.network.encoder.state_dict().items():
        assert torch.equal(values, saved[name]), name
        assert torch.equal(state.average.network.encoder.state_dict()[name], saved[name]), name
    for own, expected in zip(
        state.network.head.parameters(), random.network.head.parameters(), strict=True
    ):
        assert torch.equal(own, expected)
    first = next(iter(state.network.encoder.parameters()))
    (group,) = state.optimiser.param_groups
    assert any(first is each for each in group["params"]), "all weights are fine-tuned"


def test_a_training_goes_another_way_from_there(cohort, plain, pretrained):
    curves = {}
    for name, file in (("random", None), ("from", pretrained), ("again", pretrained)):
        outputs = cohort.outputs(name)
        train(asked(plain), **cohort.inputs, **outputs, start_from=file)
        lines = outputs["curve"].read_text().splitlines()[1:]
        curves[name] = [line.split("\t")[1] for line in lines]
    assert curves["from"] == curves["again"]
    assert curves["from"] != curves["random"]


def test_an_interrupted_training_is_not_resumed_with_another_start(
    cohort, plain, pretrained, monkeypatch
):
    marks = []

    def spy(*arguments):
        marks.append(kept(*arguments))
        return marks[-1]

    kept = checkpoint.fingerprint
    monkeypatch.setattr(checkpoint, "fingerprint", spy)
    train(asked(plain), **cohort.inputs, **cohort.outputs("a"), start_from=pretrained)
    train(asked(plain), **cohort.inputs, **cohort.outputs("b"))
    content = torch.load(pretrained, weights_only=True)
    next(iter(content["encoder"].values()))[0] += 1
    torch.save(content, pretrained)
    train(asked(plain), **cohort.inputs, **cohort.outputs("c"), start_from=pretrained)
    assert len(set(marks)) == 3


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("resnet10", (10, 12, 8), "holds the encoder small, but training.encoder is resnet10"),
        ("small", (10, 12), r"has the shape .* pre-train on images of the same shape"),
    ],
)
def test_an_encoder_that_does_not_fit_is_named(pretrained, name, shape, message):
    with pytest.raises(ContrageError, match=message) as raised:
        load_encoder(pretrained, Model("small", shape, [4]), name)
    assert str(pretrained) in str(raised.value)


def kept(folder: Path, name: str, network: Model) -> Path:
    file = folder / f"{name}.pt"
    saved = network.encoder.state_dict()
    checkpoint.save(file, {"settings": {"training": {"encoder": name}}, "encoder": saved})
    return file


@pytest.mark.parametrize(
    ("name", "before", "now", "left"),
    [
        ("vit", {"shape": (16, 16, 16)}, {"shape": (16, 32, 16)}, ["position_embeddings"]),
        ("small", {"shape": (8, 9)}, {"shape": (8, 9), "channels": 3}, ["layers.1.weight"]),
    ],
)
def test_what_has_the_same_shape_is_taken_and_what_was_left_is_told(
    tmp_path, caplog, name, before, now, left
):
    file = kept(tmp_path, name, Model(name, head=[4], **before))
    network = Model(name, head=[8], **now)
    own = copy.deepcopy(network.encoder.state_dict())
    load_encoder(file, network, name)
    given = torch.load(file, weights_only=True)["encoder"]
    for key, values in network.encoder.state_dict().items():
        is_left = any(each in key for each in left)
        assert torch.equal(values, own[key] if is_left else given[key]), key
    (told,) = (line.message for line in caplog.records if "left as they were" in line.message)
    assert left[0] in told and "," not in told.partition(": ")[2]


def test_an_encoder_of_which_most_has_another_shape_is_refused(tmp_path):
    file = kept(tmp_path, "small", Model("small", (10, 12, 8), [4]))
    with pytest.raises(ContrageError, match=r"for images of 10×12, and so has most.*voxel_mm"):
        load_encoder(file, Model("small", (10, 12), [8]), "small")


def test_a_stage_takes_all_of_an_encoder_or_nothing(tmp_path):
    """What it left would be random weights, which a frozen encoder keeps."""
    file = kept(tmp_path, "small", Model("small", (8, 9), [4]))
    network = Model("small", (8, 9), [8], channels=3)
    load_encoder(file, network, "small")
    with pytest.raises(ContrageError, match=r"layers\.1\.weight .*a stage takes all of it"):
        load_encoder(file, network, "small", whole=True)


def test_a_weight_too_few_or_too_many_is_named(pretrained):
    content = torch.load(pretrained, weights_only=True)
    name = next(iter(content["encoder"]))
    content["encoder"]["extra"] = content["encoder"].pop(name)
    torch.save(content, pretrained)
    with pytest.raises(ContrageError, match="small"):
        load_encoder(pretrained, Model("small", (10, 12, 8), [4]), "small")


@pytest.mark.parametrize("content", [None, b"", b"text", {"model": {}}, {"encoder": 3}])
def test_a_file_of_other_content_is_refused_with_advice(tmp_path, content):
    file = tmp_path / "start.pt"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    message = "no such file" if content is None else "contrage convert"
    with pytest.raises(ContrageError, match=message):
        load_encoder(file, Model("small", (10, 12, 8), [4]), "small")
